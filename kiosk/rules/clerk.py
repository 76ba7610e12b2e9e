"""What the clerk's side may do: invite, cancel, sign in and out, open, serve, pause and close."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import Answer, Cancel, Effect, Invite, OpenVisit, ServiceMode, SetService, SignIn, SignOut
from kiosk.phases import (
    Asking,
    Inviting,
    Resting,
    Service,
    Session,
    Step,
    Technician,
    current_visit,
    is_busy,
)
from kiosk.rules.visit import end_visit, ns, person_done
from pad.model import Instant, Staff, Visit, VisitOutcome

BY_COUNTER: Final = "counter"


def invite(session: Session, event: Invite, now: Instant) -> Step:
    """An invitation: refused, or shown, in the place of one nobody has touched."""
    if refusal := _refusal(session, event):
        return Step(session, answer=refusal)
    effects: list[Effect] = []
    armed_ns = now.monotonic_ns
    if isinstance(session.phase, Inviting):
        effects.append(end_visit(session.phase.visit, VisitOutcome.SUPERSEDED, now, BY_COUNTER))
        armed_ns += ns(session.rules.settle_s)
    staff = event.staff or session.staff
    timeout_s = session.rules.timeout_s if event.timeout_s is None else event.timeout_s
    visit = Visit(
        id=event.visit_id,
        matter=event.matter,
        opened=now,
        timeout_s=timeout_s,
        staff_number=staff.number if staff else "",
        staff_name=staff.name if staff else "",
        rater=event.rater,
    )
    phase = Inviting(
        visit,
        staff,
        shown_ns=now.monotonic_ns,
        armed_ns=armed_ns,
        deadline_ns=now.monotonic_ns + ns(timeout_s),
        armed=armed_ns <= now.monotonic_ns,
        link=event.link,
    )
    return Step(replace(session, phase=phase), (*effects, OpenVisit(visit)), Answer.DONE)


def _refusal(session: Session, event: Invite) -> Answer | None:
    if not session.storage_ready:
        return Answer.CANNOT_STORE
    if is_busy(session):
        return Answer.BUSY
    if session.service.mode is ServiceMode.PAUSED or isinstance(session.phase, Asking | Technician):
        return Answer.PAUSED
    if session.service.mode is ServiceMode.CLOSED:
        return Answer.CLOSED
    if event.already_rated:
        return Answer.ALREADY_RATED
    return None


def cancel(session: Session, event: Cancel, now: Instant) -> Step:
    """The clerk takes back an invitation that nobody has touched."""
    visit = current_visit(session)
    if visit is None or visit.id != event.visit_id:
        return Step(session, answer=Answer.UNKNOWN)
    if is_busy(session):
        return Step(session, answer=Answer.BUSY)
    effect = end_visit(visit, VisitOutcome.CANCELLED, now, event.by, event.reason)
    return Step(person_done(replace(session, phase=Resting())), (effect,), Answer.DONE)


def sign_in(session: Session, event: SignIn, _now: Instant) -> Step:
    """A clerk signs in; while somebody is rating, when that person is done."""
    return _change_staff(session, event.staff)


def sign_out(session: Session, _event: SignOut, _now: Instant) -> Step:
    """The clerk signs out; likewise."""
    return _change_staff(session, None)


def _change_staff(session: Session, staff: Staff | None) -> Step:
    if is_busy(session):
        return Step(replace(session, next_staff=(staff,)), answer=Answer.DEFERRED)
    return Step(replace(session, staff=staff, next_staff=None), answer=Answer.DONE)


def set_service(session: Session, event: SetService, now: Instant) -> Step:
    """The window opens, serves, pauses or closes; likewise."""
    service = Service(event.mode, event.notice)
    if is_busy(session):
        return Step(replace(session, next_service=service), answer=Answer.DEFERRED)
    session = replace(session, service=service, next_service=None)
    stopping = service.mode in (ServiceMode.PAUSED, ServiceMode.CLOSED)
    if stopping and isinstance(session.phase, Inviting):
        effect = end_visit(session.phase.visit, VisitOutcome.CANCELLED, now, BY_COUNTER, str(service.mode))
        return Step(person_done(replace(session, phase=Resting())), (effect,), Answer.DONE)
    return Step(session, answer=Answer.DONE)
