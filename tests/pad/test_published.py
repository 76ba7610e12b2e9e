"""What a platform published goes with it, and only with it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pad import bulletin, indicators
from pad.published import OWNER, turn_to

OLD, NEW = "https://old.example/gateway", "https://new.example/gateway"
GIVEN = {indicators.PULLED: "the list", indicators.BEFORE: "the one before", bulletin.NAME: "{}"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for name, text in GIVEN.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def there(state: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in state.iterdir() if file.name != OWNER}


def test_it_stays_while_the_platform_is_the_same_however_its_address_ends(state: Path) -> None:
    assert turn_to(state, OLD) == ()
    assert turn_to(state, f"{OLD}/") == ()
    assert there(state) == GIVEN


def test_it_is_put_aside_for_another_platform_and_named(state: Path) -> None:
    turn_to(state, OLD)
    assert turn_to(state, NEW) == (indicators.PULLED, bulletin.NAME)
    assert there(state) == {"indicators.aside.toml": "the list", "bulletin.aside.json": "{}"}
    assert turn_to(state, NEW) == ()


def test_where_nothing_says_whose_it_is_the_settings_say_it(state: Path) -> None:
    assert turn_to(state, OLD, before=f"{OLD}/") == ()
    (state / OWNER).unlink()
    assert turn_to(state, NEW, before=OLD) == (indicators.PULLED, bulletin.NAME)


def test_a_bulletin_alone_goes_too_and_nothing_is_missed(tmp_path: Path) -> None:
    (tmp_path / bulletin.NAME).write_text("{}", encoding="utf-8")
    assert turn_to(tmp_path, NEW, before=OLD) == (bulletin.NAME,)
    assert turn_to(tmp_path, OLD) == ()


@pytest.mark.parametrize("owner", [b"", b"\xff\xfe", b"x" * 10_000])
def test_an_address_that_is_none_counts_as_another_or_as_none(state: Path, owner: bytes) -> None:
    (state / OWNER).write_bytes(owner)
    gone = turn_to(state, NEW)
    assert bool(gone) is bool(owner)
    assert (state / OWNER).read_text(encoding="utf-8") == f"{NEW}\n"


def test_the_group_may_write_its_address_whatever_the_umask(state: Path) -> None:
    before = os.umask(0o077)
    try:
        turn_to(state, OLD)
    finally:
        os.umask(before)
    assert stat.S_IMODE((state / OWNER).stat().st_mode) == 0o660
