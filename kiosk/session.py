"""One person's rating as a pure state machine. Everything that decides what a tap means is here.

The law of this file and of :mod:`kiosk.rules`: no Kivy, no clock, no thread, no I/O.
``handle(session, event, now)`` gives the next session and what is to be done; nothing else changes
anything, and an event that means nothing now changes nothing at all.

Theory of operation
-------------------
The window *rests*, or somebody is *invited*. The first tap on a face makes it a *rating*: it is
kept as a draft at once, and from here the clerk's side can no longer take anything back. The
person may go on to another face, tick reasons, write, submit, or take it all back; a closing ring
submits what was tapped. The rating is *saved*, and only when the ledger says it is on disk does
the screen *thank*.

    Resting ──Invite──▶ Inviting ──Tap──▶ Rating ──Submit · DeclineReason · ring──▶ Saving
       ▲                 │ Cancel · Withdraw    │ Withdraw                           │ Stored
       │                 │ ring · next Invite   ▼                                    ▼
       └──────(time)─────┴──────────────── Withdrawn                              Thanking

Rules that no table shows:

- The ring never closes while a finger is on the glass, and every touch gives new time. A touch
  that has lasted longer than ``stuck_touch_s`` is a wet or leaning thing, not a person.
- A tap counts for the visit whose faces were shown when the finger came down, or not at all.
- When an invitation takes the place of another, its faces answer only after ``settle_s``: a
  finger already on its way meant the one before. So do the buttons of the reasons page, against
  the second half of a double tap on a face. A finger that comes down before begins it anew.
- A change of level drops the ticked indicators: each belongs to one level.
- While somebody is rating, the clerk's side is told ``busy``, or waits (``deferred``).
- From the reasons the person may turn to the comment's or the identity's page and back; the ring
  goes on as before.
- Whoever rates on a phone instead ends the visit here as well; a tap that was not on its way to the
  disk yet then does not count, and the person is told.
- The technician's page opens only while nobody is asked anything, and pauses the window.
- A pad that was enrolled anew ends, to start with its new settings, once nobody is at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kiosk import events
from kiosk.events import Event
from kiosk.phases import Session, Step
from kiosk.rules import board, citizen, clerk, course, devices, digits, identity, keys, phone, technician
from pad.model import Instant


def handle(session: Session, event: Event, now: Instant) -> Step:
    """What ``event`` does at ``now``."""
    step = technician.started_anew(board.exchanged(_RULES[type(event)](session, event, now)))
    after = keys.cursor_after(session, step.session)
    return step if after is step.session else Step(after, step.effects, step.answer)


def _time_passes(session: Session, event: events.Tick, now: Instant) -> Step:
    told = devices.time_passed(session, now)
    step = course.tick(told.session, event, now)
    return Step(step.session, (*told.effects, *step.effects), step.answer) if told.effects else step


_RULES: Final[Mapping[type[Event], Callable[[Session, Any, Instant], Step]]] = {
    events.Invite: clerk.invite,
    events.Cancel: clerk.cancel,
    events.SignIn: clerk.sign_in,
    events.SignOut: clerk.sign_out,
    events.SetService: clerk.set_service,
    events.TouchDown: citizen.touch_down,
    events.TouchUp: citizen.touch_up,
    events.Tap: citizen.tap,
    events.Key: keys.key,
    events.ToggleIndicator: citizen.toggle,
    events.WriteComment: citizen.write,
    events.TurnTo: citizen.turn_to,
    events.PressDigit: digits.press,
    events.EraseDigits: digits.erase,
    events.GivePhone: identity.give_phone,
    events.CardRead: identity.card_read,
    events.CardFailed: identity.card_failed,
    events.SlipScanned: devices.slip_scanned,
    events.ForgetIdentity: identity.forget_identity,
    events.Submit: citizen.submit,
    events.DeclineReason: citizen.decline_reason,
    events.Withdraw: citizen.withdraw,
    events.HoldCorners: technician.hold_corners,
    events.EnterPin: technician.enter_pin,
    events.TurnSample: technician.turn_sample,
    events.EnrolmentScanned: technician.enrolment_scanned,
    events.Enrol: technician.enrol,
    events.LeaveTechnician: technician.leave,
    events.Tick: _time_passes,
    events.Stored: course.stored,
    events.FoundRated: phone.found_rated,
    events.RatedElsewhere: phone.rated_elsewhere,
    events.StoreFailed: course.store_failed,
    events.StorageChanged: course.storage_changed,
    events.PinChecked: technician.pin_checked,
    events.FactsGathered: technician.facts_gathered,
    events.EnrolmentTold: technician.enrolment_told,
    events.BulletinChanged: board.bulletin_changed,
    events.CatalogueChanged: board.catalogue_changed,
    events.WindowLinked: board.window_linked,
    events.DeviceChanged: devices.device_changed,
}
