"""What speaks against a time that a person tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pad.clock import Anchor, AnchorSource
from pad.model import CHINA_TIME, Instant
from pad.told_time import Against, contradictions, is_known_better

TOLD = datetime(2026, 11, 24, 17, 30, tzinfo=CHINA_TIME)
H = timedelta(hours=1)


def at(wall: datetime = datetime(1970, 1, 1, tzinfo=UTC), *, ntp: bool = False) -> Instant:
    return Instant(wall, "boot", 3600 * 10**9, trusted=ntp)


def anchor(tells: datetime, source: AnchorSource = AnchorSource.PLATFORM) -> Anchor:
    """An hour old."""
    return Anchor("boot", 0, tells - H, timedelta(0), source)


def against(
    told: datetime, now: Instant, known: Anchor | None = None, last: datetime | None = None
) -> list[Against]:
    return [each.against for each in contradictions(told, now, known, last)]


@pytest.mark.parametrize(
    ("told", "now", "known", "last", "found"),
    [
        (TOLD, at(), None, None, []),
        (TOLD, at(), anchor(TOLD), TOLD - H, []),
        (TOLD, at(), None, TOLD + timedelta(seconds=50), []),
        (TOLD, at(), None, TOLD + timedelta(seconds=70), [Against.LAST_TRUSTED]),
        (TOLD, at(), anchor(TOLD + timedelta(seconds=70)), None, [Against.PLATFORM]),
        (TOLD, at(), anchor(TOLD - timedelta(seconds=70)), None, [Against.PLATFORM]),
        (TOLD, at(), anchor(TOLD - H, AnchorSource.TECHNICIAN), None, []),
        (TOLD, at(TOLD + timedelta(seconds=50), ntp=True), None, None, []),
        (TOLD, at(TOLD - H, ntp=True), None, None, [Against.NTP]),
        (TOLD, at(TOLD - H), None, None, []),
        (TOLD.replace(year=2023), at(), None, None, [Against.BUILD]),
        (TOLD.replace(year=2206), at(), None, None, [Against.CENTURY]),
        (TOLD.replace(year=1990), at(TOLD, ntp=True), anchor(TOLD), TOLD,
         [Against.BUILD, Against.LAST_TRUSTED, Against.NTP, Against.PLATFORM]),
    ],
)  # fmt: skip
def test_a_told_time_is_held_against_all_that_is_known(
    told: datetime, now: Instant, known: Anchor | None, last: datetime | None, found: list[Against]
) -> None:
    assert against(told, now, known, last) == found


def test_a_contradiction_says_what_time_it_is_by_that() -> None:
    (found,) = contradictions(TOLD, at(), anchor(TOLD + H), None)
    assert found.tells == TOLD + H, "counted on to now"


def test_only_ntp_and_the_platform_know_it_better_than_a_person() -> None:
    assert is_known_better(at(TOLD, ntp=True), None)
    assert is_known_better(at(), anchor(TOLD))
    assert not is_known_better(at(), anchor(TOLD, AnchorSource.TECHNICIAN))
    assert not is_known_better(at(), None)
