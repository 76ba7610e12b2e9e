"""What both doors do: another tongue's fields become an invitation, its end becomes an answer."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kiosk import commands
from kiosk.calls import WORDS, Calls
from kiosk.commands import InputError
from kiosk.events import Answer
from pad.codes import Level
from pad.ledger.connection import LedgerError
from pad.ledger.state import level_of
from pad.model import VisitOutcome
from pad.settings import EvaluateDoor, Settings, TellerDoor

REFUSED: Final = "refused"
_STAFF: Final = {"staff_number": "number", "staff_name": "name", "staff_photo": "photo"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: a visit's outcome, or ``refused`` with the reason; the level where it may be told."""

    result: str
    message: str = ""
    level: int | str | None = None


class Asking:
    """Invites ratings for a door, and waits for their ends."""

    def __init__(self, settings: Settings, calls: Calls, door: EvaluateDoor | TellerDoor) -> None:
        self._settings = settings
        self._calls = calls
        self._door = door

    async def invite(self, given: Mapping[str, Any]) -> str | Ended:
        """Invite a rating; the invitation's id, or why it was refused."""
        rules = self._settings.rating
        try:
            invitation = commands.parse_invitation(
                body_of(given, self._door.parameters),
                self._settings.pad,
                allow_unbound=rules.allow_unbound,
                allow_second=rules.allow_second_assessment,
            )
            invited = await self._calls.invite(invitation)
        except InputError as error:
            return Ended(REFUSED, self._wrong(error))
        except (LedgerError, sqlite3.Error):
            return Ended(REFUSED, WORDS[Answer.CANNOT_STORE])
        except TimeoutError:
            return Ended(REFUSED, "the pad did not answer in time; ask again")
        if invited.answer is not Answer.DONE:
            return Ended(REFUSED, WORDS[invited.answer])
        return invited.visit_id

    async def end_of(self, visit_id: str) -> Ended:
        """Wait for an invitation's end."""
        try:
            outcome = await self._calls.end_of(visit_id)
            level = None
            if self._door.tells_level and outcome == VisitOutcome.RATED:
                found = level_of(self._settings.ledger_path, visit_id)
                level = None if found is None else told_level(found, self._door.levels)
        except (LedgerError, sqlite3.Error):
            return Ended(REFUSED, "the pad cannot say how it ended; tell the technician")
        return Ended(outcome, level=level)

    def _wrong(self, error: InputError) -> str:
        """What is wrong, by the other tongue's name for it; our JSON is no business of theirs."""
        if not error.field:
            return "must be plain text in UTF-8"
        return f"{self._named(error.field)}: {error.message}"

    def _named(self, field: str) -> str:
        """Our field by the name the other tongue has for it."""
        own = {"timeout_s": "timeout_s"} | {f"staff.{ours}": theirs for theirs, ours in _STAFF.items()}
        name = own.get(field, field.removeprefix("matter."))
        return self._door.parameters.get(name, name)


def told_level(level: Level, levels: Mapping[str, int | str]) -> int | str:
    """A level as the other system numbers it."""
    return levels[str(level.value)]


def body_of(given: Mapping[str, Any], parameters: Mapping[str, str]) -> bytes:
    """Another tongue's fields as an invitation of ours; what it has no name for is left out."""
    found = {
        ours: given[theirs] for ours, theirs in parameters.items() if given.get(theirs) not in (None, "")
    }
    staff = {ours: _text(found.pop(theirs)) for theirs, ours in _STAFF.items() if theirs in found}
    if staff:
        staff.setdefault("number", staff.get("name", ""))
    timeout = found.pop("timeout_s", None)
    body: dict[str, Any] = {"matter": {name: _text(value) for name, value in found.items()}}
    if staff:
        body["staff"] = staff
    if timeout is not None:
        body["timeout_s"] = _number(timeout)
    return json.dumps(body).encode()


def _text(given: Any) -> Any:
    """Text, or a number as text; what is neither is refused later, by name."""
    return str(given) if isinstance(given, str | int | float) else []


def _number(given: Any) -> Any:
    """A number that may have come as text; what is none is refused later, by name."""
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    return number if math.isfinite(number) else []
