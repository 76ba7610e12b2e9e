"""What time alone does, and what the disk answers."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import KeepDraft, Save, StorageChanged, Stored, StoreFailed, Tick
from kiosk.phases import (
    Inviting,
    Rating,
    Resting,
    Saving,
    Session,
    Step,
    Thanking,
    ring_ends_ns,
    stuck_from_ns,
)
from kiosk.rules.citizen import save
from kiosk.rules.visit import armed, end_visit, ns, person_done
from pad.model import Completion, Instant, VisitOutcome
from pad.settings import WalkAway


def tick(session: Session, _event: Tick, now: Instant) -> Step:
    """Time has passed: buttons begin to answer, rings close, screens that are shown for a while go.

    A touch that has lasted too long is none any more, whether its end was lost or never comes.
    """
    match session.phase:
        case (Inviting(armed=False) | Rating(armed=False)) as phase if armed(phase, now):
            session = replace(session, phase=replace(phase, armed=True))
    if session.touched_ns is not None and now.monotonic_ns >= stuck_from_ns(session, session.touched_ns):
        session = replace(session, touched_ns=None)  # it keeps neither the clerk nor the night waiting
    ends = ring_ends_ns(session)
    if ends is None or now.monotonic_ns < ends:
        return Step(session)
    match session.phase:
        case Inviting(visit):
            done = person_done(replace(session, phase=Resting()))
            return Step(done, (end_visit(visit, VisitOutcome.TIMED_OUT, now, "pad"),))
        case Rating() as phase if session.rules.walk_away is WalkAway.COUNTS:
            return save(session, phase, Completion.RING_CLOSED, now)
        case Rating(visit):
            done = person_done(replace(session, phase=Resting()))
            return Step(done, (end_visit(visit, VisitOutcome.TIMED_OUT, now, "pad", "walked_away"),))
    return Step(replace(session, phase=Resting()))


def stored(session: Session, event: Stored, now: Instant) -> Step:
    """The rating is on disk: only now is anybody thanked."""
    phase = session.phase
    if not isinstance(phase, Saving) or phase.rating.visit.id != event.visit_id:
        return Step(session)
    until = now.monotonic_ns + ns(session.rules.thanks_s)
    return Step(person_done(replace(session, phase=Thanking(event.visit_id, until))))


def store_failed(session: Session, event: StoreFailed, _now: Instant) -> Step:
    """The disk took nothing: show it, and keep in hand whatever a person gave."""
    session = replace(session, storage_ready=False)
    match session.phase:
        case Saving() as phase if phase.rating.visit.id == event.visit_id:
            return Step(replace(session, phase=replace(phase, failed=True)))
        case Inviting(visit) if visit.id == event.visit_id:
            return Step(person_done(replace(session, phase=Resting())))
    return Step(session)


def storage_changed(session: Session, event: StorageChanged, _now: Instant) -> Step:
    """The disk can, or can no longer, take ratings."""
    session = replace(session, storage_ready=event.ready)
    match session.phase:
        case Saving(failed=True) as phase if event.ready:
            return Step(replace(session, phase=replace(phase, failed=False)), (Save(phase.rating),))
        case Rating() as phase if event.ready:  # what it refused meanwhile no power cut may lose now
            return Step(session, (KeepDraft(phase.draft, phase.rater),))
    return Step(session)
