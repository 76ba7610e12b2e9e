"""The platform's own clock, right or wrong, and the ratings that wait until it has come to their time.

A platform whose clock is slow refuses what was rated just now as "in the future". The time that is sent is
the true one and is never bent, so such a rating waits. Its clock is what its answers show, perhaps a
gateway's: so nothing waits before something was refused early, and one refusal stands for itself alone, for
it may have had another reason. After two, and none taken that was as early, nothing early is sent any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pad.clock import EARLIEST, LATEST, WALL_AGREES_S
from syncd.platform_clock import DATE_HALF, PlatformClock
from syncd.platforms.base import Parcel, Seen

REFUSALS: Final = 2
"""So many early refusals in a row are the clock's."""
_MINUTES_FROM_S: Final = 120.0


def early(parcels: Iterable[Parcel], seen: Seen | None) -> frozenset[str]:
    """Ids of those whose time lies ahead of what the platform's clock showed with its answer."""
    if seen is None or not EARLIEST <= seen.date <= LATEST:
        return frozenset()
    return frozenset(each.rating.id for each in parcels if on_the_wire(each.assess_time) > seen.date)


def on_the_wire(moment: datetime) -> datetime:
    """A moment as it is sent: whole seconds, as a ``Date`` has them."""
    return moment.replace(microsecond=0)


class TheirClock:
    """What the platform's clock shows, and what waits for it. For one thread."""

    def __init__(self, clock: PlatformClock) -> None:
        self._clock = clock
        self._date: datetime | None = None
        self._heard_ns = 0
        self._refusals = 0
        self._waiting: dict[int, datetime] = {}

    @property
    def is_slow(self) -> bool:
        """Whether nothing early is sent for the time being."""
        return self._refusals >= REFUSALS

    @property
    def why(self) -> str:
        """Why ratings wait for it."""
        slow_s = self.slow_s
        told = f"{slow_s / 60:.0f} min" if slow_s >= _MINUTES_FROM_S else f"{slow_s:.0f} s"
        return f"the platform's clock is {told} slow; ratings wait until it has come to their time"

    @property
    def slow_s(self) -> float:
        """How far it is behind the true time, in seconds."""
        if self._date is None:
            return 0.0
        now = self._clock.best()
        return (now - self._shows(self._clock.read().monotonic_ns, self._date) - DATE_HALF).total_seconds()

    @property
    def heard_ago_s(self) -> float:
        """How long ago it was heard last."""
        return (self._clock.read().monotonic_ns - self._heard_ns) / 1e9

    def hear(self, seen: Seen | None) -> None:
        """Take what an answer showed of it."""
        if seen is None or not EARLIEST <= seen.date <= LATEST:
            return
        self._date, self._heard_ns = seen.date, self._clock.read().monotonic_ns
        if self.slow_s <= WALL_AGREES_S:
            self._refusals = 0

    def judge(self, refused: Iterable[tuple[int, datetime]], *, taken: bool) -> None:
        """Learn from an answer: ``seq`` and time of those refused early; whether an early one was taken."""
        early = dict(refused)
        self._waiting |= early
        self._refusals = 0 if taken else self._refusals + len(early)
        if self.is_slow:
            self._waiting.clear()  # all wait then, each in its place

    def passing_by(self) -> tuple[int, ...]:
        """Those that wait for their own time while others go.

        One whose time lies ahead of ours too is looked at again: ours was corrected since.
        """
        most_s = self.slow_s + WALL_AGREES_S
        self._waiting = {seq: at for seq, at in self._waiting.items() if 0 < self.until_s(at) <= most_s}
        return tuple(self._waiting)

    def next_s(self) -> float | None:
        """When the next of those is due, in seconds; None if there is none."""
        return min(map(self.until_s, self._waiting.values()), default=None)

    def holds(self, at: datetime) -> bool:
        """Whether a rating of that time has to wait."""
        return self.is_slow and self.until_s(at) > 0

    def until_s(self, at: datetime) -> float:
        """In how many seconds it is sure to have come to a time; not above 0 once it has."""
        if self._date is None:
            return 0.0
        shows = self._shows(self._clock.read().monotonic_ns, self._date)
        return (on_the_wire(at) - shows).total_seconds()

    def _shows(self, now_ns: int, date: datetime) -> datetime:
        return date + timedelta(microseconds=(now_ns - self._heard_ns) // 1000)
