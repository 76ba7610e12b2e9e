"""What one rating tells together with those before it: bursts, haste, the same card, the hour.

Intervals are counted by the boot's own clock wherever both ratings are of one boot; only the
hour of the day needs the true time, and is not judged where nobody knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from pad.model import CHINA_TIME, Completion
from pad.settings import Suspicion
from pad.suspicion.signs import Finding, Kind, Moment, RatingSeen, seconds_between

WorkdayKnower = Callable[[date], bool | None]
"""Whether people work on a day by the official calendar; None for a year it does not know."""

_DAY_S: Final = 86_400
_DAY_MIN: Final = 24 * 60
_SATURDAY: Final = 5


def burst(recent: Sequence[RatingSeen], limits: Suspicion) -> Finding | None:
    """So many ratings within so short a time.

    :param recent: the last ratings of this pad in their order, the one in question at the end
    """
    members = tuple(recent[-limits.burst_count :])
    if len(members) < limits.burst_count:
        return None
    within_s = seconds_between(members[0].moment, members[-1].moment)
    if within_s is None or not 0 <= within_s <= limits.burst_s:
        return None
    return Finding(
        Kind.BURST,
        {"count": len(members), "within_s": round(within_s, 1)},
        {"burst_count": limits.burst_count, "burst_s": limits.burst_s},
        seqs=tuple(each.seq for each in members),
    )


def fast(rating: RatingSeen, limits: Suspicion) -> Finding | None:
    """Touched, or sent, sooner than anybody sees what is asked.

    What a power cut completed was not sent by anybody; of it, as of what the ring sent, the first
    touch alone counts.
    """
    touched_early = rating.first_touch_ms < limits.fast_touch_ms
    sent_early = rating.completion is Completion.SUBMITTED and rating.submitted_ms < limits.fast_ms
    if not (touched_early or sent_early):
        return None
    return Finding(
        Kind.FAST,
        {"first_touch_ms": rating.first_touch_ms, "submitted_ms": rating.submitted_ms},
        {"fast_touch_ms": limits.fast_touch_ms, "fast_ms": limits.fast_ms},
        seqs=(rating.seq,),
    )


def same_card(uses: Sequence[RatingSeen], limits: Suspicion) -> Finding | None:
    """One card so often within so many days.

    Somebody who files for others sits at the window once and rates each matter; somebody hired comes
    back between other people. ``sittings`` tells them apart as far as that can be told.

    :param uses: ratings with one card in their order, the one in question at the end
    """
    if not uses:
        return None
    most_s = limits.same_card_days * _DAY_S
    near = [each for each in uses if _within(each.moment, uses[-1].moment, most_s)]
    if len(near) < limits.same_card_count:
        return None
    return Finding(
        Kind.SAME_CARD,
        {"count": len(near), "sittings": _sittings(near)},
        {"same_card_count": limits.same_card_count, "same_card_days": limits.same_card_days},
        seqs=tuple(each.seq for each in near),
    )


def _sittings(uses: Sequence[RatingSeen]) -> int:
    """How often the person came: ratings that directly follow each other are one sitting."""
    return 1 + sum(later.seq - earlier.seq > 1 for earlier, later in pairwise(uses))


def _within(earlier: Moment, later: Moment, most_s: float) -> bool:
    apart_s = seconds_between(earlier, later)
    return apart_s is not None and 0 <= apart_s <= most_s


def outside_hours(rating: RatingSeen, limits: Suspicion, is_working_day: WorkdayKnower) -> Finding | None:
    """While the hall is closed, by the clock or by the calendar.

    In a year the calendar does not know, Saturdays and Sundays are taken for rest days, and the
    finding says that the calendar was not known.
    """
    if not limits.opening_hours or rating.moment.true is None:
        return None
    moment = rating.moment.true.astimezone(CHINA_TIME)
    works = is_working_day(moment.date())
    rests = not limits.open_on_rest_days and (moment.weekday() >= _SATURDAY if works is None else not works)
    minute = moment.hour * 60 + moment.minute
    if not rests and any(_open(span, minute, limits.opening_grace_min) for span in limits.opening_hours):
        return None
    return Finding(
        Kind.OUTSIDE_HOURS,
        {"minute_of_day": minute, "rest_day": int(rests), "calendar_known": int(works is not None)},
        {"opening_grace_min": limits.opening_grace_min},
        seqs=(rating.seq,),
    )


def _open(span: str, minute: int, grace_min: int) -> bool:
    """Whether a minute of the day lies in ``"08:30-12:00"``, perhaps over midnight, or near it."""
    begins, ends = (int(text[:2]) * 60 + int(text[3:]) for text in span.split("-"))
    length = (ends - begins) % _DAY_MIN or _DAY_MIN
    return (minute - begins + grace_min) % _DAY_MIN <= min(length + 2 * grace_min, _DAY_MIN) - 1
