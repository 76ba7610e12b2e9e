"""What the clerk's side told goes from one touchscreen to the next, once, and not for long."""

from __future__ import annotations

import logging
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk import handover
from kiosk.events import ServiceMode
from kiosk.phases import Service, Session
from pad.model import Instant, Staff
from pad.settings import RatingRules
from tests.kiosk.trace import START

FRESH = Session(RatingRules())
CLERK = Staff("1024", "王芳", "综合受理", 5, b"\xff\xd8\xff photo")
SIGNED_IN = replace(FRESH, staff=CLERK, service=Service(ServiceMode.PAUSED, "午休"))


def at(seconds: float, boot: str = "boot") -> Instant:
    return Instant(START, boot, int(seconds * 1e9), trusted=True)


def test_clerk_and_service_are_as_before(tmp_path: Path) -> None:
    handover.leave(tmp_path, SIGNED_IN, at(100))
    assert handover.take(tmp_path, FRESH, at(103)) == SIGNED_IN


def test_it_counts_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    handover.leave(tmp_path, SIGNED_IN, at(100))
    assert stat.S_IMODE((tmp_path / handover.FILE).stat().st_mode) == 0o600
    handover.take(tmp_path, FRESH, at(103))
    assert list(tmp_path.iterdir()) == []
    assert handover.take(tmp_path, FRESH, at(104)) == FRESH


@pytest.mark.parametrize("now", [at(401), at(99), at(103, "another boot")])
def test_what_was_told_too_long_ago_is_forgotten(tmp_path: Path, now: Instant) -> None:
    handover.leave(tmp_path, SIGNED_IN, at(100))
    assert handover.take(tmp_path, FRESH, now) == FRESH
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"staff": "\xe7\x8e\x8b"', b"\xff", b"[1]"])
def test_a_broken_one_costs_a_sign_in_and_says_nothing_of_the_clerk(
    tmp_path: Path, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / handover.FILE).write_bytes(raw)
    with caplog.at_level(logging.WARNING):
        assert handover.take(tmp_path, FRESH, at(1)) == FRESH
    assert "sign in anew" in caplog.text
    assert "王" not in caplog.text


def test_a_folder_that_takes_nothing_ends_nothing(tmp_path: Path) -> None:
    handover.leave(tmp_path / "none", SIGNED_IN, at(1))
    assert handover.take(tmp_path / "none", FRESH, at(2)) == FRESH


def test_the_folder_is_the_units_own() -> None:
    assert handover.folder({"RUNTIME_DIRECTORY": "/run/pad-kiosk"}) == Path("/run/pad-kiosk")
    assert handover.folder({}) is None
