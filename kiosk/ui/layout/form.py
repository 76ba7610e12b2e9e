"""The form a screen is laid out for: the window, the glass it is on, and how the person wants it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

TOUCH_MM: Final = 15.0
"""What is touched is at least this wide and high, on the real glass."""
_MM_PER_INCH: Final = 25.4
_LEAST_UNITS: Final = 10.0
_MOST_UNITS: Final = 13.0
"""On a glass so small that 15 mm were more than this, not everything would find its place."""
_BIG: Final = 1.25


@dataclass(frozen=True, slots=True)
class Form:
    """A window of ``width`` × ``height`` pixels on a glass of ``diagonal_inches``.

    ``big`` is big type; in ``low`` reach everything that is touched stands in the lower part.
    """

    width: float
    height: float
    diagonal_inches: float = 10.1
    big: bool = False
    low: bool = False

    @property
    def unit(self) -> float:
        """One hundredth of the shorter side, in pixels."""
        return min(self.width, self.height) / 100

    @property
    def is_upright(self) -> bool:
        """Whether the screen is taller than wide."""
        return self.height > self.width

    @property
    def type_scale(self) -> float:
        """By how much words are larger than usual."""
        return _BIG if self.big else 1.0

    @property
    def pixels_per_mm(self) -> float:
        """The glass's density."""
        return math.hypot(self.width, self.height) / (self.diagonal_inches * _MM_PER_INCH)

    @property
    def tap(self) -> float:
        """How high and wide at least a thing is that is touched, in pixels."""
        wanted = math.ceil(TOUCH_MM * self.pixels_per_mm)
        return min(max(wanted, _LEAST_UNITS * self.unit), _MOST_UNITS * self.unit)
