"""What is done about a bad rating: reply, return visit, appeal (art. 16 and 18). Pure.

A case is what its steps made of it: they are kept in their order, none is changed or taken away. Two
things go on side by side, and each is a table of what may follow what: the handling, and the appeal.
An adopted appeal ends both. The rating stays where it is; it only counts no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from pad import working_days
from pad.working_days import UnknownYear

TEXT_MAX: Final = 500
NAME_MAX: Final = 50
_LONGEST_REST: Final = 30
"""Days; more than any holidays in a row."""


class Kind(StrEnum):
    """A step that somebody takes."""

    REPLY = "reply"
    VISIT = "visit"
    APPEAL = "appeal"
    ADOPT = "adopt"
    REJECT = "reject"


class Found(StrEnum):
    """What a return visit (回访) found."""

    CONTENT = "content"
    STILL_UNHAPPY = "still_unhappy"
    NOT_REACHED = "not_reached"


class Handling(StrEnum):
    """How far the handling is."""

    OPEN = "open"
    ANSWERED = "answered"
    VISITED = "visited"


class Appeal(StrEnum):
    """How far the appeal is."""

    NONE = "none"
    FILED = "filed"
    ADOPTED = "adopted"
    REJECTED = "rejected"


HANDLING: Final = {
    (Handling.OPEN, Kind.REPLY): Handling.ANSWERED,
    (Handling.ANSWERED, Kind.VISIT): Handling.VISITED,
}
"""Whom the visit did not reach is to be tried again: the case stays answered."""
APPEAL: Final = {
    (Appeal.NONE, Kind.APPEAL): Appeal.FILED,
    (Appeal.FILED, Kind.ADOPT): Appeal.ADOPTED,
    (Appeal.FILED, Kind.REJECT): Appeal.REJECTED,
}
"""One appeal a rating: a rejected one is not filed anew."""


class NotNow(Exception):
    """A step that does not follow what is there."""


class BadStep(Exception):
    """A step's field is wrong; ``field`` is its name, ``allowed`` what may stand there."""

    def __init__(self, field: str, allowed: str) -> None:
        super().__init__(f"{field}: {allowed}")
        self.field = field
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Step:
    """Who did what, and when it was written down; a visit has what it found and on which day it was."""

    kind: Kind
    at: datetime
    by: str
    text: str
    found: Found | None = None
    day: date | None = None

    def __post_init__(self) -> None:
        for field, text, most in (("by", self.by, NAME_MAX), ("text", self.text, TEXT_MAX)):
            if not text.strip() or len(text) > most:
                raise BadStep(field, f"1 to {most} characters, not all of them blank")
        if (self.kind is Kind.VISIT) != (self.found is not None):
            raise BadStep("found", "what a visit found, and nothing for any other step")
        if (self.kind is Kind.VISIT) != (self.day is not None):
            raise BadStep("day", "the day of a visit, and nothing for any other step")
        if self.day is not None and self.day > self.at.date():
            raise BadStep("day", "a day that has come")


@dataclass(frozen=True, slots=True)
class Case:
    """A bad rating's case after its steps."""

    steps: tuple[Step, ...] = ()
    handling: Handling = Handling.OPEN
    appeal: Appeal = Appeal.NONE

    @property
    def counts(self) -> bool:
        """Whether the rating counts in the figures (art. 18)."""
        return self.appeal is not Appeal.ADOPTED

    @property
    def is_handled(self) -> bool:
        """Whether somebody has answered it."""
        return self.handling is not Handling.OPEN

    @property
    def may(self) -> frozenset[Kind]:
        """The steps that may follow."""
        if not self.counts:
            return frozenset()
        return frozenset(
            kind for kind in Kind if (self.handling, kind) in HANDLING or (self.appeal, kind) in APPEAL
        )

    def first(self, kind: Kind) -> Step | None:
        """The first step of a kind."""
        return next((each for each in self.steps if each.kind is kind), None)

    def after(self, step: Step) -> Case:
        """The case after one step more.

        :raises NotNow: if it does not follow what is there
        :raises BadStep: if whoever appealed would judge the appeal, or a visit came before the reply
        """
        if step.kind not in self.may:
            allowed = ", ".join(sorted(self.may)) or "nothing"
            raise NotNow(f"{step.kind} does not follow here; what may follow is {allowed}")
        if step.kind in (Kind.ADOPT, Kind.REJECT) and self._appellant == step.by.strip():
            raise BadStep("by", "somebody else than whoever appealed")
        replied = self.first(Kind.REPLY)
        if step.day is not None and replied is not None and step.day < replied.at.date():
            raise BadStep("day", "not before the day of the reply")
        handling = HANDLING.get((self.handling, step.kind), self.handling)
        if step.found is Found.NOT_REACHED:
            handling = self.handling
        return Case((*self.steps, step), handling, APPEAL.get((self.appeal, step.kind), self.appeal))

    @property
    def _appellant(self) -> str | None:
        filed = self.first(Kind.APPEAL)
        return filed.by.strip() if filed is not None else None


def case_of(steps: Iterable[Step]) -> Case:
    """The case that these steps make, in their order.

    :raises NotNow: if one does not follow those before it
    """
    case = Case()
    for step in steps:
        case = case.after(step)
    return case


class Pace(StrEnum):
    """How a case stands to its deadline."""

    RUNNING = "running"
    OVERDUE = "overdue"
    IN_TIME = "in_time"
    LATE = "late"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of art. 16: the last day, and how many working days are left (running) or over (overdue).

    Both are None where the official calendar does not reach so far: they are to be counted by hand.
    """

    pace: Pace
    deadline: date | None
    days: int | None = None


def clock(case: Case, rated: date, allowed: int, today: date) -> Clock:
    """How a case that was rated on a day stands ``today``; ``allowed`` counts working days."""
    due = working_days.deadline(rated, allowed)
    last = None if isinstance(due, UnknownYear) else due
    if not case.counts:
        return Clock(Pace.CLOSED, last)
    replied = case.first(Kind.REPLY)
    if last is None:
        return Clock(Pace.UNKNOWN, None)
    if replied is not None:
        return Clock(Pace.IN_TIME if replied.at.date() <= last else Pace.LATE, last)
    if today <= last:
        return Clock(Pace.RUNNING, last, _working_days(today, last))
    return Clock(Pace.OVERDUE, last, _working_days(last, today))


def overdue_since(today: date, allowed: int) -> date | None:
    """The latest day whose ratings are overdue if nobody answered them; None if the calendar is not known."""
    for before in range(1, 2 * allowed + _LONGEST_REST):
        day = today - timedelta(days=before)
        last = working_days.deadline(day, allowed)
        if not isinstance(last, UnknownYear) and last < today:
            return day
    return None


def _working_days(after: date, last: date) -> int | None:
    """The working days after one day to another and with it."""
    days = [after + timedelta(days=number) for number in range(1, (last - after).days + 1)]
    known = [working_days.is_working_day(day) for day in days]
    return None if None in known else known.count(True)
