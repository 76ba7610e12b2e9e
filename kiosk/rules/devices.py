"""What devices at the window bring: that they come and go, and slips that invite a rating."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import (
    Answer,
    DeviceChanged,
    DeviceState,
    Effect,
    GatherFacts,
    NoteDevice,
    NoteFlapping,
    SlipScanned,
)
from kiosk.phases import (
    AlreadyRated,
    Device,
    Forestalled,
    Inviting,
    RatedByPhone,
    Session,
    Step,
    Technician,
    Thanking,
)
from kiosk.rules.clerk import invite
from kiosk.rules.visit import ns
from pad.model import Instant

NOTED_AT_ONCE: Final = 6
"""So many changes of a device in a row are noted each for itself."""
HOUR_S: Final = 3600.0
"""Then a plug that is loose makes one note an hour; an hour with nothing to sum up gives one back."""


def device_changed(session: Session, event: DeviceChanged, now: Instant) -> Step:
    """Know how a device does; the journal is told of it."""
    before = session.devices.get(event.name)
    if before is not None and before.state is event.state:
        return Step(session)
    device, notes = _summed_up(event.name, before or Device(event.state), now)
    device = replace(device, state=event.state)
    # that a device is there when the pad starts is nothing to note
    if before is not None or event.state is not DeviceState.FOUND:
        device, more = _noted(device, event, now)
        notes += more
    look_again = (GatherFacts(),) if isinstance(session.phase, Technician) else ()
    session = replace(session, devices={**session.devices, event.name: device})
    return Step(session, (*notes, *look_again))


def time_passed(session: Session, now: Instant) -> Step:
    """Tell of what was only counted, once its hour is over."""
    if not any(device.unnoted for device in session.devices.values()):
        return Step(session)
    devices, notes = {}, list[Effect]()
    for name, device in session.devices.items():
        devices[name], told = _summed_up(name, device, now)
        notes += told
    return Step(replace(session, devices=devices), tuple(notes)) if notes else Step(session)


def _noted(device: Device, event: DeviceChanged, now: Instant) -> tuple[Device, tuple[Effect, ...]]:
    """The change for itself, while there are notes left; else counted."""
    if device.spent < NOTED_AT_ONCE:
        began_ns = now.monotonic_ns if device.hour_ns is None else device.hour_ns
        device = replace(device, spent=device.spent + 1, hour_ns=began_ns)
        return device, (NoteDevice(now, event.name, event.state, event.why),)
    unnoted = {**device.unnoted, event.state: device.unnoted.get(event.state, 0) + 1}
    return replace(device, unnoted=unnoted, since=device.since or now, why=event.why or device.why), ()


def _summed_up(name: str, device: Device, now: Instant) -> tuple[Device, tuple[Effect, ...]]:
    """The hours that are over: one note of what was counted, and a note given back for each quiet one."""
    hours = 0 if device.hour_ns is None else (now.monotonic_ns - device.hour_ns) // ns(HOUR_S)
    if device.hour_ns is None or not hours:
        return device, ()
    notes: tuple[Effect, ...] = ()
    if device.since is not None:
        notes = (NoteFlapping(now, name, device.state, device.why, device.since, device.unnoted),)
    spent = max(0, device.spent - (hours - len(notes)))
    begins_ns = device.hour_ns + hours * ns(HOUR_S) if spent else None
    return Device(device.state, spent, begins_ns), notes


def slip_scanned(session: Session, event: SlipScanned, now: Instant) -> Step:
    """Invite a rating of the matter on a slip; whoever scans it twice is not asked anew."""
    phase, matter = session.phase, event.invite.matter
    if isinstance(phase, Inviting) and phase.visit.matter == matter:
        return Step(session)
    step = invite(session, event.invite, now)
    knows = Inviting | Thanking | RatedByPhone | Forestalled
    if step.answer is Answer.ALREADY_RATED and not isinstance(phase, knows):
        # nobody stands by who could tell them; whoever is thanked, or told of a phone, knows it
        until = now.monotonic_ns + ns(session.rules.thanks_s)
        return Step(replace(session, phase=AlreadyRated(until)))
    return Step(step.session, step.effects)
