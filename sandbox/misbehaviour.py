"""The platform's misbehaviours: named, switched on for the first N submissions or until told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

_NUMBER_MAX: Final = 10_000_000
"""The most a number may be: four months in seconds, which a clock can still be moved by."""


class UnknownMisbehaviour(Exception):
    """No misbehaviour of that name; the message lists those there are."""


class BadParameter(Exception):
    """A misbehaviour's parameter is unknown or of the wrong type; ``name`` is the parameter's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Kind:
    """A misbehaviour: what it does in a line, its parameters' defaults, and when it counts.

    One that ``lasts`` shapes the platform's judgement all through a submission and so counts it when
    it is over; the others count it when it comes, so that a second one sent meanwhile is not met too.
    """

    does: str
    parameters: dict[str, Any] = field(default_factory=dict)
    lasts: bool = False


KINDS: Final = {
    "slow": Kind("takes it in at once, answers rightly, but late", {"seconds": 2.0}),
    "hang": Kind("takes the request, stores nothing and never answers", {"seconds": 3600.0}),
    "close-mid-body": Kind("stores, and closes the connection in the middle of its answer"),
    "status-500": Kind("500, nothing stored"),
    "html-502": Kind("502 with a gateway's HTML page, nothing stored"),
    "retry-after-503": Kind("503 with Retry-After, nothing stored", {"seconds": 1}),
    "status-429": Kind("429, with Retry-After if seconds are given, nothing stored", {"seconds": 0}),
    "status-413": Kind("413 for more than max_records records, nothing stored", {"max_records": 0}),
    "status-401": Kind("401, nothing stored"),
    "captive-portal": Kind("a log-in page with status 200, nothing stored"),
    "truncated-json": Kind("stores, and answers 200 with half of the JSON"),
    "answer-lost": Kind("stores, and closes the connection without an answer"),
    "wrong-batch-id": Kind("stores, and names another batch in its answer (national: an empty body)"),
    "wrong-types": Kind("stores, and answers with JSON of the wrong types"),
    "poison-record": Kind("refuses whatever contains one project number (empty: the first it sees)",
                          {"project_no": ""}, lasts=True),
    "clock-ahead": Kind("its Date, and its idea of now, are ahead", {"seconds": 3600.0}, lasts=True),
    "clock-behind": Kind("its Date, and its idea of now, are behind", {"seconds": 3600.0}, lasts=True),
    "duplicate-answers": Kind("calls everything a duplicate; what is new is stored all the same"),
}  # fmt: skip


@dataclass(slots=True)
class Active:
    """A misbehaviour that is on: for ``left`` submissions more, or until told otherwise (None)."""

    name: str
    left: int | None
    parameters: dict[str, Any]


class Misbehaviours:
    """Those that are on, in the order they were switched on."""

    def __init__(self) -> None:
        self._active: dict[str, Active] = {}

    def switch_on(self, name: str, given: dict[str, Any]) -> Active:
        """Switch one on.

        :raises UnknownMisbehaviour: if there is none of that name
        :raises BadParameter: if a parameter is unknown or of the wrong type
        """
        kind = kind_of(name)
        first = given.get("first")
        if first is not None and (not isinstance(first, int) or isinstance(first, bool) or first < 1):
            raise BadParameter("first", "must be a whole number of submissions from 1, or null for all")
        parameters = dict(kind.parameters)
        for key, value in given.items():
            if key == "first":
                continue
            if key not in parameters:
                allowed = ", ".join(["first", *parameters])
                raise BadParameter(key, f"unknown parameter; allowed are {allowed}")
            parameters[key] = _checked(key, value, parameters[key])
        self._active[name] = Active(name, first, parameters)
        return self._active[name]

    def switch_off(self, name: str) -> None:
        """Switch one off; nothing if it is not on.

        :raises UnknownMisbehaviour: if there is none of that name
        """
        kind_of(name)
        self._active.pop(name, None)

    def clear(self) -> None:
        """Behave."""
        self._active.clear()

    def peek(self, name: str) -> Active | None:
        """One that is on, without counting."""
        return self._active.get(name)

    def take(self) -> dict[str, Active]:
        """Those that meet this submission; each counts it, but for those that last until it is over."""
        met = dict(self._active)
        for active in met.values():
            if not KINDS[active.name].lasts:
                self._count(active)
        return met

    @contextmanager
    def submission(self) -> Iterator[None]:
        """The length of one submission, taken in or turned away: those that last count it at its end."""
        lasting = [each for each in self._active.values() if KINDS[each.name].lasts]
        try:
            yield
        finally:
            for active in lasting:
                if self._active.get(active.name) is active:  # else it was switched off meanwhile
                    self._count(active)

    def _count(self, active: Active) -> None:
        if active.left is not None:
            active.left -= 1
            if active.left <= 0:
                del self._active[active.name]

    def report(self) -> dict[str, Any]:
        """Every one there is, and what is on."""
        return {
            "known": {
                name: {"does": kind.does, "parameters": kind.parameters} for name, kind in KINDS.items()
            },
            "on": {each.name: {"left": each.left, **each.parameters} for each in self._active.values()},
        }


def kind_of(name: str) -> Kind:
    """What a misbehaviour does.

    :raises UnknownMisbehaviour: if there is none of that name
    """
    if name not in KINDS:
        raise UnknownMisbehaviour(f"{name}: unknown; there are {', '.join(KINDS)}")
    return KINDS[name]


def _checked(name: str, value: object, default: object) -> object:
    """The value, if it is of its default's kind; a number also has to be one a clock or a wait can take.

    :raises BadParameter: otherwise
    """
    if isinstance(default, str):
        if not isinstance(value, str):
            raise BadParameter(name, "must be text")
        return value
    whole = isinstance(default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise BadParameter(name, f"must be a {'whole ' if whole else ''}number")
    if not 0 <= value <= _NUMBER_MAX:  # false for NaN too
        raise BadParameter(name, f"must be from 0 to {_NUMBER_MAX}")
    return value
