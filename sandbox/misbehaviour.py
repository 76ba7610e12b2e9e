"""The platform's misbehaviours: named, switched on for the first N submissions or until told otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final


class UnknownMisbehaviour(Exception):
    """No misbehaviour of that name; the message lists those there are."""


class BadParameter(Exception):
    """A misbehaviour's parameter is unknown or of the wrong type; ``name`` is the parameter's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Kind:
    """A misbehaviour: what it does in a line, and its parameters' defaults."""

    does: str
    parameters: dict[str, Any] = field(default_factory=dict)


KINDS: Final = {
    "slow": Kind("answers rightly, but late", {"seconds": 2.0}),
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
                          {"project_no": ""}),
    "clock-ahead": Kind("its Date, and its idea of now, are ahead", {"seconds": 3600.0}),
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
            wanted = type(parameters[key])
            if isinstance(value, bool) or not isinstance(value, wanted if wanted is str else int | float):
                raise BadParameter(key, f"must be {'text' if wanted is str else 'a number'}")
            parameters[key] = value
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
        """Those that meet this submission; each counts it."""
        met = dict(self._active)
        for active in met.values():
            if active.left is not None:
                active.left -= 1
                if active.left == 0:
                    del self._active[active.name]
        return met

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
