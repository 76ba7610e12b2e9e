"""Visits that end otherwise than whoever stands there means: taken back, or rated on a phone by somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pad.settings import Suspicion
from pad.suspicion.signs import Finding, Kind, VisitCutShort, VisitForestalled, seconds_between

_DAY_S: Final = 86_400


def cancelled_after_look(cut_short: Sequence[VisitCutShort], limits: Suspicion) -> Finding | None:
    """So often a day: shown long enough to be read, and not so long that nobody is there any more.

    :param cut_short: invitations cancelled or superseded, in their order; the last one is in question
    """
    if not cut_short or not was_looked_at(cut_short[-1], limits):
        return None
    last = cut_short[-1]
    near = [
        each
        for each in cut_short
        if each.staff_number == last.staff_number
        and was_looked_at(each, limits)
        and 0 <= (apart if (apart := seconds_between(each.moment, last.moment)) is not None else -1) <= _DAY_S
    ]
    if len(near) < limits.look_count:
        return None
    return Finding(
        Kind.CANCELLED_AFTER_LOOK,
        {"count": len(near), "shown_s": round(last.shown_s or 0.0, 1)},
        {"look_count": limits.look_count, "look_s": limits.look_s, "look_until_s": limits.look_until_s},
        visit_ids=tuple(each.visit_id for each in near),
    )


def was_looked_at(visit: VisitCutShort, limits: Suspicion) -> bool:
    """Whether somebody may have stood before it, about to rate."""
    return visit.shown_s is not None and limits.look_s <= visit.shown_s < limits.look_until_s


def phone_while_rating(visit: VisitForestalled) -> Finding:
    """A phone rated while somebody was rating at the glass: one person does not do both at once."""
    measured = {} if visit.shown_s is None else {"shown_s": round(visit.shown_s, 1)}
    return Finding(Kind.PHONE_WHILE_RATING, measured, {}, visit_ids=(visit.visit_id,))
