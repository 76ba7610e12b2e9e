"""The platform's Date as the pad's clock, where no NTP is."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from pad.clock import Anchor, AnchorSource
from pad.model import CHINA_TIME
from syncd.platform_clock import PlatformClock, anchor_from
from syncd.platforms.base import Seen
from tests.syncd.pad_box import FixedClock

S = 10**9
DATE = datetime(2026, 6, 1, 4, 0, 0, tzinfo=UTC)
TRUE = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=CHINA_TIME)


def clock(wall: datetime = TRUE, seconds: float = 3600, *, trusted: bool = False) -> FixedClock:
    return FixedClock(wall, "boot-now", round(seconds * S), trusted)


def seen(date: datetime = DATE, asked_s: float = 3600, heard_s: float = 3600) -> Seen:
    return Seen(date, round(asked_s * S), round(heard_s * S))


def test_a_wall_clock_within_what_a_date_can_tell_counts_as_right() -> None:
    wall = TRUE + timedelta(seconds=0.4)
    anchor = anchor_from(seen(), clock(wall).read(), None)
    assert anchor == Anchor("boot-now", 3600 * S, wall, timedelta(0), AnchorSource.PLATFORM)
    assert anchor.wall_agrees


def test_a_wrong_wall_clock_is_off_by_the_difference_and_half_a_second_is_added() -> None:
    anchor = anchor_from(seen(), clock(TRUE - timedelta(days=400)).read(), None)
    assert anchor is not None
    assert anchor.true_time == TRUE
    assert anchor.offset == timedelta(days=400)
    assert not anchor.wall_agrees


def test_the_middle_of_the_round_trip_is_taken() -> None:
    wrong = clock(TRUE - timedelta(days=400), 3610)
    anchor = anchor_from(seen(asked_s=3600, heard_s=3604), wrong.read(), None)
    assert anchor is not None
    assert anchor.monotonic_ns == 3602 * S
    assert anchor.at(3610 * S) == TRUE + timedelta(seconds=8)


@pytest.mark.parametrize(
    ("drift_s", "renewed"), [(0.0, False), (1.4, False), (-1.4, False), (2.0, True), (-2.0, True)]
)
def test_a_known_anchor_is_renewed_only_when_it_has_drifted(drift_s: float, renewed: bool) -> None:
    known = Anchor(
        "boot-now", 0, TRUE - timedelta(seconds=3600 + drift_s), timedelta(0), AnchorSource.PLATFORM
    )
    assert (anchor_from(seen(), clock().read(), known) is not None) is renewed


@pytest.mark.parametrize(
    "told",
    [
        seen(datetime(1970, 1, 1, tzinfo=UTC)),
        seen(datetime(2120, 1, 1, tzinfo=UTC)),
        seen(asked_s=3600, heard_s=3611),  # too long on its way to tell much
        seen(asked_s=3601, heard_s=3600),
    ],
)
def test_a_date_that_cannot_be_or_says_too_little_is_not_taken(told: Seen) -> None:
    assert anchor_from(told, clock(seconds=3612).read(), None) is None


def test_a_date_before_the_last_trusted_rating_is_not_believed_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    platform = PlatformClock(clock(TRUE - timedelta(days=400)))
    last_trusted = TRUE + timedelta(hours=1)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert platform.observe(seen(), lambda: last_trusted) is None
    assert platform.now() is None
    assert len(caplog.records) == 1


def test_once_seen_the_time_is_known_and_goes_on_by_the_monotonic_clock() -> None:
    pad = clock(datetime(2020, 1, 1, tzinfo=CHINA_TIME))
    platform = PlatformClock(pad)
    assert platform.now() is None
    assert platform.best() == pad.wall
    assert platform.observe(seen(), lambda: None) is not None
    pad.go_on(timedelta(minutes=5))
    pad.wall = datetime(2035, 1, 1, tzinfo=CHINA_TIME)  # whatever the wall clock does meanwhile
    assert platform.now() == platform.best() == TRUE + timedelta(minutes=5)


def test_a_synchronised_clock_needs_nobody() -> None:
    platform = PlatformClock(clock(trusted=True))
    assert platform.observe(seen(DATE + timedelta(hours=3)), lambda: None) is None
    assert platform.now() == TRUE


def test_the_wall_clock_is_right_if_it_agrees_with_what_is_known() -> None:
    pad = clock()
    platform = PlatformClock(pad)
    assert not platform.wall_is_right(), "nobody knows"
    platform.observe(seen(), lambda: None)
    assert platform.wall_is_right()
    for off_s, right in ((1.9, True), (-1.9, True), (2.1, False), (-2.1, False), (-(10**9), False)):
        pad.wall = TRUE + timedelta(seconds=off_s)
        assert platform.wall_is_right() is right
    pad.trusted = True
    assert platform.wall_is_right(), "NTP says so"
