"""The reckoning: the pad's ledger against the platform's store, rating by rating."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How many were rated, how many arrived, which did not, and which more than once."""

    rated: int
    delivered: int
    lost: int
    twice: int

    @property
    def is_right(self) -> bool:
        """Whether every rating arrived once, and nothing else did."""
        return self.rated == self.delivered and not self.lost and not self.twice

    def __str__(self) -> str:
        """The line the demo ends with."""
        return f"{self.rated} rated, {self.delivered} delivered, {self.lost} lost, {self.twice} twice"


def reckon(ledger: Path, store: Path) -> Reckoning:
    """Compare both files as they lie on the disk.

    A rating counts as delivered if the platform holds one of the same matter, service step,
    level, indicators and comment, be it as the later voice of a matter that a phone had rated; as lost
    otherwise. What phones rated is in no ledger.
    """
    with closing(sqlite3.connect(ledger)) as db:
        rated = Counter(
            db.execute(
                "SELECT COALESCE(project_no, id), service_number, assess_number, level, indicators, comment"
                " FROM ratings"
            )
        )
    with closing(sqlite3.connect(store)) as db:
        received = Counter(
            db.execute(
                "SELECT CASE project_no WHEN '' THEN rating_id ELSE project_no END,"
                " service_number, assess_number, level, indicators, comment FROM ratings"
                " WHERE dialect <> 'phone' UNION ALL"
                " SELECT CASE r.project_no WHEN '' THEN v.rating_id ELSE r.project_no END,"
                " r.service_number, r.assess_number, v.level, v.indicators, v.comment"
                " FROM later_voices v JOIN ratings r ON r.rowid = v.rating WHERE v.dialect <> 'phone'"
            )
        )
    return Reckoning(
        rated=rated.total(),
        delivered=len(received),
        lost=(rated - received).total(),
        twice=sum(count - 1 for count in received.values()),
    )
