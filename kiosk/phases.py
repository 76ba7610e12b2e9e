"""The phases a window goes through, the session that is in one of them, and what others ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kiosk.events import Answer, CardTrouble, DeviceState, Effect, EnrolmentTold, Page, ServiceMode
from kiosk.facts import Facts
from pad import settings
from pad.bulletin import Bulletin
from pad.enrolment import Enrolment
from pad.indicators import Catalogue
from pad.model import Draft, FinishedRating, Instant, Rater, Staff, Visit
from pad.settings import RatingRules

_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Resting:
    """Nobody is asked anything."""


@dataclass(frozen=True, slots=True)
class Inviting:
    """Five faces are shown and none has been touched; they answer once ``armed``."""

    visit: Visit
    staff: Staff | None
    shown_ns: int
    armed_ns: int
    deadline_ns: int
    armed: bool = True
    link: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """A face was tapped; once ``armed``, reasons may be given, the mind changed, the rating sent or not."""

    visit: Visit
    staff: Staff | None
    shown_ns: int
    draft: Draft
    armed_ns: int
    deadline_ns: int
    armed: bool = False
    indicators: tuple[str, ...] = ()
    comment: str = ""
    page: Page = Page.REASONS
    rater: Rater = field(default_factory=Rater)
    phone: str = field(default="", repr=False)
    card_trouble: CardTrouble | None = None
    cards_failed: int = 0


@dataclass(frozen=True, slots=True)
class Saving:
    """The rating is on its way to the disk; ``failed`` while the disk does not take it."""

    rating: FinishedRating
    staff: Staff | None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Thanking:
    """The rating is on disk and the person is thanked."""

    visit_id: str
    until_ns: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The person took the rating back."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class AlreadyRated:
    """The ledger knew a rating of this matter."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class RatedByPhone:
    """The matter was rated on a phone before anybody tapped a face here."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class Forestalled:
    """Somebody was rating here as the matter was rated on a phone: what was tapped here is not counted."""

    until_ns: int


@dataclass(frozen=True, slots=True)
class Asking:
    """Two corners were held: whoever did it is asked for the technician's PIN."""

    until_ns: int
    pin: str = field(default="", repr=False)
    wrong: bool = False
    locked_s: float = 0.0
    unset: bool = False


@dataclass(frozen=True, slots=True)
class Technician:
    """The technician reads; with a ``sample`` the screen of that number is shown instead.

    ``enrolment`` was scanned; it is ``enrolling`` once asked for, until ``told`` says what came of it.
    """

    until_ns: int
    facts: Facts | None = None
    sample: int | None = None
    enrolment: Enrolment | None = None
    enrolling: bool = False
    told: EnrolmentTold | None = None


Phase = (
    Resting
    | Inviting
    | Rating
    | Saving
    | Thanking
    | Withdrawn
    | AlreadyRated
    | RatedByPhone
    | Forestalled
    | Asking
    | Technician
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the five keys have moved to: so many steps on, so many presses, so many times read aloud."""

    steps: int = 0
    presses: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """What the window is doing, and the words shown with it."""

    mode: ServiceMode = ServiceMode.OPEN
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """How a device at the window does, and how much of its coming and going the journal was told.

    ``spent`` notes were written each for itself, in the hours that began with ``hour_ns``; ``unnoted``
    changes of each kind are told in one note at the end of this hour, with ``since`` and the last ``why``.
    """

    state: DeviceState
    spent: int = 0
    hour_ns: int | None = None
    unnoted: Mapping[DeviceState, int] = field(default_factory=dict)
    since: Instant | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """The whole state of the window.

    ``next_service`` and ``next_staff`` (a sign-out holds None) wait for the person to be done, and so
    do ``next_catalogue`` and a program that ``starts_anew``. ``catalogue`` is the platform's indicator
    list; None while the installed one holds.
    """

    rules: RatingRules
    phase: Phase = Resting()
    service: Service = Service()
    staff: Staff | None = None
    storage_ready: bool = True
    touched_ns: int | None = None
    next_service: Service | None = None
    next_staff: tuple[Staff | None] | None = None
    catalogue: Catalogue | None = None
    next_catalogue: Catalogue | None = None
    cursor: Cursor | None = None
    bulletin: Bulletin = field(default_factory=Bulletin)
    window_link: str = ""
    devices: Mapping[str, Device] = field(default_factory=dict)
    technician: settings.Technician = field(default_factory=settings.Technician)
    starts_anew: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What an event led to; ``answer`` is for whoever sent it from the clerk's side."""

    session: Session
    effects: tuple[Effect, ...] = ()
    answer: Answer | None = None


def is_busy(session: Session) -> bool:
    """Whether somebody is rating, or has a finger on the faces."""
    match session.phase:
        case Rating() | Saving():
            return True
        case Inviting():
            return session.touched_ns is not None
    return False


def is_at_rest(session: Session) -> bool:
    """Whether nobody is served or asked, nobody looks after the pad, and nothing waits to be done."""
    return (
        isinstance(session.phase, Resting)
        and session.service.mode is not ServiceMode.SERVING
        and session.touched_ns is None
        and session.storage_ready
        and session.next_service is None
        and session.next_staff is None
    )


def current_visit(session: Session) -> Visit | None:
    """The visit that is going on."""
    match session.phase:
        case Inviting(visit) | Rating(visit):
            return visit
        case Saving(rating):
            return rating.visit
    return None


def state_name(session: Session) -> str:
    """The state as the counter service tells it (design §4)."""
    match session.phase:
        case Rating():
            return "rating"
        case Saving(failed=failed):
            return "cannot_store" if failed else "rating"
        case Inviting():
            return "inviting"
        case Asking() | Technician():
            return "paused"
    if not session.storage_ready:
        return "cannot_store"
    return {
        ServiceMode.OPEN: "idle",
        ServiceMode.SERVING: "serving",
        ServiceMode.PAUSED: "paused",
        ServiceMode.CLOSED: "closed",
    }[session.service.mode]


def asks_for_card(session: Session) -> bool:
    """Whether somebody is asked for an ID card now: only then is one read."""
    return isinstance(session.phase, Rating) and session.phase.page is Page.IDENTITY


def needs_reason(phase: Rating, rules: RatingRules) -> bool:
    """Whether *submit* waits for a tick or a text (a bad level, where the city asks for one)."""
    return (
        rules.bad_needs_reason
        and phase.draft.level.is_bad
        and not (phase.indicators or phase.comment.strip())
    )


def next_deadline_ns(session: Session) -> int | None:
    """When time alone changes something next; None if it never does."""
    match session.phase:
        case Inviting(armed=False, armed_ns=armed_ns) | Rating(armed=False, armed_ns=armed_ns):
            return armed_ns
    return ring_ends_ns(session)


def stuck_from_ns(session: Session, touched_ns: int) -> int:
    """From when a touch is that of a wet or leaning thing, not a person's."""
    return touched_ns + int(session.rules.stuck_touch_s * _S)


def ring_ends_ns(session: Session) -> int | None:
    """When the ring closes, or the screen that is shown for a while goes; None if there is no such thing."""
    match session.phase:
        case Inviting(deadline_ns=deadline) | Rating(deadline_ns=deadline):
            if session.touched_ns is None:
                return deadline
            return max(deadline, stuck_from_ns(session, session.touched_ns))
        case Thanking(until_ns=until) | Withdrawn(until) | AlreadyRated(until):
            return until
        case RatedByPhone(until) | Forestalled(until):
            return until
        case Asking(until_ns=until) | Technician(until_ns=until):
            return until
    return None
