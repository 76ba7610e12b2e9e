"""What the screen shows, as one value derived from the session: screens keep no state of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.events import CardTrouble, DeviceState, EnrolmentTold, Page, ServiceMode
from kiosk.facts import Facts
from kiosk.masking import masked_name, masked_phone
from kiosk.phases import (
    AlreadyRated,
    Asking,
    Cursor,
    Forestalled,
    Inviting,
    Phase,
    RatedByPhone,
    Rating,
    Saving,
    Session,
    Technician,
    Thanking,
    Withdrawn,
    needs_reason,
    ring_ends_ns,
)
from kiosk.rules.identity import CARD_READER, is_offered, is_phone
from pad.bulletin import Bulletin
from pad.codes import Level
from pad.indicators import Catalogue, Indicator
from pad.model import Matter, Rater, Staff
from pad.settings import WalkAway


class ScreenName(StrEnum):
    """Every screen there is."""

    STARTING = "starting"
    IDLE = "idle"
    SERVING = "serving"
    INVITATION = "invitation"
    REASONS = "reasons"
    COMMENT = "comment"
    IDENTITY = "identity"
    THANKS = "thanks"
    WITHDRAWN = "withdrawn"
    ALREADY_RATED = "already_rated"
    RATED_BY_PHONE = "rated_by_phone"
    FORESTALLED = "forestalled"
    PAUSED = "paused"
    CLOSED = "closed"
    CANNOT_STORE = "cannot_store"
    PIN = "pin"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Ring:
    """The time left, shown as a quiet ring: it is full at ``total_s`` and closes at ``ends_ns``.

    ``ends_ns`` is on the clock of :func:`pad.clock.monotonic_ns`. While ``held`` a finger is on
    the glass and the ring stands still, full.
    """

    ends_ns: int
    total_s: float
    held: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """What is shown of who rates, masked: what is being typed, and what was given.

    ``reader`` says whether a card reader is there, ``card_trouble`` why it could not read.
    """

    phone: str = ""
    phone_is_whole: bool = False
    given: str = ""
    reader: bool = False
    card_trouble: CardTrouble | None = None


@dataclass(frozen=True, slots=True)
class PinState:
    """How many digits are typed, and what was wrong with the PIN before: it, too many of it, or none set."""

    typed: int = 0
    wrong: bool = False
    locked_s: float = 0.0
    unset: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One screen and everything on it.

    What is tapped before it is ``armed`` means nothing; ``sent_by_itself`` says whether a closing
    ring sends what was tapped; ``link`` is what the QR code says. ``identity`` is None where the
    city does not ask. ``sample`` is the number of the pad's own screen a technician looks at,
    ``enrolment`` the platform for which a code was scanned, ``enrolling`` while it is asked, and
    ``enrolled`` what came of it.
    """

    screen: ScreenName
    visit_id: str = ""
    matter: Matter | None = None
    staff: Staff | None = None
    notice: str = ""
    level: Level | None = None
    indicators: tuple[Indicator, ...] = ()
    ticked: frozenset[str] = frozenset()
    comment: str = ""
    can_submit: bool = False
    may_decline_reason: bool = False
    ring: Ring | None = None
    armed: bool = True
    sent_by_itself: bool = True
    link: str = ""
    identity: Identity | None = None
    bulletin: Bulletin | None = None
    cursor: Cursor | None = None
    pin: PinState | None = None
    facts: Facts | None = None
    sample: int | None = None
    enrolment: str = ""
    enrolling: bool = False
    enrolled: EnrolmentTold | None = None


_RESTING: Final = {
    ServiceMode.OPEN: ScreenName.IDLE,
    ServiceMode.SERVING: ScreenName.SERVING,
    ServiceMode.PAUSED: ScreenName.PAUSED,
    ServiceMode.CLOSED: ScreenName.CLOSED,
}


_SAYING: Final[dict[type[Phase], ScreenName]] = {
    Saving: ScreenName.CANNOT_STORE,
    Thanking: ScreenName.THANKS,
    Withdrawn: ScreenName.WITHDRAWN,
    AlreadyRated: ScreenName.ALREADY_RATED,
    RatedByPhone: ScreenName.RATED_BY_PHONE,
    Forestalled: ScreenName.FORESTALLED,
}
_PAGES: Final = {
    Page.REASONS: ScreenName.REASONS,
    Page.COMMENT: ScreenName.COMMENT,
    Page.IDENTITY: ScreenName.IDENTITY,
}


def view_of(session: Session, at_start: Catalogue) -> View:
    """What is on the screen in this state.

    :param at_start: the indicator list that holds until the session has another
    """
    catalogue = session.catalogue or at_start
    match session.phase:
        case Inviting() as phase:
            return View(
                ScreenName.INVITATION,
                visit_id=phase.visit.id,
                matter=phase.visit.matter,
                staff=phase.staff,
                ring=_ring(session, phase.visit.timeout_s),
                armed=phase.armed,
                link=phase.link,
            )
        case Rating() as phase:
            return _rating(session, phase, catalogue)
        case Saving(failed=False) as phase:
            return _submitted(phase, catalogue)
        case Asking() as phase:
            return View(
                ScreenName.PIN, pin=PinState(len(phase.pin), phase.wrong, phase.locked_s, phase.unset)
            )
        case Technician() as phase:
            enrolment = phase.enrolment.platform if phase.enrolment is not None else ""
            return View(
                ScreenName.TECHNICIAN,
                facts=phase.facts,
                sample=phase.sample,
                enrolment=enrolment,
                enrolling=phase.enrolling,
                enrolled=phase.told,
            )
        case phase if (said := _SAYING.get(type(phase))) is not None:
            return View(said)
    if not session.storage_ready:
        return View(ScreenName.CANNOT_STORE, cursor=session.cursor)
    return View(
        _RESTING[session.service.mode],
        staff=session.staff,
        notice=session.service.notice,
        link=session.window_link,
        bulletin=session.bulletin,
        cursor=session.cursor,
    )


def _rating(session: Session, phase: Rating, catalogue: Catalogue) -> View:
    level = phase.draft.level
    waits = needs_reason(phase, session.rules)
    return View(
        _PAGES[phase.page],
        visit_id=phase.visit.id,
        matter=phase.visit.matter,
        staff=phase.staff,
        level=level,
        indicators=catalogue.of_level(level),
        ticked=frozenset(phase.indicators),
        comment=phase.comment,
        can_submit=not waits,
        may_decline_reason=level.is_bad and waits,
        ring=_ring(session, session.rules.reasons_timeout_s),
        armed=phase.armed,
        sent_by_itself=session.rules.walk_away is WalkAway.COUNTS,
        identity=_identity(session, phase) if is_offered(session) else None,
        cursor=session.cursor,
    )


def _identity(session: Session, phase: Rating) -> Identity:
    given = () if phase.rater == phase.visit.rater else _given(phase.rater)
    reader = session.devices.get(CARD_READER)
    return Identity(
        masked_phone(phase.phone),
        is_phone(phase.phone),
        "  ".join(given),
        reader is not None and reader.state is DeviceState.FOUND,
        phase.card_trouble,
    )


def _given(rater: Rater) -> tuple[str, ...]:
    shown = (masked_name(rater.name), masked_phone(rater.mobile))
    return tuple(each for each in shown if each)


def _submitted(phase: Saving, catalogue: Catalogue) -> View:
    """The reasons page as it was, with nothing left to press, until the disk has the rating."""
    finished = phase.rating
    level = finished.draft.level
    return View(
        ScreenName.REASONS,
        visit_id=finished.visit.id,
        matter=finished.visit.matter,
        staff=phase.staff,
        level=level,
        indicators=catalogue.of_level(level),
        ticked=frozenset(finished.indicators),
        comment=finished.comment,
    )


def _ring(session: Session, total_s: float) -> Ring | None:
    ends_ns = ring_ends_ns(session)
    if ends_ns is None:
        return None
    return Ring(ends_ns, total_s, held=session.touched_ns is not None)
