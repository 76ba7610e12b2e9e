"""The interface to a platform: what is handed over, and every way the platform may answer.

A dialect turns parcels into bytes and bytes into one of the answers below; what follows from
an answer is decided in :mod:`syncd.policy` alone. No answer carries personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Protocol, runtime_checkable

from pad.chain import Head
from pad.ledger.elsewhere import RatedElsewhere
from pad.model import Rater, Rating


@dataclass(frozen=True, slots=True)
class Parcel:
    """One rating as it is sent: its rater opened for this moment only, and the time to tell."""

    rating: Rating
    rater: Rater
    assess_time: datetime
    time_uncertain: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The platform's clock as an HTTP ``Date`` told it, and when we asked and heard (monotonic)."""

    date: datetime
    asked_ns: int
    heard_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What every answer may carry beside its meaning: the platform's clock."""

    seen: Seen | None = None


class Outcome(StrEnum):
    """What a platform says of one record, in the words of the ``itemised`` dialect."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """The platform's word on one record."""

    rating_id: str
    outcome: Outcome
    receipt: str | None = None
    code: str | None = None
    message: str | None = None


class Trouble(Enum):
    """What kept an answer from coming, as far as it matters for what to do next."""

    LINE = auto()
    """No platform was reached, or something else answered: nothing to do with what was sent."""
    SLOW = auto()
    """The platform took the request and did not answer in time: it may have been too much."""
    CHOKED = auto()
    """The platform failed over this very request (HTTP 500): its content may be the cause."""


@dataclass(frozen=True, slots=True)
class Itemised(Heard):
    """An answer record by record; a record it does not name has had no answer."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class WholeAccepted(Heard):
    """Every record was taken."""

    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class WholeDuplicate(Heard):
    """Some record is known already; of an array, nothing was stored."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class WholeRefused(Heard):
    """Some record is refused for what it says; of an array, nothing was stored."""

    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class TooLarge(Heard):
    """HTTP 413: fewer records at a time."""


@dataclass(frozen=True, slots=True)
class CredentialsRefused(Heard):
    """The platform does not know this pad, or not its signature: sending more helps nobody."""

    why: str


@dataclass(frozen=True, slots=True)
class Throttled(Heard):
    """The platform asks for less: HTTP 429, or 503 with Retry-After."""

    why: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer(Heard):
    """Nothing that counts as an answer; what was sent may or may not have been stored.

    ``sent`` is true where a request had left, or may have, when the connection failed.
    """

    why: str
    trouble: Trouble = Trouble.LINE
    retry_after_s: float | None = None
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Reached(Heard):
    """Something spoke HTTP; no more is asked of a look at the platform's clock."""


@dataclass(frozen=True, slots=True)
class Published(Heard):
    """The platform's catalogue as it came: bytes that nobody has read yet."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Unchanged(Heard):
    """The catalogue is still the version that was named."""


@dataclass(frozen=True, slots=True)
class News(Heard):
    """Which matters phones rated since it was asked last, and the cursor to ask after next."""

    cursor: int
    rated: tuple[RatedElsewhere, ...]


@dataclass(frozen=True, slots=True)
class NotOffered(Heard):
    """HTTP 404: the platform has no such call, or its gateway does not know the way to it now."""


Answer = (
    Itemised
    | WholeAccepted
    | WholeDuplicate
    | WholeRefused
    | TooLarge
    | CredentialsRefused
    | Throttled
    | NoAnswer
)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat tells: the chain's head, what waits, and whether times can be vouched for.

    ``earlier`` is the row that was the head when one was last taken, as it is now; ``flags`` is
    how many suspicious patterns of each kind are marked in the ledger; ``health`` is how the machine,
    the kiosk and its devices do.
    """

    head: Head
    pending: int
    oldest_pending_s: float | None
    time_uncertain: bool
    versions: Mapping[str, str]
    earlier: Head | None = None
    flags: Mapping[str, int] = field(default_factory=dict)
    health: Mapping[str, object] = field(default_factory=dict)


class Platform(Protocol):
    """A platform in one dialect. Used by one thread at a time; no method raises for what a peer does."""

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send ratings; a batch that is sent again has the same id and the same members."""
        ...

    def heartbeat(self, pulse: Pulse) -> WholeAccepted | NoAnswer | None:
        """Tell the platform that the pad lives; None where the dialect has no such message."""
        ...

    def look_at_clock(self) -> Reached | NoAnswer:
        """Ask for nothing but the platform's clock, without saying who asks."""
        ...

    def abort(self) -> None:
        """End the exchange that is under way, from any thread; it becomes no answer."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...


@runtime_checkable
class Publishing(Protocol):
    """A platform that can be asked what it publishes. Used by one thread at a time; raises as little."""

    def catalogue(self, version: str) -> Published | Unchanged | NoAnswer:
        """Ask for the catalogue if it is another than ``version``; empty for none."""
        ...

    def abort(self) -> None:
        """End the exchange that is under way, from any thread; it becomes no answer."""
        ...


NewsAnswer = News | NotOffered | CredentialsRefused | Throttled | NoAnswer


@runtime_checkable
class Telling(Protocol):
    """A platform that tells what phones rated. Used by one thread at a time; raises as little."""

    def phone_ratings(self, after: int, hold_s: float) -> NewsAnswer:
        """Ask what came after a cursor; the platform holds its answer so long while there is nothing."""
        ...

    def abort(self) -> None:
        """End the exchange that is under way, from any thread; it becomes no answer."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...
