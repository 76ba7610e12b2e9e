"""Ratings read out for a file: what the city gets of each and what became of it, nothing of who rated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pad.ledger.connection import transaction
from pad.ledger.journal import write_note
from pad.ledger.rows import RATING_COLUMNS, rating_from
from pad.model import Instant, Rating, iso_time

NOTE: Final = "exported"
DELIVERY_FIELDS: Final = ("state", "settled_at", "receipt", "platform_code")
FIELDS: Final = (*RATING_COLUMNS, *DELIVERY_FIELDS)
"""The names of a row's values: the rating's as the model has them, then how its delivery stands.

The platform's own words are left out: they may quote a person.
"""
_ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """Which ratings: rows ``first`` to ``last``, all of them or the refused alone."""

    first: int = 1
    last: int | None = None
    refused: bool = False

    @property
    def condition(self) -> str:
        """As SQL over ``ratings r`` and ``deliveries d``."""
        refused = " AND d.state = 'refused'" if self.refused else ""
        return f"r.seq >= ?1 AND (?2 IS NULL OR r.seq <= ?2){refused}"

    @property
    def values(self) -> tuple[object, ...]:
        """What stands for the question marks."""
        return (self.first, self.last)


_FROM: Final = "FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq WHERE"


def count(db: sqlite3.Connection, choice: Choice) -> int:
    """How many there are."""
    found: int = db.execute(f"SELECT COUNT(*) {_FROM} {choice.condition}", choice.values).fetchone()[0]
    return found


def rows(db: sqlite3.Connection, choice: Choice) -> Iterator[dict[str, object]]:
    """Each rating with its delivery, in order; one that was never tried is ``pending``."""
    columns = ", ".join(
        [f"r.{name}" for name in RATING_COLUMNS]
        + ["COALESCE(d.state, 'pending') AS state"]
        + [f"d.{name}" for name in DELIVERY_FIELDS[1:]]
    )
    for row in db.execute(f"SELECT {columns} {_FROM} {choice.condition} ORDER BY r.seq", choice.values):
        yield dict(row)


def mark_exported(db: sqlite3.Connection, seqs: Sequence[int], now: Instant, file: str) -> None:
    """Write down that refused ratings stand in a file: from now on they may leave the ledger (design §3)."""
    for start in range(0, len(seqs), _ROWS_AT_ONCE):
        with transaction(db):
            db.executemany(
                "UPDATE deliveries SET exported_at = ? "
                "WHERE seq = ? AND state = 'refused' AND exported_at IS NULL",
                [(iso_time(now.wall), seq) for seq in seqs[start : start + _ROWS_AT_ONCE]],
            )
    with transaction(db):
        write_note(db, NOTE, now, {"file": file, "refused": len(seqs)})


def deliverable(db: sqlite3.Connection, choice: Choice) -> Iterator[Rating]:
    """The ratings of a choice that are to be delivered: those that wait, or the refused if it says so."""
    for row in db.execute(f"SELECT r.* {_FROM} {choice.condition} AND {_open(choice)} ORDER BY r.seq",
                          choice.values):  # fmt: skip
        yield rating_from(row)


def count_deliverable(db: sqlite3.Connection, choice: Choice) -> int:
    """How many there are."""
    found: int = db.execute(
        f"SELECT COUNT(*) {_FROM} {choice.condition} AND {_open(choice)}", choice.values
    ).fetchone()[0]
    return found


def seqs_of(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, int]:
    """The rows of ratings by their ids; those that are not there are left out."""
    found = {}
    for each in ids:
        row = db.execute("SELECT seq FROM ratings WHERE id = ?", (each,)).fetchone()
        if row is not None:
            found[each] = int(row[0])
    return found


def _open(choice: Choice) -> str:
    return "d.state = 'refused'" if choice.refused else "COALESCE(d.state, 'pending') = 'pending'"
