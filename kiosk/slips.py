"""What a scanned code means: a slip whose matter is to be rated, or nothing here. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from pad.settings import Scanner
from pad.settings.devices import SLIP_FIELDS

LOOKED_AT_MAX: Final = 1024
"""Longer codes are no slips."""


@dataclass(frozen=True, slots=True)
class Slip:
    """The matter on an acceptance slip."""

    project_no: str
    service_number: str = ""
    task_name: str = ""

    def invitation(self) -> bytes:
        """As the clerk's system would ask for it (design §4)."""
        given = {name: getattr(self, name) for name in SLIP_FIELDS}
        return json.dumps({"matter": {name: value for name, value in given.items() if value}}).encode()


def slip_of(text: str, scanner: Scanner) -> Slip | None:
    """The slip a code says; None if it says none."""
    if len(text) > LOOKED_AT_MAX:
        return None
    return _of_json(text, scanner.json_keys) or _of_patterns(text, scanner.patterns)


def _of_json(text: str, keys: tuple[str, ...]) -> Slip | None:
    if not text.startswith("{"):
        return None
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = (said[key] for key in keys if key in said)
    number = next((str(each) for each in found if type(each) in (str, int) and each != ""), None)
    return None if number is None else Slip(number)


def _of_patterns(text: str, patterns: tuple[str, ...]) -> Slip | None:
    for pattern in patterns:
        if match := re.search(pattern, text):
            groups = match.groupdict(default="")
            return Slip(**{name: groups[name] for name in SLIP_FIELDS if name in groups})
    return None
