"""The rating model: a matter, who served, what was rated and how, as frozen values.

Field names are the national ones in snake_case (domain §4); the ledger's columns carry the
same names. Personal data live in :class:`Rater` alone, so that nothing else needs hiding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from pad import codes
from pad.codes import Level, Pf

CHINA_TIME: Final = timezone(timedelta(hours=8), "CST")
WIRE_TIME: Final = "%Y-%m-%d %H:%M:%S"


class VisitOutcome(StrEnum):
    """How an invitation ended; set once."""

    RATED = "rated"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Completion(StrEnum):
    """What completed a rating: the person, the closing ring, or the start after a power cut."""

    SUBMITTED = "submitted"
    RING_CLOSED = "ring_closed"
    RECOVERED = "recovered"


class InputDevice(StrEnum):
    """With what the level was given; it decides the channel."""

    TOUCH = "touch"
    KEYPAD = "keypad"

    @property
    def pf(self) -> Pf:
        """The channel of domain §3: 4 is our screen, 5 the physical key pad."""
        return Pf.HALL_TABLET if self is InputDevice.TOUCH else Pf.HALL_TERMINAL


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment, by every clock the pad has.

    ``wall`` is China time as the system clock told it, ``monotonic_ns`` counts from the boot
    named by ``boot_id``, ``trusted`` says whether the system clock was known to be right.
    """

    wall: datetime
    boot_id: str
    monotonic_ns: int
    trusted: bool


@dataclass(frozen=True, slots=True)
class Staff:
    """The clerk who is signed in; ``photo`` is the JPEG or PNG, shown and never stored."""

    number: str
    name: str
    post: str = ""
    stars: int | None = None
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Matter:
    """The matter (办件) a rating is about; empty strings where the clerk's system gave nothing.

    ``project_no`` is None at a window without an integrated system: the rating is then
    unbound. ``service_time`` is China time, ``yyyy-MM-dd HH:mm:ss``.
    """

    project_no: str | None = None
    service_number: int = 1
    assess_number: int = 1
    task_code: str = ""
    task_handle_item: str = ""
    task_name: str = ""
    task_type: str = ""
    service_name: str = ""
    service_time: str = ""
    pro_status: str = ""
    project_type: str = ""
    area_code: str = ""
    dept_code: str = ""
    orgcode: str = ""
    org_name: str = ""
    user_prop: str = ""
    user_page_type: str = ""
    win_no: str = ""


@dataclass(frozen=True, slots=True)
class Rater:
    """Who rated, as far as known: personal data (art. 13), sealed wherever it rests."""

    name: str = ""
    mobile: str = ""
    credit_type: str = ""
    cert_key: str = ""
    cert_key_gov: str = ""

    def __bool__(self) -> bool:
        """False if nothing at all is known of the person."""
        return any(getattr(self, field.name) for field in fields(self))

    def __repr__(self) -> str:
        """Say nothing of the person: reprs end up in logs."""
        return "Rater(…)" if self else "Rater()"


@dataclass(frozen=True, slots=True)
class Visit:
    """One invitation: what was to be rated, whom it rates, since when."""

    id: str
    matter: Matter
    opened: Instant
    timeout_s: float
    staff_number: str = ""
    staff_name: str = ""
    rater: Rater = Rater()


BY_PHONE: Final = "phone"
"""Who ended a visit whose matter was rated on a phone; the visit is ``rated``, and has no rating here."""
WHILE_RATING: Final = "while_rating"
"""Why such a visit was ended where somebody had tapped a face here."""


@dataclass(frozen=True, slots=True)
class VisitEnd:
    """How a visit ended without a rating made here; ``by`` and ``reason`` say who cancelled and why."""

    visit_id: str
    outcome: VisitOutcome
    at: Instant
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """The rating being made: what was tapped last, and the evidence of how (art. 18).

    ``first_touch_ms`` counts from the moment the faces were shown; ``changes`` is how often
    the person went on to another face.
    """

    visit_id: str
    level: Level
    input_device: InputDevice
    tapped: Instant
    first_touch_ms: int
    changes: int = 0


@dataclass(frozen=True, slots=True)
class FinishedRating:
    """A rating as the session hands it over to be stored."""

    visit: Visit
    draft: Draft
    indicators: tuple[str, ...]
    comment: str
    completion: Completion
    rated: Instant
    submitted_ms: int
    rater: Rater = Rater()

    def __post_init__(self) -> None:
        """Hold the rules of domain §3 that no rating may break.

        :raises ValueError: on an indicator of another level, or a field over its length
        """
        for code in self.indicators:
            if codes.indicator_level(code) is not self.draft.level:
                raise ValueError(f"indicator {code} does not belong to level {self.draft.level}")
        if len(set(self.indicators)) != len(self.indicators):
            raise ValueError("an indicator may be given once")
        if len(",".join(self.indicators)) > codes.EVAL_DETAIL_MAX:
            raise ValueError(f"indicators may take {codes.EVAL_DETAIL_MAX} characters together")
        if len(self.comment) > codes.COMMENT_MAX:
            raise ValueError(f"a comment may have {codes.COMMENT_MAX} characters")

    @property
    def reason_given(self) -> bool:
        """Whether the person gave any reason: an indicator or a text."""
        return bool(self.indicators or self.comment)


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of ``ratings``: stored, chained, immutable. Times are ISO 8601 in China time."""

    seq: int
    id: str
    visit_id: str
    project_no: str | None
    service_number: int
    assess_number: int
    unbound: bool
    task_code: str
    task_handle_item: str
    task_name: str
    task_type: str
    service_name: str
    service_time: str
    pro_status: str
    project_type: str
    area_code: str
    dept_code: str
    orgcode: str
    org_name: str
    user_prop: str
    user_page_type: str
    win_no: str
    staff_number: str
    staff_name: str
    level: Level
    indicators: tuple[str, ...]
    indicators_version: str
    comment: str
    reason_given: bool
    completed_by: Completion
    recovered: bool
    pf: str
    input_device: InputDevice
    invited_at: str
    first_touch_ms: int
    submitted_ms: int
    changes: int
    rated_at: str
    boot_id: str
    monotonic_ns: int
    clock_trusted: bool
    rater_sm3: str
    prev_hash: str
    hash: str


class DeliveryState(StrEnum):
    """Where a rating is on its way to the platform."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


def iso_time(wall: datetime) -> str:
    """A moment as the ledger writes it: ISO 8601, China time, milliseconds."""
    return wall.astimezone(CHINA_TIME).isoformat(timespec="milliseconds")


def parse_iso_time(text: str) -> datetime:
    """The moment :func:`iso_time` wrote.

    :raises ValueError: if it is no ISO 8601 time with an offset
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} must carry its offset, such as +08:00")
    return moment


def wire_time(wall: datetime) -> str:
    """A moment as the platforms read it: ``yyyy-MM-dd HH:mm:ss``, China time."""
    return wall.astimezone(CHINA_TIME).strftime(WIRE_TIME)
