"""How a rating came about at the glass, as far as its pad told: by this an appeal is judged (art. 18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

COMPLETIONS: Final = {
    "submitted": "sent by the rater",
    "ring_closed": "sent by itself after the rater had left",
    "recovered": "completed by the pad after a power cut",
}
DEVICES: Final = {"touch": "touch on the pad's screen", "keypad": "key of the key pad"}


@dataclass(frozen=True, slots=True)
class Trace:
    """The pad's own account; seconds count from when the faces were shown, words are message ids."""

    invited_at: str
    first_touch_s: float
    submitted_s: float
    changes: int
    device: str
    completion: str


def trace_of(record: Mapping[str, object]) -> Trace | None:
    """The trace in a rating record; None if it has none, or one of another form."""
    match record:
        case {
            "invited_at": str(invited_at),
            "first_touch_ms": int(first_touch_ms),
            "submitted_ms": int(submitted_ms),
            "changes": int(changes),
            "input_device": str(device),
            "completed_by": str(completion),
        } if device in DEVICES and completion in COMPLETIONS:
            return Trace(
                invited_at[:19].replace("T", " "),
                first_touch_ms / 1000,
                submitted_ms / 1000,
                changes,
                DEVICES[device],
                COMPLETIONS[completion],
            )
    return None
