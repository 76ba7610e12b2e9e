"""What a technician reads when a setting is wrong: the file, the key, what was found, what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from pad import settings
from pad.settings import Counter, PlatformProfile, SettingsError, Sm2Text
from tests.pad.test_settings import PROFILE, PROFILES, SMALLEST, refusal, written


@pytest.mark.parametrize("profile", PROFILES, ids=lambda file: file.stem)
def test_each_profile_has_the_true_defaults_but_for_what_must_be_set(profile: Path) -> None:
    lines = profile.read_text(encoding="utf-8").splitlines()
    must_be_set = {line.split(" =")[0] for line in lines if "must be set" in line}
    found = tomllib.loads("\n".join(lines))
    for kind, table in ((PlatformProfile, found), (Sm2Text, found["sm2"])):
        for field in msgspec.structs.fields(kind):
            assert field.name in table
            if field.required:
                assert field.name in must_be_set
            elif field.name not in must_be_set:
                default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
                assert msgspec.convert(table[field.name], field.type) == default, field.name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '[rating]\nwalk_away = "x"',
            "rating.walk_away: found 'x'; allowed is one of \"counts\", \"discard\"",
        ),
        ("[sync]\ninterval_s = 0", "sync.interval_s: found 0; allowed is a number above 0"),
        ("[screen]\nfonts_for_rare = 5", "screen.fonts_for_rare: found 5; allowed is a list"),
        ("[voice]\nenabled = 1", "voice.enabled: found 1; allowed is true or false"),
        ("[rating]\ntimeout_s = nan", "rating.timeout_s: found nan; allowed is a number from 1 to 3600"),
        ("[rating]\ntimeout_s = inf", "rating.timeout_s: found inf; allowed is a number from 1 to 3600"),
        ("[counter]\nport = true", "counter.port: found True; allowed is a whole number from 1 to 65535"),
        ("[counter]\norigins = [7]", "counter.origins[0]: found 7; allowed is a page's origin such as "),
        ("sync = 5", "sync: found 5; allowed is a table"),
        ("[rating]\ntimeout = 5", "rating.timeout: unknown key; allowed here are timeout_s, "),
    ],
)  # fmt: skip
def test_a_wrong_value_is_shown_with_what_is_allowed(tmp_path: Path, line: str, message: str) -> None:
    text = f"{line}\n{SMALLEST}" if "[" not in line else SMALLEST + line
    assert refusal(tmp_path, text).startswith(f"{tmp_path / 'pad.toml'}: {message}")


def test_a_name_that_ends_a_line_is_no_name(tmp_path: Path) -> None:
    assert "pad.device_id: found" in refusal(tmp_path, SMALLEST.replace('"pad-1"', '"pad-1\\n"'))


def test_the_wrong_channel_of_a_profile_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, profile=PROFILE + '[pf]\n4 = "4"\n5 = ""')
    assert message == f"{tmp_path / 'profile.toml'}: pf.5: found ''; allowed is text of 1 to 4 characters"


def test_a_profile_that_is_not_there_is_said_with_who_names_it(tmp_path: Path) -> None:
    file = written(tmp_path, SMALLEST.replace("profile.toml", "city.toml"))
    with pytest.raises(SettingsError) as refused:
        settings.load(file, {})
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'city.toml'}: not found")
    assert "platform.profile" in message
    assert str(file) in message


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('[sync]\napp_word = "hunter2"', "hunter2"),
        ('[counter]\ntls_key = ["hunter2"]', "hunter2"),
        ('[platform.client_key]\nx = "hunter2"', "hunter2"),
    ],
)
def test_what_may_be_a_secret_is_not_shown(tmp_path: Path, line: str, secret: str) -> None:
    assert secret not in refusal(tmp_path, SMALLEST + line)


def test_the_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    wrong = SMALLEST.replace("https://platform.example/api", "https://pad:hunter2@platform.example/a b")
    message = refusal(tmp_path, wrong)
    assert "platform.url" in message
    assert "hunter2" not in message


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert settings.load(written(tmp_path, "\ufeff" + SMALLEST), {}).pad.device_id == "pad-1"


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.7", False), ("127.example.com", False),
    ],
)  # fmt: skip
def test_only_what_other_machines_cannot_reach_is_loopback(address: str, loopback: bool) -> None:
    assert Counter(address=address).is_loopback is loopback
