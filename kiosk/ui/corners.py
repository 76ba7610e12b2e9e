"""Two opposite corners held: the technician's sign, which nobody gives by chance. Pure."""

from __future__ import annotations

from typing import Final

HOLD_S: Final = 5.0
PART: Final = 0.14
"""A corner is so much of the width and of the height."""

Corner = tuple[int, int]


def corner_of(x: float, y: float, width: float, height: float) -> Corner | None:
    """The corner a finger is on, as (0 or 1 across, 0 or 1 along); None if on none."""
    across, along = _end(x / width), _end(y / height)
    return None if across is None or along is None else (across, along)


def are_opposite(corners: list[Corner | None]) -> bool:
    """Whether exactly two fingers are down, on two corners that face each other."""
    if len(corners) != 2:
        return False
    one, other = corners
    return one is not None and other is not None and one[0] != other[0] and one[1] != other[1]


def _end(part: float) -> int | None:
    if part <= PART:
        return 0
    return 1 if part >= 1 - PART else None
