"""What several rules need of a visit: whether buttons answer yet, its end, and what waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import EndVisit
from kiosk.phases import Inviting, Rating, Session
from pad.model import Instant, Visit, VisitEnd, VisitOutcome

MS: Final = 1_000_000
_S: Final = 1_000_000_000


def armed(phase: Inviting | Rating, now: Instant) -> bool:
    """Whether what is on the screen answers: a finger that comes down now has seen it."""
    return now.monotonic_ns >= phase.armed_ns


def end_visit(visit: Visit, outcome: VisitOutcome, now: Instant, by: str, reason: str = "") -> EndVisit:
    """The effect that writes how a visit ended without a rating."""
    return EndVisit(VisitEnd(visit.id, outcome, now, by, reason))


def person_done(session: Session) -> Session:
    """Let what the clerk's side asked for meanwhile take effect."""
    if session.next_service is not None:
        session = replace(session, service=session.next_service, next_service=None)
    if session.next_staff is not None:
        session = replace(session, staff=session.next_staff[0], next_staff=None)
    return session


def ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return int(seconds * _S)
