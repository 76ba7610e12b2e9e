"""Which assessment time to send with a rating: a pure function (design §3, "Clock").

Law: a time that is sent was told by a clock that was right, follows from one by counting, or
is a bound that is proven and marked uncertain. Where nothing of this can be had the rating
waits, and those behind it. No time is ever invented, and none lies in the future.

A boot's time is known if NTP disciplines the clock in it now, else by its anchor; one row that was
written with a trusted clock tells it as well. NTP comes first: a platform whose clock is wrong
cannot spoil what NTP knows by now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pad.clock import EARLIEST, WALL_AGREES_S, Anchor, TrueTime
from pad.model import CHINA_TIME, WIRE_TIME, Instant, Rating, parse_iso_time

Bounds = tuple[TrueTime | None, TrueTime | None]


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


def known_boots(now: Instant, anchors: Mapping[str, Anchor]) -> Mapping[str, TrueTime]:
    """One instant of each boot whose true time is known."""
    known = {boot: anchor.tells for boot, anchor in anchors.items()}
    if now.trusted:
        known[now.boot_id] = TrueTime(now.wall, now.boot_id, now.monotonic_ns)
    return known


def true_time(then: Instant, now: Instant, anchors: Mapping[str, Anchor]) -> datetime | None:
    """When something was; None if nothing has told it, or not yet.

    :param anchors: the true times that are known, by boot
    """
    told = known_boots(now, anchors).get(then.boot_id)
    ntp_knows = now.trusted and then.boot_id == now.boot_id
    if then.trusted and not ntp_knows and (told is None or not _is_later(then.wall, now)):
        return then.wall
    return None if told is None else _own_if_right(then.wall, told.counted_to(then.monotonic_ns))


def assess_time(
    rating: Rating,
    now: Instant,
    anchors: Mapping[str, Anchor],
    bounds: Callable[[Mapping[str, TrueTime]], Bounds],
) -> Timed | None:
    """The time to send with a rating; None if it has to wait until the time is known.

    :param anchors: the true times that are known, by boot
    :param bounds: gives, by the boots that are known, the nearest ratings before and after this one
        whose true time is known
    """
    timed = _proven(rating, now, anchors, bounds)
    if timed is not None and _is_later(timed.at, now):
        return Timed(now.wall, uncertain=True)
    return timed


def _proven(
    rating: Rating,
    now: Instant,
    anchors: Mapping[str, Anchor],
    bounds: Callable[[Mapping[str, TrueTime]], Bounds],
) -> Timed | None:
    own, known = parse_iso_time(rating.rated_at), known_boots(now, anchors)
    told = true_time(Instant(own, rating.boot_id, rating.monotonic_ns, rating.clock_trusted), now, anchors)
    if told is not None:
        return Timed(told)
    if rating.boot_id == now.boot_id:
        return None
    before, after = bounds(known)
    for neighbour in (after, before):
        if neighbour is not None and neighbour.boot_id == rating.boot_id:
            return Timed(_own_if_right(own, neighbour.counted_to(rating.monotonic_ns)))
    latest = after.at if after is not None else true_now(now, anchors)
    return None if latest is None else Timed(_between(rating, own, before, latest), uncertain=True)


def _is_later(moment: datetime, now: Instant) -> bool:
    """Whether NTP says that it is not so late yet: whoever told the time before was wrong."""
    return now.trusted and (moment - now.wall).total_seconds() > WALL_AGREES_S


def _between(rating: Rating, own: datetime, before: TrueTime | None, latest: datetime) -> datetime:
    """The row's own time if it lies between what is proven, else the nearer bound.

    The service was before its rating, where it is known and can be. A clock that stood before this
    program was written tells nothing; then the later bound is the only one there is.
    """
    bounds = [told for told in (before.at if before else None, _service_time(rating)) if told is not None]
    earliest = max((own, *(bound for bound in bounds if bound <= latest)))
    return earliest if EARLIEST <= earliest <= latest else latest


def _service_time(rating: Rating) -> datetime | None:
    try:
        return datetime.strptime(rating.service_time, WIRE_TIME).replace(tzinfo=CHINA_TIME)
    except ValueError:
        return None


def _own_if_right(own: datetime, right: datetime) -> datetime:
    """The row's own time where its clock was right at that very moment: it has milliseconds."""
    return own if abs((own - right).total_seconds()) <= WALL_AGREES_S else right
