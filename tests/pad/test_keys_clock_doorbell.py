"""Keys, clock and doorbell: the small things at the rim that everything else leans on."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pad import clock, doorbell, keys
from pad.clock import Anchor, AnchorSource, SystemClock
from pad.doorbell import Doorbell
from pad.keys import SecretError
from pad.model import CHINA_TIME

# --- keys ------------------------------------------------------------------------------


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    made = keys.device_keys(tmp_path, may_create=True)
    assert keys.device_keys(tmp_path, may_create=False) == made
    assert (len(made.chain), len(made.sealing)) == (32, 16)
    for name in ("chain.key", "sealing.key"):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600


def test_a_missing_key_is_not_made_anew_beside_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"chain\.key: missing"):
        keys.device_keys(tmp_path, may_create=False)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31])
def test_a_malformed_key_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    keys.device_keys(tmp_path, may_create=True)
    (tmp_path / "keys" / "chain.key").write_text(text)
    with pytest.raises(SecretError, match="64 hexadecimal digits") as refused:
        keys.device_keys(tmp_path, may_create=False)
    assert not text or text not in str(refused.value)


def test_a_systemd_credential_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.write_secret(tmp_path / "keys" / "app_word", "from the state folder")
    assert keys.read_secret(tmp_path, "app_word") == "from the state folder"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "app_word").write_text("a credential\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert keys.read_secret(tmp_path, "app_word") == "a credential"
    assert keys.read_secret(tmp_path, "none") is None


def test_two_programs_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pad import keys;"
        "print(keys.device_keys(Path(sys.argv[1]), may_create=True).chain.hex())"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({program.communicate()[0] for program in started}) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir() if file.name.startswith(".")] == []


# --- clock -----------------------------------------------------------------------------


def anchor(offset_s: float, boot: str | None = None) -> Anchor:
    now = datetime.now(CHINA_TIME) + timedelta(seconds=offset_s)
    return Anchor(
        boot or clock.boot_id(), clock.monotonic_ns(), now, timedelta(seconds=offset_s), AnchorSource.PLATFORM
    )


def test_an_instant_has_every_clock() -> None:
    first, second = SystemClock().read(), SystemClock().read()
    assert first.boot_id == second.boot_id == clock.boot_id()
    assert second.monotonic_ns >= first.monotonic_ns
    assert first.wall.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(("offset_s", "trusted"), [(0.0, True), (1.5, True), (3600.0, False), (-60.0, False)])
def test_a_clock_is_trusted_once_it_agreed_with_the_true_time(
    offset_s: float, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "ntp_synchronised", lambda: False)
    assert not SystemClock().read().trusted
    assert SystemClock(anchor(offset_s)).read().trusted is trusted
    assert anchor(offset_s).wall_agrees is trusted


def test_another_boots_true_time_says_nothing_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "ntp_synchronised", lambda: False)
    assert not SystemClock(anchor(0.0, boot="another")).read().trusted


def test_an_anchor_dates_the_rest_of_its_boot() -> None:
    given = anchor(0.0)
    assert given.at(given.monotonic_ns - 60 * 10**9) == given.true_time - timedelta(minutes=1)


# --- doorbell --------------------------------------------------------------------------


def test_a_ring_is_heard_and_many_are_answered_at_once(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    for _ in range(3):
        assert doorbell.ring(tmp_path)
    assert bell.wait(60)
    assert not bell.wait(0.01)
    bell.close()


def test_ringing_where_nobody_listens_is_no_error(tmp_path: Path) -> None:
    assert not doorbell.ring(tmp_path)
    assert not doorbell.ring(tmp_path / "none")
    Doorbell(tmp_path).close()
    assert not doorbell.ring(tmp_path)


def test_a_full_bell_never_holds_the_kiosk_up(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path)
    rings = [doorbell.ring(tmp_path) for _ in range(5000)]
    assert rings[0]
    assert not rings[-1]
    assert bell.wait(60)
    bell.close()


def test_the_state_folder_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*(["a-rather-long-folder-name"] * 8))
    deep.mkdir(parents=True)
    bell = Doorbell(deep)
    assert doorbell.ring(deep)
    assert bell.wait(60)
    bell.close()
