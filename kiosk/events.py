"""What can happen at the window, and what the session asks to be done: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.facts import Facts
from pad.bulletin import Bulletin
from pad.codes import Level
from pad.enrolment import Enrolment, Outcome
from pad.indicators import Catalogue
from pad.model import Draft, FinishedRating, InputDevice, Instant, Matter, Rater, Staff, Visit, VisitEnd


class Page(StrEnum):
    """Where somebody who tapped a face is: the reasons, and what is reached from there and left again."""

    REASONS = "reasons"
    COMMENT = "comment"
    IDENTITY = "identity"


class DeviceState(StrEnum):
    """Whether a device is there."""

    FOUND = "found"
    SILENT = "silent"
    """Its line is open, but it does not answer."""
    LOST = "lost"


class ServiceMode(StrEnum):
    """What the window is doing, as the clerk's system says."""

    OPEN = "open"
    SERVING = "serving"
    PAUSED = "paused"
    CLOSED = "closed"


# --- from the clerk's side -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite a rating of a matter.

    ``already_rated`` is what the ledger says of it; ``link`` opens it on a phone (empty: it cannot).
    """

    visit_id: str
    matter: Matter
    timeout_s: float | None = None
    staff: Staff | None = None
    rater: Rater = field(default_factory=Rater)
    already_rated: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take an invitation back that nobody has touched."""

    visit_id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """A clerk signs in at the window."""

    staff: Staff


@dataclass(frozen=True, slots=True)
class SignOut:
    """The clerk signs out."""


@dataclass(frozen=True, slots=True)
class SetService:
    """The window opens, serves somebody, pauses or closes; ``notice`` is shown with it."""

    mode: ServiceMode
    notice: str = ""


# --- from the citizen's side -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TouchDown:
    """A finger came down anywhere on the screen."""


@dataclass(frozen=True, slots=True)
class TouchUp:
    """The last finger left the screen."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A face, or a key of the key pad, was pressed.

    ``visit_id`` is the visit whose faces were on the screen when the finger came down; a tap
    that was meant for an earlier one never rates the next (empty: whichever is shown).
    """

    level: Level
    input_device: InputDevice = InputDevice.TOUCH
    visit_id: str = ""


@dataclass(frozen=True, slots=True)
class ToggleIndicator:
    """An indicator was ticked or unticked."""

    code: str


@dataclass(frozen=True, slots=True)
class WriteComment:
    """The comment's text is now this."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnTo:
    """The person goes on to another page of the rating, or back."""

    page: Page


@dataclass(frozen=True, slots=True)
class PressDigit:
    """A digit of a phone number, or of the technician's PIN."""

    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EraseDigits:
    """Take back the last digit, or all of them."""

    everything: bool = False


@dataclass(frozen=True, slots=True)
class GivePhone:
    """The number typed is to be kept with the rating."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """The rater's own ID card was read."""

    name: str = field(repr=False)
    number: str = field(repr=False)


class CardTrouble(StrEnum):
    """Why a card was not read: the reader's errors (SW3, domain §5), and what the pad found itself."""

    CHECKSUM = "checksum"
    LENGTH = "length"
    COMMAND = "command"
    WRONG_CARD = "wrong_card"
    READ_FAILED = "read_failed"
    FIND_FAILED = "find_failed"
    SELECT_FAILED = "select_failed"
    UNKNOWN = "unknown"
    NO_ANSWER = "no_answer"
    DAMAGED_TEXT = "damaged_text"
    WRONG_NUMBER = "wrong_number"
    LIFT_FIRST = "lift_first"
    """A card lay there before anybody was asked for one: it may be another person's."""


@dataclass(frozen=True, slots=True)
class CardFailed:
    """A card is on the reader and could not be read."""

    trouble: CardTrouble


@dataclass(frozen=True, slots=True)
class SlipScanned:
    """An acceptance slip was scanned at a window without an integrated system."""

    invite: Invite


@dataclass(frozen=True, slots=True)
class ForgetIdentity:
    """What was given of the person is to be forgotten again."""


@dataclass(frozen=True, slots=True)
class Key:
    """One of the five physical keys was pressed: the one that stands for ``level``."""

    level: Level


@dataclass(frozen=True, slots=True)
class Submit:
    """The person submits the rating."""


@dataclass(frozen=True, slots=True)
class DeclineReason:
    """不想说明: submit a bad rating without a reason."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """放弃评价: end the visit with no rating."""


# --- from the technician ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoldCorners:
    """Two opposite corners were held long enough."""


@dataclass(frozen=True, slots=True)
class EnterPin:
    """The PIN typed is to be tried."""


@dataclass(frozen=True, slots=True)
class TurnSample:
    """Show the pad's own screen of that number, to look at it; None: the page again."""

    number: int | None


@dataclass(frozen=True, slots=True)
class EnrolmentScanned:
    """A code that enrols the pad was scanned."""

    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class Enrol:
    """The pad is to be enrolled by the code that was scanned."""


@dataclass(frozen=True, slots=True)
class LeaveTechnician:
    """The technician is done."""


# --- from the pad itself ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The rating of a visit is on disk."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class FoundRated:
    """The ledger knows a rating of a visit's matter, given before here or on a phone: it takes no other."""

    visit_id: str
    on_phone: bool = False


@dataclass(frozen=True, slots=True)
class RatedElsewhere:
    """The platform told that a phone rated the matter of a visit."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The disk took nothing: neither what the visit asked for, nor anything else for now."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The disk can (again), or can no longer, take ratings."""

    ready: bool


@dataclass(frozen=True, slots=True)
class PinChecked:
    """Whether the PIN was right; while ``wait_s`` lasts none is accepted, ``unset`` says there is none."""

    right: bool
    wait_s: float = 0.0
    unset: bool = False


@dataclass(frozen=True, slots=True)
class FactsGathered:
    """What the technician reads, fresh."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class EnrolmentTold:
    """What came of the enrolment that was asked for; where it did, which pad at which window this is now."""

    outcome: Outcome
    device: str = ""
    win_no: str = ""


@dataclass(frozen=True, slots=True)
class BulletinChanged:
    """The platform's notices and published figures are now these."""

    bulletin: Bulletin


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """The platform's indicator list is now this one."""

    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device was found, does not answer, or is lost; ``why`` says why."""

    name: str
    state: DeviceState
    why: str = ""


@dataclass(frozen=True, slots=True)
class WindowLinked:
    """The code that hangs at the window says this."""

    link: str


ClerkEvent = Invite | Cancel | SignIn | SignOut | SetService
CitizenEvent = (
    TouchDown
    | TouchUp
    | Tap
    | Key
    | ToggleIndicator
    | WriteComment
    | TurnTo
    | PressDigit
    | EraseDigits
    | GivePhone
    | CardRead
    | CardFailed
    | SlipScanned
    | ForgetIdentity
    | Submit
    | DeclineReason
    | Withdraw
)
TechnicianEvent = HoldCorners | EnterPin | TurnSample | EnrolmentScanned | Enrol | LeaveTechnician
PadEvent = (
    Tick
    | Stored
    | FoundRated
    | RatedElsewhere
    | StoreFailed
    | StorageChanged
    | PinChecked
    | FactsGathered
    | EnrolmentTold
    | BulletinChanged
    | CatalogueChanged
    | WindowLinked
    | DeviceChanged
)
Event = ClerkEvent | CitizenEvent | TechnicianEvent | PadEvent


# --- effects ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """Write the invitation."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class EndVisit:
    """Write how a visit ended without a rating made here, and drop its draft."""

    end: VisitEnd


@dataclass(frozen=True, slots=True)
class KeepDraft:
    """Write what was tapped, so that no power cut can lose it."""

    draft: Draft
    rater: Rater


@dataclass(frozen=True, slots=True)
class Save:
    """Write the rating; answered by Stored, FoundRated or StoreFailed."""

    rating: FinishedRating


@dataclass(frozen=True, slots=True)
class CheckPin:
    """Compare a PIN; answered by PinChecked."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GatherFacts:
    """Gather what the technician reads; answered by FactsGathered."""


@dataclass(frozen=True, slots=True)
class AskForEnrolment:
    """Have the pad enrolled; answered by EnrolmentTold."""

    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class StartAnew:
    """End the program, so that it is started again with the settings as they are now."""


@dataclass(frozen=True, slots=True)
class NoteDevice:
    """Write into the journal how a device does."""

    at: Instant
    name: str
    state: DeviceState
    why: str


@dataclass(frozen=True, slots=True)
class NoteFlapping:
    """Write into the journal how often a device came and went since a moment, and how it does now."""

    at: Instant
    name: str
    state: DeviceState
    why: str
    since: Instant
    changes: Mapping[DeviceState, int]


@dataclass(frozen=True, slots=True)
class UseIndicators:
    """Write with the ratings that follow that they were given by this version of the indicator list."""

    version: str


RecordEffect = OpenVisit | EndVisit | KeepDraft | Save | NoteDevice | NoteFlapping | UseIndicators
TechnicianEffect = CheckPin | GatherFacts | AskForEnrolment | StartAnew
Effect = RecordEffect | TechnicianEffect


class Answer(StrEnum):
    """What a clerk's event is answered."""

    DONE = "done"
    DEFERRED = "deferred"
    ALREADY_RATED = "already_rated"
    BUSY = "busy"
    PAUSED = "paused"
    CLOSED = "closed"
    CANNOT_STORE = "cannot_store"
    UNKNOWN = "unknown"
