"""The casebook: every bad rating with the steps taken about it, in the platform's store."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sandbox.cases import Case, Found, Kind, Step, case_of
from sandbox.checks import wire_moment
from sandbox.store import Store

BAD_MOST: Final = 2
"""The better of the two bad levels."""
_ANSWERED: Final = "SELECT rating FROM case_steps WHERE kind IN ('reply', 'adopt')"
"""Of these nobody has to answer any more: they are answered, or do not count."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A bad rating as it was stored, under its number, and its case."""

    number: int
    row: dict[str, Any]
    case: Case

    @property
    def rated_on(self) -> date:
        """The day it was given; what was taken in had such a time."""
        moment = wire_moment(self.row["assess_time"])
        return (moment or datetime.fromisoformat(self.row["received_at"])).date()


class Casebook:
    """Reads and writes cases; a rating of level 1 or 2 is one as soon as it is there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def entries(self, first: str = "", last: str = "9999", most: int = -1) -> list[Entry]:
        """The cases rated from one day to another (``yyyy-MM-dd``): those to answer first, the oldest first.

        :param most: how many at most; negative for all
        """
        rows = self._store.db.execute(
            f"SELECT rowid AS number, *, rowid IN ({_ANSWERED}) AS done FROM ratings"  # noqa: S608 - ours
            " WHERE level <= ? AND substr(assess_time, 1, 10) BETWEEN ? AND ?"
            " ORDER BY done, CASE WHEN done THEN -rowid ELSE rowid END LIMIT ?",
            (BAD_MOST, first, last, most),
        ).fetchall()
        steps = self._steps(row["number"] for row in rows)
        return [Entry(row["number"], dict(row), case_of(steps[row["number"]])) for row in rows]

    def to_answer(self, until: date | None = None) -> int:
        """How many wait for an answer, of all or of those rated until a day and on it."""
        row = self._store.db.execute(
            f"SELECT COUNT(*) FROM ratings WHERE level <= ? AND rowid NOT IN ({_ANSWERED})"  # noqa: S608 - ours
            " AND substr(assess_time, 1, 10) <= ?",
            (BAD_MOST, until.isoformat() if until is not None else "9999"),
        ).fetchone()
        return int(row[0])

    def entry(self, number: int) -> Entry | None:
        """One case; None if there is no bad rating of that number."""
        row = self._store.db.execute(
            "SELECT rowid AS number, * FROM ratings WHERE level <= ? AND rowid = ?", (BAD_MOST, number)
        ).fetchone()
        if row is None:
            return None
        return Entry(number, dict(row), case_of(self._steps([number])[number]))

    def add(self, number: int, step: Step) -> Case:
        """Write a step down; the case after it.

        :raises LookupError: if there is no such case
        :raises sandbox.cases.NotNow: if it does not follow what is there
        :raises sandbox.cases.BadStep: if it may not stand there
        """
        with self._store.transaction():
            entry = self.entry(number)
            if entry is None:
                raise LookupError(number)
            case = entry.case.after(step)
            self._store.db.execute(
                "INSERT INTO case_steps VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    number, step.kind, step.at.isoformat(), step.by, step.text, step.found,
                    step.day.isoformat() if step.day else None,
                ),
            )  # fmt: skip
        return case

    def _steps(self, numbers: Iterable[int]) -> defaultdict[int, list[Step]]:
        found: defaultdict[int, list[Step]] = defaultdict(list)
        rows = self._store.db.execute(
            "SELECT * FROM case_steps WHERE rating IN (SELECT value FROM json_each(?)) ORDER BY rowid",
            (json.dumps(list(numbers)),),
        )
        for row in rows:
            found[row["rating"]].append(_step(row))
        return found


def _step(row: sqlite3.Row) -> Step:
    return Step(
        Kind(row["kind"]),
        datetime.fromisoformat(row["at"]),
        row["by"],
        row["text"],
        Found(row["result"]) if row["result"] else None,
        date.fromisoformat(row["day"]) if row["day"] else None,
    )
