"""What devices at the window bring: that they come and go, and slips that invite a rating."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import Answer, DeviceChanged, DeviceState, GatherFacts, NoteDevice, SlipScanned
from kiosk.phases import AlreadyRated, Device, Inviting, Session, Step, Technician, Thanking
from kiosk.rules.clerk import invite
from kiosk.rules.visit import ns
from pad.model import Instant

NOTED_EVERY_S: Final = 60.0
"""A plug that is loose must not fill the journal."""


def device_changed(session: Session, event: DeviceChanged, now: Instant) -> Step:
    """Know how a device does; the journal is told of it."""
    before = session.devices.get(event.name)
    if before is not None and before.state is event.state:
        return Step(session)
    noted_ns = None if before is None else before.noted_ns
    is_due = noted_ns is None or now.monotonic_ns - noted_ns >= ns(NOTED_EVERY_S)
    # that a device is there when the pad starts is nothing to note
    is_news = before is not None or event.state is not DeviceState.FOUND
    note = (NoteDevice(now, event.name, event.state, event.why),) if is_due and is_news else ()
    look_again = (GatherFacts(),) if isinstance(session.phase, Technician) else ()
    device = Device(event.state, now.monotonic_ns if note else noted_ns)
    session = replace(session, devices={**session.devices, event.name: device})
    return Step(session, (*note, *look_again))


def slip_scanned(session: Session, event: SlipScanned, now: Instant) -> Step:
    """Invite a rating of the matter on a slip; whoever scans it twice is not asked anew."""
    phase, matter = session.phase, event.invite.matter
    if isinstance(phase, Inviting) and phase.visit.matter == matter:
        return Step(session)
    step = invite(session, event.invite, now)
    if step.answer is Answer.ALREADY_RATED and not isinstance(phase, Inviting | Thanking):
        # nobody stands by who could tell them; whoever is thanked knows it
        until = now.monotonic_ns + ns(session.rules.thanks_s)
        return Step(replace(session, phase=AlreadyRated(until)))
    return Step(step.session, step.effects)
