"""The five physical keys: faces where faces are asked for, else a cursor that reaches everything.

On the invitation, and on the reasons page, a key is its face: nobody who presses another face than
before may send the rating by it. The key of the level already chosen, pressed again, brings the
cursor; from then on the keys move it until it is put away. Left to right they mean: back, on,
press, read aloud, put the cursor away.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import Key, Page, Tap
from kiosk.phases import Cursor, Inviting, Rating, Resting, Saving, Session, Step, current_visit
from kiosk.rules.citizen import tap, touched
from pad.codes import Level
from pad.model import InputDevice, Instant


def key(session: Session, event: Key, now: Instant) -> Step:
    """A physical key was pressed."""
    if _means_a_face(session, event.level):
        visit = current_visit(session)
        return tap(session, Tap(event.level, InputDevice.KEYPAD, visit.id if visit else ""), now)
    session = touched(session, now)
    if session.cursor is None:
        return Step(replace(session, cursor=Cursor()))
    return Step(replace(session, cursor=_moved(session.cursor, event.level)))


def _means_a_face(session: Session, level: Level) -> bool:
    match session.phase:
        case Inviting():
            return True
        case Rating(page=Page.REASONS, draft=draft):
            return session.cursor is None and draft.level is not level
    return False


def _moved(cursor: Cursor, level: Level) -> Cursor | None:
    match level:
        case Level.VERY_SATISFIED:
            return replace(cursor, steps=cursor.steps - 1)
        case Level.SATISFIED:
            return replace(cursor, steps=cursor.steps + 1)
        case Level.FAIRLY_SATISFIED:
            return replace(cursor, presses=cursor.presses + 1)
        case Level.DISSATISFIED:
            return replace(cursor, told=cursor.told + 1)
    return None


def cursor_after(before: Session, after: Session) -> Session:
    """On another page the cursor starts anew; a new person, and whoever waits for one, sees none."""
    if after.cursor is None or _place(before) == _place(after):
        return after
    stays = isinstance(after.phase, Rating | Saving) and isinstance(before.phase, Rating)
    return replace(
        after, cursor=Cursor(presses=after.cursor.presses, told=after.cursor.told) if stays else None
    )


def _place(session: Session) -> tuple[object, ...]:
    phase = session.phase
    page = phase.page if isinstance(phase, Rating) else None
    service = session.service.mode if isinstance(phase, Resting) else None
    return type(phase), page, service
