"""Digits typed on the glass: a rater's phone number, or the technician's PIN."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import EraseDigits, Page, PressDigit
from kiosk.phases import Asking, Rating, Session, Step
from kiosk.rules.citizen import touched
from pad.model import Instant

_DIGITS: Final = frozenset("0123456789")
MOST: Final = 12


def press(session: Session, event: PressDigit, now: Instant) -> Step:
    """One more digit; what is no digit, or too many, is nothing."""
    typed = _typed(session)
    if typed is None or event.digit not in _DIGITS or len(typed) >= MOST:
        return Step(session)
    return Step(touched(_with(session, typed + event.digit), now))


def erase(session: Session, event: EraseDigits, now: Instant) -> Step:
    """Take back the last digit, or all."""
    typed = _typed(session)
    if typed is None:
        return Step(session)
    return Step(touched(_with(session, "" if event.everything else typed[:-1]), now))


def _typed(session: Session) -> str | None:
    match session.phase:
        case Rating(page=Page.IDENTITY, phone=phone):
            return phone
        case Asking(pin=pin):
            return pin
    return None


def _with(session: Session, digits: str) -> Session:
    match session.phase:
        case Rating() as phase:
            return replace(session, phase=replace(phase, phone=digits))
        case Asking() as phase:
            return replace(session, phase=replace(phase, pin=digits, wrong=False))
    return session
