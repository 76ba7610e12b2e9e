"""From the platform's ``Date`` to the true time of this boot (many government networks have no NTP).

A ``Date`` has whole seconds and was written somewhere between our question and its answer. The
best guess is half a second after it, in the middle of the round trip; a wall clock within that
uncertainty counts as right.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from pad.clock import EARLIEST, LATEST, WALL_AGREES_S, Anchor, AnchorSource, Clock
from pad.model import CHINA_TIME, Instant
from syncd import times
from syncd.platforms.base import Seen

_log = logging.getLogger("syncd.clock")

DATE_HALF: Final = timedelta(seconds=0.5)
"""Half of what a ``Date`` (RFC 9110 §5.6.7) can tell apart."""
DRIFT_MAX: Final = timedelta(seconds=1)
"""The anchor is written anew when it is off by more, beyond what a ``Date`` can tell apart."""
ROUND_TRIP_MAX: Final = timedelta(seconds=10)
"""An answer that took longer says too little about the time."""


def anchor_from(seen: Seen, now: Instant, known: Anchor | None) -> Anchor | None:
    """The anchor a ``Date`` makes; None if the known one still holds or the ``Date`` says too little.

    :param now: an instant of the same boot, taken shortly after the answer
    """
    trip = timedelta(microseconds=(seen.heard_ns - seen.asked_ns) // 1000)
    if not timedelta(0) <= trip <= ROUND_TRIP_MAX or not EARLIEST <= seen.date <= LATEST:
        return None
    middle_ns = (seen.asked_ns + seen.heard_ns) // 2
    true_time = (seen.date + DATE_HALF).astimezone(CHINA_TIME)
    resolution = DATE_HALF + trip / 2
    if known is not None and abs(true_time - known.at(middle_ns)) <= DRIFT_MAX + resolution:
        return None
    wall = now.wall - timedelta(microseconds=(now.monotonic_ns - middle_ns) // 1000)
    offset = true_time - wall
    if abs(offset) <= resolution:
        true_time, offset = wall, timedelta(0)
    return Anchor(now.boot_id, middle_ns, true_time, offset, AnchorSource.PLATFORM)


class PlatformClock:
    """What the time truly is, as far as it is known. Threads may share it: values are replaced whole."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._anchors: Mapping[str, Anchor] = MappingProxyType({})
        self._distrusted: datetime | None = None

    def read(self) -> Instant:
        """This moment by the pad's own clocks."""
        return self._clock.read()

    @property
    def anchors(self) -> Mapping[str, Anchor]:
        """The true times known, by boot."""
        return self._anchors

    def learn(self, anchors: Mapping[str, Anchor]) -> None:
        """Take over what the ledger holds; a technician may have told the time."""
        self._anchors = MappingProxyType(dict(anchors))

    def now(self) -> datetime | None:
        """The true time; None while it is not known."""
        return times.true_now(self.read(), self._anchors)

    def best(self) -> datetime:
        """The true time, or the wall clock's while that is not known."""
        now = self.read()
        return times.true_now(now, self._anchors) or now.wall

    def wall_is_right(self) -> bool:
        """Whether the wall clock tells the true time, as far as that is known."""
        now = self.read()
        known = times.true_now(now, self._anchors)
        return known is not None and abs((now.wall - known).total_seconds()) <= WALL_AGREES_S

    def observe(self, seen: Seen | None, last_trusted: Callable[[], datetime | None]) -> Anchor | None:
        """Compare with what the platform's clock told; an anchor that is to be kept, if it made one.

        :param last_trusted: gives the time of the last trusted rating; no true time is before it
        """
        now = self.read()
        if seen is None or now.trusted:
            return None  # NTP knows better
        anchor = anchor_from(seen, now, self._anchors.get(now.boot_id))
        if anchor is None:
            return None
        bound = last_trusted()
        if bound is not None and anchor.true_time < bound - DRIFT_MAX:
            if self._distrusted != bound:
                self._distrusted = bound
                _log.warning(
                    "the platform's clock tells %s, before the last trusted rating (%s); it is not believed: "
                    "ask the platform, or set this pad's clock",
                    anchor.true_time.isoformat(timespec="seconds"),
                    bound.isoformat(timespec="seconds"),
                )
            return None
        self._anchors = MappingProxyType({**self._anchors, anchor.boot_id: anchor})
        return anchor
