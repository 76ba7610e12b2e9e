"""The technician's PIN: never kept as it is, and not to be guessed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pad import pin
from pad.keys import SecretError
from pad.pin import Guard, PinError, is_right, set_pin, stored_pin


def test_the_pin_that_was_set_is_right_and_no_other(tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    stored = stored_pin(tmp_path)
    assert stored is not None
    assert is_right("482913", stored)
    assert not any(is_right(other, stored) for other in ("482914", "48291", "4829130", "", "abc"))


def test_it_is_kept_as_a_salted_hash_that_only_its_owner_reads(tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    first = (tmp_path / "keys" / pin.NAME).read_text(encoding="ascii")
    assert "482913" not in first
    assert stat.S_IMODE((tmp_path / "keys" / pin.NAME).stat().st_mode) == 0o600
    set_pin(tmp_path, "482913")
    assert (tmp_path / "keys" / pin.NAME).read_text(encoding="ascii") != first


@pytest.mark.parametrize(
    "wrong", ["", "12345", "1" * 13, "48291a", "\uff14\uff18\uff12\uff19\uff11\uff13", "482 913"]
)
def test_what_is_no_pin_is_refused_without_being_said(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(PinError, match="a PIN has 6 to 12 digits") as refused:
        set_pin(tmp_path, wrong)
    assert not wrong or wrong not in str(refused.value)
    assert stored_pin(tmp_path) is None


@pytest.mark.parametrize(
    "obvious",
    [
        "000000",
        "111111",
        "123456",
        "654321",
        "345678",
        "987654",
        "890123",
        "121212",
        "123123",
        "246824682468",
    ],
)
def test_what_anybody_would_try_first_is_refused(tmp_path: Path, obvious: str) -> None:
    with pytest.raises(PinError, match="among the first"):
        set_pin(tmp_path, obvious)


@pytest.mark.parametrize("allowed", ["112358", "121213", "100001", "1234560", "482913482914"])
def test_what_nearly_repeats_or_counts_is_allowed(tmp_path: Path, allowed: str) -> None:
    set_pin(tmp_path, allowed)
    assert stored_pin(tmp_path)


def test_a_new_pin_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    set_pin(tmp_path, "739105")
    stored = stored_pin(tmp_path)
    assert stored is not None
    assert is_right("739105", stored)
    assert not is_right("482913", stored)
    assert [file.name for file in (tmp_path / "keys").iterdir()] == [pin.NAME]


def test_a_systemd_credential_is_the_pin_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_pin(tmp_path / "elsewhere", "739105")
    set_pin(tmp_path, "482913")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "elsewhere" / "keys"))
    stored = stored_pin(tmp_path)
    assert stored is not None
    assert is_right("739105", stored)


def test_without_a_pin_nothing_is_kept(tmp_path: Path) -> None:
    assert stored_pin(tmp_path) is None


def test_a_file_that_padctl_did_not_write_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / pin.NAME).write_text("482913", encoding="ascii")
    with pytest.raises(SecretError, match="padctl pin") as refused:
        stored_pin(tmp_path)
    assert "482913" not in str(refused.value)
    assert not is_right("482913", "482913")


def test_three_wrong_pins_close_it_for_a_minute_then_twice_as_long_each_time() -> None:
    guard, now_s = Guard(), 100.0
    waits = []
    for _ in range(12):
        guard = guard.after_wrong(now_s)
        waits.append(guard.wait_s(now_s))
        now_s += guard.wait_s(now_s)
    assert waits[:6] == [0, 0, 60, 120, 240, 480]
    assert max(waits) == waits[-1] == 3600


def test_the_wait_passes() -> None:
    guard = Guard().after_wrong(0).after_wrong(0).after_wrong(0)
    assert guard.wait_s(59) == 1
    assert guard.wait_s(61) == 0
