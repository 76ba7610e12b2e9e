"""Settings: the reference file is complete and true, and whatever is wrong is said usefully."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pad import settings
from pad.settings import PlatformProfile, SettingsError

CONFIG = Path(__file__).parents[2] / "config"
PROFILES = sorted((CONFIG / "platforms").glob("*.toml"))
TABLES: dict[str, type[msgspec.Struct]] = {
    "pad": settings.Pad,
    "counter": settings.Counter,
    "rating": settings.RatingRules,
    "screen": settings.Screen,
    "voice": settings.Voice,
    "phone": settings.Phone,
    "technician": settings.Technician,
    "keypad": settings.Keypad,
    "idcard": settings.IdCard,
    "scanner": settings.Scanner,
    "suspicion": settings.Suspicion,
    "alerts": settings.Alerts,
    "ledger": settings.LedgerRules,
    "sync": settings.Sync,
    "monitoring": settings.Monitoring,
    "upkeep": settings.Upkeep,
    "platform": settings.PlatformLink,
}
SMALLEST = """
[pad]
device_id = "pad-1"
hall_name = "大厅"
[platform]
url = "https://platform.example/api"
app_mark = "mark"
profile = "profile.toml"
"""
PROFILE = 'name = "p"\ndialect = "itemised"\n'


def written(folder: Path, text: str = SMALLEST, profile: str = PROFILE) -> Path:
    (folder / "profile.toml").write_text(profile, encoding="utf-8")
    file = folder / "pad.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str = SMALLEST, profile: str = PROFILE) -> str:
    with pytest.raises(SettingsError) as refused:
        settings.load(written(folder, text, profile), {})
    return str(refused.value)


@pytest.mark.parametrize("table", TABLES)
def test_the_reference_names_every_key_with_its_default(table: str) -> None:
    found: dict[str, Any] = tomllib.loads((CONFIG / "pad.toml").read_text(encoding="utf-8"))[table]
    fields = {field.name: field for field in msgspec.structs.fields(TABLES[table])}
    assert set(found) == set(fields)
    for name, field in fields.items():
        if field.required or (table, name) == ("platform", "profile"):
            continue
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        assert found[name] == msgspec.json.decode(msgspec.json.encode(default)), f"{table}.{name}"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda file: file.stem)
def test_each_profile_names_every_key(profile: Path) -> None:
    found = tomllib.loads(profile.read_text(encoding="utf-8"))
    assert set(found) == {field.name for field in msgspec.structs.fields(PlatformProfile)}


def test_both_dialects_have_a_profile_and_the_reference_loads() -> None:
    assert {file.stem for file in PROFILES} == set(settings.Dialect)
    loaded = settings.load(CONFIG / "pad.toml", {"PAD_STATE": "/somewhere"})
    assert loaded.ledger_path == Path("/somewhere/ledger.db")
    assert loaded.indicators_path.is_file()


def test_settings_are_found_by_argument_then_environment_then_default(tmp_path: Path) -> None:
    assert settings.config_path(tmp_path / "a", {"PAD_CONFIG": "/b"}) == tmp_path / "a"
    assert settings.config_path(None, {"PAD_CONFIG": "/b"}) == Path("/b")
    assert settings.config_path(None, {}) == Path("/etc/pad/pad.toml")


def test_the_smallest_settings_have_sane_defaults(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path), {})
    assert (loaded.counter.address, loaded.counter.port) == ("127.0.0.1", 27100)
    assert loaded.rating.timeout_s == 60
    assert loaded.state_dir == Path("/var/lib/pad")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("[sync]\nbatsch = 1", ["sync.batsch", "unknown key", "batch"]),
        ("[sink]\nbatch = 1", ["sink", "unknown key", "sync"]),
        ("[sync]\nbatch = 0", ["sync.batch", "0", "from 1 to 1000"]),
        ("[sync]\nbatch = 1001", ["sync.batch", "1001", "from 1 to 1000"]),
        ('[sync]\nbatch = "many"', ["sync.batch", "many", "whole number"]),
        ("[sync]\ninterval_s = 0", ["sync.interval_s", "0", "above 0"]),
        ("[sync]\ninterval_s = true", ["sync.interval_s", "True", "number"]),
        ("[counter]\nport = 70000", ["counter.port", "70000", "65535"]),
        ('[counter]\norigins = ["zwfw.example"]', ["counter.origins", "zwfw.example"]),
        ('[rating]\nwalk_away = "maybe"', ["rating.walk_away", "maybe"]),
        ("[rating]\nallow_unbound = 1", ["rating.allow_unbound", "1", "true or false"]),
        ('[screen]\nlanguage = "Chinese"', ["screen.language", "Chinese"]),
        ("[ledger]\nretention_days = -1", ["ledger.retention_days", "-1", "from 1"]),
        ('[suspicion]\nopening_hours = ["9-12"]', ["suspicion.opening_hours", "9-12"]),
        ("[suspicion]\nlook_s = 12", ["suspicion.look_until_s", "12", "more than suspicion.look_s"]),
        ('[counter]\naddress = "0.0.0.0"', ["counter.address", "0.0.0.0", "tls_certificate"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found_and_what_is_allowed(
    tmp_path: Path, line: str, parts: list[str]
) -> None:
    message = refusal(tmp_path, SMALLEST + line)
    assert message.startswith(str(tmp_path / "pad.toml"))
    for part in parts:
        assert part in message


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    assert "pad.device_id: missing" in refusal(tmp_path, SMALLEST.replace('device_id = "pad-1"', ""))
    assert "platform: missing" in refusal(tmp_path, '[pad]\ndevice_id = "p"\nhall_name = "h"')


@pytest.mark.parametrize(
    ("profile", "parts"),
    [
        ('name = "p"\ndialect = "morse"', ["dialect", "morse"]),
        ('name = "p"\ndialect = "national"', ["evaluate_path", "path"]),
        (
            'name = "p"\ndialect = "national"\nevaluate_path = "/e"\nservice_record = "pad"',
            ["service_path", "path"],
        ),
        (PROFILE + '[pf]\n"9" = "4"', ["pf.9", "unknown channel", "4"]),
        (PROFILE + '[sm2]\norder = "C3"', ["sm2.order", "C3"]),
    ],
)
def test_a_wrong_profile_is_named_with_its_own_file(tmp_path: Path, profile: str, parts: list[str]) -> None:
    message = refusal(tmp_path, profile=profile)
    assert message.startswith(str(tmp_path / "profile.toml"))
    for part in parts:
        assert part in message


def test_a_file_that_is_not_there_or_no_toml_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not found; name the settings file"):
        settings.load(tmp_path / "none.toml", {})
    assert "not TOML" in refusal(tmp_path, "[pad")
    (tmp_path / "pad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        settings.load(tmp_path / "pad.toml", {})


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    message = refusal(tmp_path, SMALLEST + "[counter]\ntls_key = 12345")
    assert "counter.tls_key" in message
    assert "12345" not in message
