"""The technician's hidden page: two corners held, a PIN, and never while somebody is being asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import (
    AskForEnrolment,
    CheckPin,
    Enrol,
    EnrolmentScanned,
    EnrolmentTold,
    EnterPin,
    FactsGathered,
    GatherFacts,
    HoldCorners,
    LeaveTechnician,
    PinChecked,
    StartAnew,
    TurnSample,
)
from kiosk.phases import Asking, Resting, Session, Step, Technician
from kiosk.rules.visit import ns
from pad.enrolment import Outcome
from pad.model import Instant

ENROLS_WITHIN_S: Final = 90.0
"""The page stays so long for what comes of an enrolment."""


def hold_corners(session: Session, _event: HoldCorners, now: Instant) -> Step:
    """Ask for the PIN; while a citizen is invited, rates or is thanked, nothing happens."""
    if not isinstance(session.phase, Resting):
        return Step(session)
    return Step(replace(session, phase=Asking(_until(session, now))))


def enter_pin(session: Session, _event: EnterPin, now: Instant) -> Step:
    """Have the PIN compared."""
    if not isinstance(session.phase, Asking) or not session.phase.pin:
        return Step(session)
    pin = session.phase.pin
    return Step(replace(session, phase=Asking(_until(session, now))), (CheckPin(pin),))


def pin_checked(session: Session, event: PinChecked, now: Instant) -> Step:
    """Open the page, or say what was wrong."""
    if not isinstance(session.phase, Asking):
        return Step(session)
    if event.right:
        return Step(replace(session, phase=Technician(_until(session, now))), (GatherFacts(),))
    asking = Asking(session.phase.until_ns, wrong=True, locked_s=event.wait_s, unset=event.unset)
    return Step(replace(session, phase=asking))


def facts_gathered(session: Session, event: FactsGathered, _now: Instant) -> Step:
    """Show what was gathered."""
    if not isinstance(session.phase, Technician):
        return Step(session)
    return Step(replace(session, phase=replace(session.phase, facts=event.facts)))


def turn_sample(session: Session, event: TurnSample, now: Instant) -> Step:
    """Show one of the pad's own screens, or the page again."""
    if not isinstance(session.phase, Technician):
        return Step(session)
    phase = replace(session.phase, sample=event.number, until_ns=_until(session, now))
    return Step(replace(session, phase=phase))


def enrolment_scanned(session: Session, event: EnrolmentScanned, now: Instant) -> Step:
    """Show where the code would enrol the pad; only the technician is shown it, and one at a time."""
    phase = session.phase
    if not isinstance(phase, Technician) or phase.enrolling or session.starts_anew:
        return Step(session)
    phase = replace(phase, enrolment=event.enrolment, told=None, sample=None, until_ns=_until(session, now))
    return Step(replace(session, phase=phase))


def enrol(session: Session, _event: Enrol, now: Instant) -> Step:
    """Have the pad enrolled by the code that was scanned; once, until it is known what came of it."""
    phase = session.phase
    if not isinstance(phase, Technician) or phase.enrolment is None or phase.enrolling or session.starts_anew:
        return Step(session)
    until_ns = max(_until(session, now), now.monotonic_ns + ns(ENROLS_WITHIN_S))
    asked = replace(phase, enrolling=True, told=None, until_ns=until_ns)
    return Step(replace(session, phase=asked), (AskForEnrolment(phase.enrolment),))


def enrolment_told(session: Session, event: EnrolmentTold, now: Instant) -> Step:
    """Say what came of it, if the technician is still there; an enrolled pad starts anew afterwards."""
    starts_anew = session.starts_anew or event.outcome is Outcome.ENROLLED
    phase = session.phase
    if isinstance(phase, Technician) and phase.enrolling:
        phase = replace(phase, enrolling=False, told=event, until_ns=_until(session, now))
    return Step(replace(session, phase=phase, starts_anew=starts_anew))


def started_anew(step: Step) -> Step:
    """The same step, and the program's end with it where that has waited for everybody to be gone."""
    session = step.session
    if not session.starts_anew or not isinstance(session.phase, Resting):
        return step
    return replace(step, session=replace(session, starts_anew=False), effects=(*step.effects, StartAnew()))


def leave(session: Session, _event: LeaveTechnician, _now: Instant) -> Step:
    """Back to the window."""
    if not isinstance(session.phase, Asking | Technician):
        return Step(session)
    return Step(replace(session, phase=Resting()))


def _until(session: Session, now: Instant) -> int:
    return now.monotonic_ns + ns(session.technician.leave_after_s)
