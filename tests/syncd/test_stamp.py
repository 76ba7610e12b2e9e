"""By which time a question is signed, where the platform refuses one signature and shows another time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from syncd.platforms.base import Answer, CredentialsRefused, Seen, WholeAccepted
from syncd.platforms.stamp import Stamp

NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


@dataclass
class Strict:
    """Takes a signature of ten minutes by its own clock, where ``knows`` it at all."""

    off: timedelta = timedelta(0)
    knows: bool = True
    shows: bool = True
    signed: list[timedelta] = field(default_factory=list)

    def ask(self, stamp: Stamp) -> Answer:
        self.signed.append(stamp.time() - NOW)
        seen = Seen(NOW + self.off, 0, 0) if self.shows else None
        good = self.knows and abs(stamp.time() - (NOW + self.off)) <= timedelta(minutes=10)
        return WholeAccepted(seen=seen) if good else CredentialsRefused("signature", seen=seen)

    def asked(self, stamp: Stamp) -> bool:
        self.signed.clear()
        return isinstance(stamp.signed(lambda: self.ask(stamp)), WholeAccepted)


@pytest.mark.parametrize("off_s", [-3600, 3600, -40 * 86_400])
def test_a_platform_whose_clock_is_wrong_is_asked_by_its_own_from_the_first_refusal_on(off_s: int) -> None:
    stamp, platform = Stamp(lambda: NOW), Strict(timedelta(seconds=off_s))
    assert platform.asked(stamp)
    assert [round(each.total_seconds()) for each in platform.signed] == [0, off_s]
    assert platform.asked(stamp)
    assert len(platform.signed) == 1
    platform.off = timedelta(0)  # set right
    assert platform.asked(stamp)
    assert platform.signed[-1] == timedelta(0)
    assert platform.asked(stamp)
    assert platform.signed == [timedelta(0)]


def test_a_date_that_is_wrong_changes_nothing_while_ours_is_taken() -> None:
    stamp = Stamp(lambda: NOW)
    seen = Seen(NOW - timedelta(hours=1), 0, 0)
    stamp.signed(lambda: WholeAccepted(seen=seen))
    assert stamp.time() == NOW


@pytest.mark.parametrize("off_s", [0, 1, -1])
def test_a_pad_that_is_not_known_asks_no_second_time_where_the_clocks_agree(off_s: int) -> None:
    stamp, platform = Stamp(lambda: NOW), Strict(timedelta(seconds=off_s), knows=False)
    assert not platform.asked(stamp)
    assert len(platform.signed) == 1


def test_where_its_clock_was_not_the_reason_ours_is_used_again() -> None:
    stamp, platform = Stamp(lambda: NOW), Strict(timedelta(hours=1), knows=False)
    assert not platform.asked(stamp)
    assert len(platform.signed) == 2
    assert stamp.time() == NOW


def test_a_platform_that_shows_no_time_is_asked_once() -> None:
    stamp, platform = Stamp(lambda: NOW), Strict(timedelta(hours=1), shows=False)
    assert not platform.asked(stamp)
    assert platform.signed == [timedelta(0)]
