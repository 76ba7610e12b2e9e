"""What a measurement is: a figure against another of the same run, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; ``against`` and ``base`` are what it is compared with, in the same unit."""

    what: str
    figure: float
    unit: str
    against: str = ""
    base: float | None = None
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure in terms of its base."""
        return self.figure / self.base if self.base else None
