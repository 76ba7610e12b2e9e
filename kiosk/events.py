"""What can happen at the window, and what the session asks to be done: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pad.codes import Level
from pad.model import Draft, FinishedRating, InputDevice, Matter, Rater, Staff, Visit, VisitEnd


class ServiceMode(StrEnum):
    """What the window is doing, as the clerk's system says."""

    OPEN = "open"
    SERVING = "serving"
    PAUSED = "paused"
    CLOSED = "closed"


# --- from the clerk's side -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite a rating of a matter. ``already_rated`` is what the ledger says of it."""

    visit_id: str
    matter: Matter
    timeout_s: float | None = None
    staff: Staff | None = None
    rater: Rater = field(default_factory=Rater)
    already_rated: bool = False


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
class Submit:
    """The person submits the rating."""


@dataclass(frozen=True, slots=True)
class DeclineReason:
    """不想说明: submit a bad rating without a reason."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """放弃评价: end the visit with no rating."""


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
    """The ledger refused the rating of a visit: its matter had been rated before."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The disk took nothing: neither what the visit asked for, nor anything else for now."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The disk can (again), or can no longer, take ratings."""

    ready: bool


ClerkEvent = Invite | Cancel | SignIn | SignOut | SetService
CitizenEvent = TouchDown | TouchUp | Tap | ToggleIndicator | WriteComment | Submit | DeclineReason | Withdraw
PadEvent = Tick | Stored | FoundRated | StoreFailed | StorageChanged
Event = ClerkEvent | CitizenEvent | PadEvent


# --- effects ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """Write the invitation."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class EndVisit:
    """Write how a visit ended without a rating, and drop its draft."""

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


Effect = OpenVisit | EndVisit | KeepDraft | Save


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
