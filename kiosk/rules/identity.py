"""Who rated, if they want to say: a phone number typed or the own ID card read; never required.

What is given leaves this session only sealed (art. 13): the view shows it masked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from kiosk.events import CardFailed, CardRead, ForgetIdentity, GivePhone, KeepDraft, Page
from kiosk.phases import Rating, Session, Step, asks_for_card
from kiosk.rules.citizen import touched
from pad.model import Instant, Rater
from pad.settings import Identity

ID_CARD: Final = "111"
"""Document type 身份证 (domain §3)."""
CARD_READER: Final = "idcard"
"""The reader's name among the devices."""
CARDS_FAILED_MAX: Final = 5
"""So many cards that fail give new time: a reader that is broken, or on which something else lies, holds
no visit open."""
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_LANDLINE: Final = re.compile(r"0\d{9,11}")


def is_phone(digits: str) -> bool:
    """Whether this can be a Chinese phone number: a mobile one, or a landline with its area code."""
    return bool(_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits))


def give_phone(session: Session, _event: GivePhone, now: Instant) -> Step:
    """Keep the number with the rating."""
    phase = session.phase
    if not isinstance(phase, Rating) or phase.page is not Page.IDENTITY or not is_phone(phase.phone):
        return Step(session)
    return _keep(session, phase, replace(phase.rater, mobile=phase.phone), now)


def card_read(session: Session, event: CardRead, now: Instant) -> Step:
    """Keep name and number of the card; only where the person was asked for it."""
    phase = session.phase
    if not isinstance(phase, Rating) or phase.page is not Page.IDENTITY:
        return Step(session)
    rater = replace(phase.rater, name=event.name, credit_type=ID_CARD, cert_key=event.number)
    return _keep(session, phase, rater, now)


def card_failed(session: Session, event: CardFailed, now: Instant) -> Step:
    """Say what to do with the card; only where the person was asked for it."""
    phase = session.phase
    if not isinstance(phase, Rating) or not asks_for_card(session):
        return Step(session)
    phase = replace(phase, card_trouble=event.trouble, cards_failed=phase.cards_failed + 1)
    session = replace(session, phase=phase)
    return Step(touched(session, now) if phase.cards_failed <= CARDS_FAILED_MAX else session)


def forget_identity(session: Session, _event: ForgetIdentity, now: Instant) -> Step:
    """Back to what the clerk's system had said of the person."""
    phase = session.phase
    if not isinstance(phase, Rating):
        return Step(session)
    return _keep(session, phase, phase.visit.rater, now, page=phase.page)


def _keep(session: Session, phase: Rating, rater: Rater, now: Instant, page: Page = Page.REASONS) -> Step:
    after = replace(phase, rater=rater, phone="", page=page, card_trouble=None)
    return Step(touched(replace(session, phase=after), now), (KeepDraft(phase.draft, rater),))


def is_offered(session: Session) -> bool:
    """Whether this city lets raters say who they are."""
    return session.rules.identity is Identity.OFFERED
