"""One person's rating as a pure state machine. Everything that decides what a tap means is here.

The law of this file: no Kivy, no clock, no thread, no I/O. ``handle(session, event, now)`` gives
the next session and what is to be done; nothing else changes anything, and an event that means
nothing now changes nothing at all.

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
  the second half of a double tap on a face.
- A change of level drops the ticked indicators: each belongs to one level.
- While somebody is rating, the clerk's side is told ``busy``, or waits (``deferred``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kiosk.events import (
    Answer,
    Cancel,
    DeclineReason,
    Effect,
    EndVisit,
    Event,
    FoundRated,
    Invite,
    KeepDraft,
    OpenVisit,
    Save,
    ServiceMode,
    SetService,
    SignIn,
    SignOut,
    StorageChanged,
    Stored,
    StoreFailed,
    Submit,
    Tap,
    Tick,
    ToggleIndicator,
    TouchDown,
    TouchUp,
    Withdraw,
    WriteComment,
)
from kiosk.phases import (
    AlreadyRated,
    Inviting,
    Rating,
    Resting,
    Saving,
    Service,
    Session,
    Thanking,
    Withdrawn,
    current_visit,
    is_busy,
    needs_reason,
    ring_ends_ns,
)
from pad import codes
from pad.model import Completion, Draft, FinishedRating, Instant, Staff, Visit, VisitEnd, VisitOutcome
from pad.settings import WalkAway

_MS: Final = 1_000_000
_S: Final = 1_000_000_000

BY_COUNTER: Final = "counter"


@dataclass(frozen=True, slots=True)
class Step:
    """What an event led to; ``answer`` is for whoever sent it from the clerk's side."""

    session: Session
    effects: tuple[Effect, ...] = ()
    answer: Answer | None = None


def handle(session: Session, event: Event, now: Instant) -> Step:
    """What ``event`` does at ``now``."""
    return _RULES[type(event)](session, event, now)


# --- the clerk's side ------------------------------------------------------------------


def _invite(session: Session, event: Invite, now: Instant) -> Step:
    if refusal := _refusal(session, event):
        return Step(session, answer=refusal)
    effects: list[Effect] = []
    armed_ns = now.monotonic_ns
    if isinstance(session.phase, Inviting):
        effects.append(_end(session.phase.visit, VisitOutcome.SUPERSEDED, now, BY_COUNTER))
        armed_ns += _ns(session.rules.settle_s)
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
        deadline_ns=now.monotonic_ns + _ns(timeout_s),
        armed=armed_ns <= now.monotonic_ns,
    )
    return Step(replace(session, phase=phase), (*effects, OpenVisit(visit)), Answer.DONE)


def _refusal(session: Session, event: Invite) -> Answer | None:
    if not session.storage_ready:
        return Answer.CANNOT_STORE
    if is_busy(session):
        return Answer.BUSY
    if session.service.mode is ServiceMode.PAUSED:
        return Answer.PAUSED
    if session.service.mode is ServiceMode.CLOSED:
        return Answer.CLOSED
    if event.already_rated:
        return Answer.ALREADY_RATED
    return None


def _cancel(session: Session, event: Cancel, now: Instant) -> Step:
    visit = current_visit(session)
    if visit is None or visit.id != event.visit_id:
        return Step(session, answer=Answer.UNKNOWN)
    if is_busy(session):
        return Step(session, answer=Answer.BUSY)
    effect = _end(visit, VisitOutcome.CANCELLED, now, event.by, event.reason)
    return Step(replace(session, phase=Resting()), (effect,), Answer.DONE)


def _sign_in(session: Session, event: SignIn, _now: Instant) -> Step:
    return _change_staff(session, event.staff)


def _sign_out(session: Session, _event: SignOut, _now: Instant) -> Step:
    return _change_staff(session, None)


def _change_staff(session: Session, staff: Staff | None) -> Step:
    if is_busy(session):
        return Step(replace(session, next_staff=(staff,)), answer=Answer.DEFERRED)
    return Step(replace(session, staff=staff), answer=Answer.DONE)


def _set_service(session: Session, event: SetService, now: Instant) -> Step:
    service = Service(event.mode, event.notice)
    if is_busy(session):
        return Step(replace(session, next_service=service), answer=Answer.DEFERRED)
    session = replace(session, service=service)
    stopping = service.mode in (ServiceMode.PAUSED, ServiceMode.CLOSED)
    if stopping and isinstance(session.phase, Inviting):
        effect = _end(session.phase.visit, VisitOutcome.CANCELLED, now, BY_COUNTER, str(service.mode))
        return Step(replace(session, phase=Resting()), (effect,), Answer.DONE)
    return Step(session, answer=Answer.DONE)


# --- the citizen -----------------------------------------------------------------------


def _touch_down(session: Session, _event: TouchDown, now: Instant) -> Step:
    return Step(_touched(replace(session, touched_ns=now.monotonic_ns), now))


def _touch_up(session: Session, _event: TouchUp, now: Instant) -> Step:
    return Step(_touched(replace(session, touched_ns=None), now))


def _touched(session: Session, now: Instant) -> Session:
    """Give new time to whoever is touching."""
    match session.phase:
        case Inviting() as phase:
            grace = now.monotonic_ns + _ns(session.rules.touch_grace_s)
            return replace(session, phase=replace(phase, deadline_ns=max(phase.deadline_ns, grace)))
        case Rating() as phase:
            deadline = now.monotonic_ns + _ns(session.rules.reasons_timeout_s)
            return replace(session, phase=replace(phase, deadline_ns=deadline))
    return session


def _tap(session: Session, event: Tap, now: Instant) -> Step:
    visit = current_visit(session)
    if visit is None or event.visit_id not in ("", visit.id):
        return Step(session)
    match session.phase:
        case Inviting() as phase if _armed(phase, now):
            draft = Draft(
                visit_id=visit.id,
                level=event.level,
                input_device=event.input_device,
                tapped=now,
                first_touch_ms=(now.monotonic_ns - phase.shown_ns) // _MS,
            )
            rating = Rating(
                visit=visit,
                staff=phase.staff,
                shown_ns=phase.shown_ns,
                draft=draft,
                armed_ns=now.monotonic_ns + _ns(session.rules.settle_s),
                deadline_ns=0,
            )
            return Step(_touched(replace(session, phase=rating), now), (KeepDraft(draft, visit.rater),))
        case Rating() as phase if event.level is not phase.draft.level and _armed(phase, now):
            draft = replace(
                phase.draft,
                level=event.level,
                input_device=event.input_device,
                tapped=now,
                changes=phase.draft.changes + 1,
            )
            rating = replace(phase, draft=draft, indicators=())
            return Step(_touched(replace(session, phase=rating), now), (KeepDraft(draft, visit.rater),))
        case Rating():
            return Step(_touched(session, now))
    return Step(session)


def _toggle(session: Session, event: ToggleIndicator, now: Instant) -> Step:
    phase, code = session.phase, event.code
    if not isinstance(phase, Rating) or not _armed(phase, now):
        return Step(session)
    if codes.indicator_level(code) is not phase.draft.level:
        return Step(session)
    if code in phase.indicators:
        ticked = tuple(each for each in phase.indicators if each != code)
    else:
        ticked = (*phase.indicators, code)
    if len(",".join(ticked)) > codes.EVAL_DETAIL_MAX:
        return Step(_touched(session, now))
    return Step(_touched(replace(session, phase=replace(phase, indicators=ticked)), now))


def _write(session: Session, event: WriteComment, now: Instant) -> Step:
    phase = session.phase
    if not isinstance(phase, Rating):
        return Step(session)
    return Step(_touched(replace(session, phase=replace(phase, comment=clean_comment(event.text))), now))


def clean_comment(text: str) -> str:
    """A comment as it may be stored: no control characters, at most what the screen allows."""
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))
    return kept[: codes.COMMENT_ON_SCREEN_MAX]


def _submit(session: Session, _event: Submit, now: Instant) -> Step:
    phase = session.phase
    if not isinstance(phase, Rating) or not _armed(phase, now) or needs_reason(phase, session.rules):
        return Step(session)
    return _save(session, phase, Completion.SUBMITTED, now)


def _decline_reason(session: Session, _event: DeclineReason, now: Instant) -> Step:
    phase = session.phase
    if not isinstance(phase, Rating) or not _armed(phase, now):
        return Step(session)
    return _save(session, phase, Completion.SUBMITTED, now)


def _withdraw(session: Session, _event: Withdraw, now: Instant) -> Step:
    match session.phase:
        case Inviting(visit):
            pass
        case Rating(visit) as phase if _armed(phase, now):
            pass
        case _:
            return Step(session)
    until = now.monotonic_ns + _ns(session.rules.thanks_s)
    done = _person_done(replace(session, phase=Withdrawn(until)))
    return Step(done, (_end(visit, VisitOutcome.WITHDRAWN, now, "rater"),))


# --- time and the disk -----------------------------------------------------------------


def _tick(session: Session, _event: Tick, now: Instant) -> Step:
    match session.phase:
        case (Inviting(armed=False) | Rating(armed=False)) as phase if _armed(phase, now):
            session = replace(session, phase=replace(phase, armed=True))
    ends = ring_ends_ns(session)
    if ends is None or now.monotonic_ns < ends:
        return Step(session)
    match session.phase:
        case Inviting(visit):
            done = _person_done(replace(session, phase=Resting()))
            return Step(done, (_end(visit, VisitOutcome.TIMED_OUT, now, "pad"),))
        case Rating() as phase if session.rules.walk_away is WalkAway.COUNTS:
            return _save(session, phase, Completion.RING_CLOSED, now)
        case Rating(visit):
            done = _person_done(replace(session, phase=Resting()))
            return Step(done, (_end(visit, VisitOutcome.TIMED_OUT, now, "pad", "walked_away"),))
    return Step(replace(session, phase=Resting()))


def _save(session: Session, phase: Rating, completion: Completion, now: Instant) -> Step:
    finished = FinishedRating(
        visit=phase.visit,
        draft=phase.draft,
        indicators=phase.indicators,
        comment=phase.comment.strip(),
        completion=completion,
        rated=now,
        submitted_ms=(now.monotonic_ns - phase.shown_ns) // _MS,
        rater=phase.visit.rater,
    )
    return Step(replace(session, phase=Saving(finished, phase.staff)), (Save(finished),))


def _stored(session: Session, event: Stored, now: Instant) -> Step:
    phase = session.phase
    if not isinstance(phase, Saving) or phase.rating.visit.id != event.visit_id:
        return Step(session)
    until = now.monotonic_ns + _ns(session.rules.thanks_s)
    return Step(_person_done(replace(session, phase=Thanking(event.visit_id, until))))


def _found_rated(session: Session, event: FoundRated, now: Instant) -> Step:
    phase = session.phase
    if not isinstance(phase, Saving) or phase.rating.visit.id != event.visit_id:
        return Step(session)
    until = now.monotonic_ns + _ns(session.rules.thanks_s)
    return Step(_person_done(replace(session, phase=AlreadyRated(until))))


def _store_failed(session: Session, event: StoreFailed, _now: Instant) -> Step:
    """The disk took nothing: show it, and keep in hand whatever a person gave."""
    session = replace(session, storage_ready=False)
    match session.phase:
        case Saving() as phase if phase.rating.visit.id == event.visit_id:
            return Step(replace(session, phase=replace(phase, failed=True)))
        case Inviting(visit) if visit.id == event.visit_id:
            return Step(_person_done(replace(session, phase=Resting())))
    return Step(session)


def _storage_changed(session: Session, event: StorageChanged, _now: Instant) -> Step:
    session = replace(session, storage_ready=event.ready)
    match session.phase:
        case Saving(failed=True) as phase if event.ready:
            return Step(replace(session, phase=replace(phase, failed=False)), (Save(phase.rating),))
    return Step(session)


def _person_done(session: Session) -> Session:
    """Let what the clerk's side asked for meanwhile take effect."""
    if session.next_service is not None:
        session = replace(session, service=session.next_service, next_service=None)
    if session.next_staff is not None:
        session = replace(session, staff=session.next_staff[0], next_staff=None)
    return session


def _armed(phase: Inviting | Rating, now: Instant) -> bool:
    return now.monotonic_ns >= phase.armed_ns


def _end(visit: Visit, outcome: VisitOutcome, now: Instant, by: str, reason: str = "") -> EndVisit:
    return EndVisit(VisitEnd(visit.id, outcome, now, by, reason))


def _ns(seconds: float) -> int:
    return int(seconds * _S)


_RULES: Final[Mapping[type[Event], Callable[[Session, Any, Instant], Step]]] = {
    Invite: _invite,
    Cancel: _cancel,
    SignIn: _sign_in,
    SignOut: _sign_out,
    SetService: _set_service,
    TouchDown: _touch_down,
    TouchUp: _touch_up,
    Tap: _tap,
    ToggleIndicator: _toggle,
    WriteComment: _write,
    Submit: _submit,
    DeclineReason: _decline_reason,
    Withdraw: _withdraw,
    Tick: _tick,
    Stored: _stored,
    FoundRated: _found_rated,
    StoreFailed: _store_failed,
    StorageChanged: _storage_changed,
}
