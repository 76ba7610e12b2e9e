"""What a measurement is: a figure against another of the same run, and what is aimed at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rich.table import Table

COLUMNS: Final = ("what", "figure", "against", "ratio", "aim", "met")
_AIM: Final = re.compile(r"(?P<side>[≤≥]) (?P<bound>\d+(?:\.\d+)?) (?P<unit>\S+)")
_TIMES: Final = "×"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; ``against`` and ``base`` are what it is compared with, in the same unit.

    ``aim`` bounds the ratio (``≤ 1.5 ×``) or the figure itself (``≤ 250 ms``); empty where a figure
    is only told.
    """

    what: str
    figure: float
    unit: str
    against: str = ""
    base: float | None = None
    aim: str = ""

    def __post_init__(self) -> None:
        """Refuse an aim that could never be judged.

        :raises ValueError: if it is neither of the two, or bounds a ratio that is not there
        """
        if not self.aim:
            return
        found = _AIM.fullmatch(self.aim)
        if found is None or found["unit"] not in (_TIMES, self.unit):
            raise ValueError(f"{self.what}: aim {self.aim!r} must read like '≤ 1.5 ×' or '≤ 250 {self.unit}'")
        if found["unit"] == _TIMES and self.ratio is None:
            raise ValueError(f"{self.what}: aim {self.aim!r} needs something to compare with")

    @property
    def ratio(self) -> float | None:
        """The figure in terms of its base."""
        return self.figure / self.base if self.base else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None where there is none."""
        found = _AIM.fullmatch(self.aim)
        if found is None:
            return None
        value = self.ratio if found["unit"] == _TIMES else self.figure
        assert value is not None
        bound = float(found["bound"])
        return value <= bound if found["side"] == "≤" else value >= bound

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the table, column by column."""
        return (
            self.what,
            f"{_short(self.figure)} {self.unit}",
            "" if self.base is None else f"{self.against}: {_short(self.base)} {self.unit}",
            "" if self.ratio is None else f"{self.ratio:.2f} ×",
            self.aim,
            {None: "", True: "yes", False: "no"}[self.met],
        )


def on_screen(rows: Iterable[Row], title: str) -> Table:
    """The table for a terminal."""
    table = Table(title=title)
    for column in COLUMNS:
        table.add_column(column)
    for row in rows:
        table.add_row(*row.cells, style="" if row.met is not False else "yellow")
    return table


def in_markdown(rows: Iterable[Row]) -> str:
    """The table for a page."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _short(number: float) -> str:
    """Three figures, and no powers of ten."""
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"
