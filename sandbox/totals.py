"""Totals of what counts of what was received: per level, day, window, clerk and indicator."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pad.codes import Level

LEVELS: Final = tuple(sorted(Level, reverse=True))
"""The order of art. 8: the best first."""
_COUNTED: Final = (
    " rowid NOT IN (SELECT rating FROM case_steps WHERE kind = 'adopt')"
    " AND substr(assess_time, 1, 10) BETWEEN :first AND :last"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each level was given."""

    of: Mapping[Level, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All."""
        return sum(self.of.values())

    @property
    def bad(self) -> int:
        """不满意 and 非常不满意."""
        return sum(self.of.get(level, 0) for level in LEVELS if level.is_bad)

    @property
    def satisfied_percent(self) -> float | None:
        """The part that is no bad one, in per cent, cut to one decimal: 99.98 is not 100. None of none."""
        if not self.total:
            return None
        return int((self.total - self.bad) * 1000 / self.total) / 10

    def share(self, level: Level) -> float:
        """A level's part, 0 to 1."""
        return self.of.get(level, 0) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """The counts of a window, a clerk or a day; ``name`` is empty where nothing was told."""

    name: str
    counts: Counts
    also: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """All of a period."""

    levels: Counts
    days: tuple[Group, ...]
    hours: tuple[Group, ...]
    """Those of the last day alone, by the hour it was (``00`` to ``23``)."""
    windows: tuple[Group, ...]
    clerks: tuple[Group, ...]
    indicators: tuple[tuple[str, int], ...]
    left_out: int
    """Ratings of the period that do not count, for an appeal was adopted."""


def totals(db: sqlite3.Connection, first: str = "", last: str = "9999") -> Totals:
    """The totals of what was rated from one day to another (``yyyy-MM-dd``)."""
    period = {"first": first, "last": last}

    def grouped(columns: str, since: str = first) -> list[sqlite3.Row]:
        sql = f"SELECT {columns}, level, COUNT(*) AS n FROM ratings WHERE {_COUNTED} GROUP BY 1, 2, level"  # noqa: S608
        return db.execute(sql, period | {"first": since}).fetchall()

    everything = "SELECT COUNT(*) FROM ratings WHERE substr(assess_time, 1, 10) BETWEEN :first AND :last"
    days = _groups(grouped("substr(assess_time, 1, 10) AS name, '' AS also"))
    levels: Counter[Level] = Counter()
    for day in days:
        levels.update(day.counts.of)
    counted = Counts(levels)
    days.sort(key=lambda each: each.name)
    hours = _groups(grouped("substr(assess_time, 12, 2) AS name, '' AS also", days[-1].name)) if days else []
    return Totals(
        levels=counted,
        days=tuple(days),
        hours=tuple(sorted(hours, key=lambda each: each.name)),
        windows=_largest(_groups(grouped("window AS name, '' AS also"))),
        clerks=_largest(_groups(grouped("staff_number AS name, staff_name AS also"))),
        indicators=_indicators(db, period),
        left_out=db.execute(everything, period).fetchone()[0] - counted.total,
    )


def _groups(rows: Iterable[sqlite3.Row]) -> list[Group]:
    found: dict[tuple[str, str], Counter[Level]] = {}
    for row in rows:
        found.setdefault((row["name"], row["also"]), Counter())[Level(row["level"])] += row["n"]
    return [Group(name, Counts(counts), also) for (name, also), counts in found.items()]


def _largest(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda each: (-each.counts.total, each.name)))


def _indicators(db: sqlite3.Connection, period: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    sql = f"SELECT indicators, COUNT(*) AS n FROM ratings WHERE {_COUNTED} GROUP BY indicators"  # noqa: S608
    found: Counter[str] = Counter()
    for row in db.execute(sql, period):
        for code in filter(None, row["indicators"].split(",")):
            found[code] += row["n"]
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0])))
