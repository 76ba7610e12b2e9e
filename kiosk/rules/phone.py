"""What a phone's rating does to a visit: a matter has one rating, whichever way it came first."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import FoundRated, RatedElsewhere
from kiosk.phases import (
    AlreadyRated,
    Forestalled,
    Inviting,
    RatedByPhone,
    Rating,
    Saving,
    Session,
    Step,
    current_visit,
)
from kiosk.rules.visit import end_visit, ns, person_done
from pad.model import BY_PHONE, WHILE_RATING, Instant, VisitOutcome

READ_S: Final = 12.0
"""Whoever rated here and is told that it does not count has to read why, and whom to tell."""


def rated_elsewhere(session: Session, event: RatedElsewhere, now: Instant) -> Step:
    """The visit ends as rated; what is on its way to the disk is left to the ledger, which decides."""
    match session.phase:
        case Inviting(visit) if visit.id == event.visit_id:
            until = now.monotonic_ns + ns(session.rules.thanks_s)
            done = person_done(replace(session, phase=RatedByPhone(until)))
            return Step(done, (end_visit(visit, VisitOutcome.RATED, now, BY_PHONE),))
        case Rating(visit) if visit.id == event.visit_id:
            effect = end_visit(visit, VisitOutcome.RATED, now, BY_PHONE, WHILE_RATING)
            return Step(person_done(replace(session, phase=_forestalled(session, now))), (effect,))
    return Step(session)


def found_rated(session: Session, event: FoundRated, now: Instant) -> Step:
    """The ledger knew a rating of this matter: it ended the visit, or one that nobody has tapped yet ends."""
    visit = current_visit(session)
    if visit is None or visit.id != event.visit_id:
        return Step(session)
    if isinstance(session.phase, Saving) and event.on_phone:
        return Step(person_done(replace(session, phase=_forestalled(session, now))))
    told = replace(session, phase=AlreadyRated(now.monotonic_ns + ns(session.rules.thanks_s)))
    match session.phase:
        case Saving():
            return Step(person_done(told))
        case Inviting():
            effect = end_visit(visit, VisitOutcome.CANCELLED, now, "pad", "already_rated")
            return Step(person_done(told), (effect,))
    return Step(session)  # a face was tapped: the rating's own write will tell


def _forestalled(session: Session, now: Instant) -> Forestalled:
    return Forestalled(now.monotonic_ns + ns(max(session.rules.thanks_s, READ_S)))
