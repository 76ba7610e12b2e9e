"""The ``alerts`` table: to whom each bad rating was told, and to whom it has yet to be.

A row is written before anything is told and says then that it may have been: whatever ends the
program in that moment, the next one knows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pad.codes import Level
from pad.ledger import recording
from pad.ledger.connection import transaction, translated
from pad.ledger.journal import write_note
from pad.ledger.rows import rating_from
from pad.model import Instant, Rating, iso_time

MAY_HAVE_ARRIVED: Final = "it may have been told: no answer was heard"
"""``last_error`` while a telling is under way, and after one whose answer was lost."""
_BEGAN: Final = "alerts_began"
_WORST_TOLD: Final = max(level for level in Level if level.is_bad)


@dataclass(frozen=True, slots=True)
class Untold:
    """A bad rating that a target has yet to be told, and how that went so far."""

    rating: Rating
    attempts: int
    may_have_arrived: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """How it stands with one target: how many wait, and why the oldest of them does."""

    target: str
    waiting: int
    why: str | None


class AlertBook:
    """One target's part of the table; for the thread that tells it."""

    def __init__(self, db: sqlite3.Connection, target: str) -> None:
        self._db = db
        self._target = target
        self._looked_to: int | None = None

    def begin(self, now: Instant, *, from_here: bool) -> None:
        """Note from which rating on this target is told; once for all, later calls change nothing.

        :param from_here: what is in the ledger already is not told
        """
        with transaction(self._db) as db:
            since = _since(db, self._target)
            if since is None:
                since = recording.head(db).seq if from_here else 0
                write_note(db, _BEGAN, now, {"target": self._target, "after_seq": since})
            last = db.execute("SELECT MAX(seq) FROM alerts WHERE target = ?", (self._target,)).fetchone()[0]
        self._looked_to = max(since, last or 0)

    def enlist(self) -> None:
        """Write a row for each bad rating since the last look."""
        if self._looked_to is None:
            raise RuntimeError("begin comes first")
        with translated(self._db):
            head = recording.head(self._db).seq
            found = self._db.execute(
                "SELECT seq FROM ratings WHERE seq > ? AND seq <= ? AND level <= ?",
                (self._looked_to, head, int(_WORST_TOLD)),
            ).fetchall()
        if found:
            with transaction(self._db) as db:
                db.executemany(
                    "INSERT OR IGNORE INTO alerts (seq, target, state, attempts) VALUES (?, ?, 'pending', 0)",
                    [(row["seq"], self._target) for row in found],
                )
        self._looked_to = head

    def untold(self, limit: int, passing_by: Collection[int] = ()) -> tuple[Untold, ...]:
        """What has yet to be told, oldest first, without the ratings that are ``passing_by``."""
        marks = ", ".join("?" * len(passing_by))
        with translated(self._db):
            rows = self._db.execute(
                "SELECT a.attempts, a.last_error, r.* FROM alerts a JOIN ratings r ON r.seq = a.seq "
                f"WHERE a.state = 'pending' AND a.target = ? AND a.seq NOT IN ({marks}) "
                "ORDER BY a.seq LIMIT ?",
                (self._target, *passing_by, limit),
            ).fetchall()
        return tuple(
            Untold(rating_from(row), row["attempts"], row["last_error"] == MAY_HAVE_ARRIVED) for row in rows
        )

    def count(self) -> int:
        """How many have yet to be told."""
        with translated(self._db):
            found: int = self._db.execute(
                "SELECT COUNT(*) FROM alerts WHERE state = 'pending' AND target = ?", (self._target,)
            ).fetchone()[0]
        return found

    def telling(self, seqs: Sequence[int]) -> None:
        """These are about to be told."""
        self._write(
            "attempts = attempts + 1, next_attempt_at = NULL, last_error = ?", (MAY_HAVE_ARRIVED,), seqs
        )

    def told(self, seqs: Sequence[int], at: datetime) -> None:
        """These were told, and never will be again."""
        self._write(
            "state = 'told', told_at = ?, next_attempt_at = NULL, last_error = NULL", (iso_time(at),), seqs
        )

    def not_told(self, seqs: Sequence[int], why: str | None, again_at: datetime) -> None:
        """These were not told.

        :param why: what kept them; None where they may have arrived after all
        """
        self._write(
            "next_attempt_at = ?, last_error = ?", (iso_time(again_at), why or MAY_HAVE_ARRIVED), seqs
        )

    def _write(self, change: str, values: Sequence[object], seqs: Sequence[int]) -> None:
        with transaction(self._db) as db:
            db.executemany(
                f"UPDATE alerts SET {change} WHERE target = ? AND seq = ? AND state = 'pending'",
                [(*values, self._target, seq) for seq in seqs],
            )


def backlogs(db: sqlite3.Connection) -> tuple[Backlog, ...]:
    """Every target for which something waits."""
    with translated(db):
        rows = db.execute(
            "SELECT target, COUNT(*) AS waiting, MIN(seq) AS oldest FROM alerts WHERE state = 'pending' "
            "GROUP BY target ORDER BY target"
        ).fetchall()
        return tuple(
            Backlog(
                row["target"],
                row["waiting"],
                db.execute(
                    "SELECT last_error FROM alerts WHERE target = ? AND seq = ?",
                    (row["target"], row["oldest"]),
                ).fetchone()[0],
            )
            for row in rows
        )


def told_of(db: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """When each rating was told to each target; None where it was not yet."""
    found: dict[int, dict[str, str | None]] = {}
    with translated(db):
        for seq in seqs:
            rows = db.execute("SELECT target, told_at FROM alerts WHERE seq = ? ORDER BY target", (seq,))
            found[seq] = {row["target"]: row["told_at"] for row in rows}
    return found


def bad_ratings(db: sqlite3.Connection, since: datetime) -> tuple[Rating, ...]:
    """The ratings of level 1 and 2 since a moment of the pad's own clock, oldest first."""
    with translated(db):
        rows = db.execute(
            "SELECT * FROM ratings WHERE level <= ? AND rated_at >= ? ORDER BY seq",
            (int(_WORST_TOLD), iso_time(since)),
        ).fetchall()
    return tuple(rating_from(row) for row in rows)


def _since(db: sqlite3.Connection, target: str) -> int | None:
    """After which rating the telling began; None if it never did."""
    for row in db.execute("SELECT detail FROM journal WHERE kind = ?", (_BEGAN,)):
        detail = json.loads(row["detail"])
        if detail.get("target") == target:
            after: int = detail["after_seq"]
            return after
    return None
