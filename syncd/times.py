"""Which assessment time to send with a rating: a pure function (design §3, "Clock").

Law: a time that is sent was told by a clock that was right, follows from one by counting, or
is a bound that is proven and marked uncertain. Where nothing of this can be had the rating
waits, and those behind it. No time is ever invented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pad.clock import WALL_AGREES_S, Anchor
from pad.model import Instant, Rating, parse_iso_time

Bounds = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Timed:
    """The time to send, and whether it is only the best that can be proven."""

    at: datetime
    uncertain: bool = False


def true_now(now: Instant, anchors: Mapping[str, Anchor]) -> datetime | None:
    """What time it truly is; None if nothing has told it in this boot."""
    if now.trusted:
        return now.wall
    anchor = anchors.get(now.boot_id)
    return anchor.at(now.monotonic_ns) if anchor is not None else None


def true_time(then: Instant, now: Instant, anchors: Mapping[str, Anchor]) -> datetime | None:
    """When something was; None if nothing has told it, or not yet.

    :param anchors: the true times that are known, by boot
    """
    if then.trusted:
        return then.wall
    anchor = anchors.get(then.boot_id)
    if anchor is not None:
        return _own_if_right(then.wall, anchor.at(then.monotonic_ns))
    if then.boot_id != now.boot_id or not now.trusted:
        return None
    since = timedelta(microseconds=(now.monotonic_ns - then.monotonic_ns) // 1000)
    return _own_if_right(then.wall, now.wall - since)


def assess_time(
    rating: Rating, now: Instant, anchors: Mapping[str, Anchor], bounds: Callable[[], Bounds]
) -> Timed | None:
    """The time to send with a rating; None if it has to wait until the time is known.

    :param anchors: the true times that are known, by boot
    :param bounds: gives the times of the nearest trusted ratings before and after this one
    """
    own = parse_iso_time(rating.rated_at)
    told = true_time(Instant(own, rating.boot_id, rating.monotonic_ns, rating.clock_trusted), now, anchors)
    if told is not None:
        return Timed(told)
    if rating.boot_id == now.boot_id:
        return None
    before, after = bounds()
    latest = after if after is not None else true_now(now, anchors)
    if latest is None:
        return None
    earliest = own if before is None else max(own, before)
    return Timed(min(earliest, latest), uncertain=True)


def _own_if_right(own: datetime, counted: datetime) -> datetime:
    """The row's own time where its clock was right at that very moment: it has milliseconds."""
    return own if abs((own - counted).total_seconds()) <= WALL_AGREES_S else counted
