"""What a person at the glass may do: touch, tap a face, change it, give reasons, send it or take it back."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from kiosk.events import (
    DeclineReason,
    KeepDraft,
    Page,
    Save,
    Submit,
    Tap,
    ToggleIndicator,
    TouchDown,
    TouchUp,
    TurnTo,
    Withdraw,
    WriteComment,
)
from kiosk.phases import (
    Asking,
    Inviting,
    Rating,
    Saving,
    Session,
    Step,
    Technician,
    Withdrawn,
    current_visit,
    needs_reason,
)
from kiosk.rules.visit import MS, armed, end_visit, ns, person_done
from pad import codes
from pad.model import Completion, Draft, FinishedRating, Instant, VisitOutcome
from pad.settings import Identity


def touch_down(session: Session, _event: TouchDown, now: Instant) -> Step:
    """A finger came down: the ring stands still, and the keys have no say."""
    session = replace(session, touched_ns=now.monotonic_ns, cursor=None)
    match session.phase:
        case (Inviting(armed=False) | Rating(armed=False)) as phase:
            # whoever hammers on the glass has not seen yet what stands there now
            settled_ns = now.monotonic_ns + ns(session.rules.settle_s)
            session = replace(session, phase=replace(phase, armed_ns=max(phase.armed_ns, settled_ns)))
    return Step(touched(session, now))


def touch_up(session: Session, _event: TouchUp, now: Instant) -> Step:
    """The last finger left."""
    return Step(touched(replace(session, touched_ns=None), now))


def touched(session: Session, now: Instant) -> Session:
    """Give new time to whoever is touching or pressing keys."""
    match session.phase:
        case Inviting() as phase:
            grace = now.monotonic_ns + ns(session.rules.touch_grace_s)
            return replace(session, phase=replace(phase, deadline_ns=max(phase.deadline_ns, grace)))
        case Rating() as phase:
            deadline = now.monotonic_ns + ns(session.rules.reasons_timeout_s)
            return replace(session, phase=replace(phase, deadline_ns=deadline))
        case (Asking() | Technician()) as phase:
            until = now.monotonic_ns + ns(session.technician.leave_after_s)
            return replace(session, phase=replace(phase, until_ns=until))
    return session


def tap(session: Session, event: Tap, now: Instant) -> Step:
    """A face was tapped: the first time, or after a change of mind."""
    visit = current_visit(session)
    if visit is None or event.visit_id not in ("", visit.id):
        return Step(session)
    match session.phase:
        case Inviting() as phase if armed(phase, now):
            draft = Draft(
                visit_id=visit.id,
                level=event.level,
                input_device=event.input_device,
                tapped=now,
                first_touch_ms=(now.monotonic_ns - phase.shown_ns) // MS,
            )
            rating = Rating(
                visit=visit,
                staff=phase.staff,
                shown_ns=phase.shown_ns,
                draft=draft,
                armed_ns=now.monotonic_ns + ns(session.rules.settle_s),
                deadline_ns=0,
                rater=visit.rater,
            )
            return Step(touched(replace(session, phase=rating), now), (KeepDraft(draft, visit.rater),))
        case Rating() as phase if event.level is not phase.draft.level and armed(phase, now):
            draft = replace(
                phase.draft,
                level=event.level,
                input_device=event.input_device,
                tapped=now,
                changes=phase.draft.changes + 1,
            )
            rating = replace(phase, draft=draft, indicators=())
            return Step(touched(replace(session, phase=rating), now), (KeepDraft(draft, phase.rater),))
        case Rating():
            return Step(touched(session, now))
    return Step(session)


def toggle(session: Session, event: ToggleIndicator, now: Instant) -> Step:
    """An indicator of the level was ticked or unticked."""
    phase, code = session.phase, event.code
    if not isinstance(phase, Rating) or not armed(phase, now):
        return Step(session)
    if codes.indicator_level(code) is not phase.draft.level:
        return Step(session)
    if code in phase.indicators:
        ticked = tuple(each for each in phase.indicators if each != code)
    else:
        ticked = (*phase.indicators, code)
    if len(",".join(ticked)) > codes.EVAL_DETAIL_MAX:
        return Step(touched(session, now))
    return Step(touched(replace(session, phase=replace(phase, indicators=ticked)), now))


def write(session: Session, event: WriteComment, now: Instant) -> Step:
    """The comment's text is now this."""
    phase = session.phase
    if not isinstance(phase, Rating):
        return Step(session)
    return Step(touched(replace(session, phase=replace(phase, comment=clean_comment(event.text))), now))


def clean_comment(text: str) -> str:
    """A comment as it may be stored: no control characters, at most what the screen allows."""
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))
    return kept[: codes.COMMENT_ON_SCREEN_MAX]


def turn_to(session: Session, event: TurnTo, now: Instant) -> Step:
    """The person goes on to write or to say who they are, or comes back."""
    phase = session.phase
    if not isinstance(phase, Rating) or not armed(phase, now):
        return Step(session)
    if event.page is Page.IDENTITY and session.rules.identity is not Identity.OFFERED:
        return Step(session)
    return Step(
        touched(replace(session, phase=replace(phase, page=event.page, phone="", card_trouble=None)), now)
    )


def submit(session: Session, _event: Submit, now: Instant) -> Step:
    """The person sends the rating."""
    phase = session.phase
    if not isinstance(phase, Rating) or not armed(phase, now) or needs_reason(phase, session.rules):
        return Step(session)
    return save(session, phase, Completion.SUBMITTED, now)


def decline_reason(session: Session, _event: DeclineReason, now: Instant) -> Step:
    """不想说明: the person sends a bad rating without a reason."""
    phase = session.phase
    if not isinstance(phase, Rating) or not armed(phase, now):
        return Step(session)
    return save(session, phase, Completion.SUBMITTED, now)


def withdraw(session: Session, _event: Withdraw, now: Instant) -> Step:
    """放弃评价: the visit ends with no rating."""
    match session.phase:
        case Inviting(visit):
            pass
        case Rating(visit) as phase if armed(phase, now):
            pass
        case _:
            return Step(session)
    until = now.monotonic_ns + ns(session.rules.thanks_s)
    done = person_done(replace(session, phase=Withdrawn(until)))
    return Step(done, (end_visit(visit, VisitOutcome.WITHDRAWN, now, "rater"),))


def save(session: Session, phase: Rating, completion: Completion, now: Instant) -> Step:
    """Have the rating written, as it is now."""
    finished = FinishedRating(
        visit=phase.visit,
        draft=phase.draft,
        indicators=phase.indicators,
        comment=phase.comment.strip(),
        completion=completion,
        rated=now,
        submitted_ms=(now.monotonic_ns - phase.shown_ns) // MS,
        rater=phase.rater,
    )
    return Step(replace(session, phase=Saving(finished, phase.staff)), (Save(finished),))
