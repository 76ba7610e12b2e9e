"""What leaves the ledger: raters' data once delivered, and old ratings from the front, settled all.

Every transaction is short, so that a rating being stored never waits for this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from pad.chain import Head, checkpoint_mark
from pad.clock import TrueTime
from pad.ledger.connection import transaction, translated
from pad.model import iso_time

_ROWS_AT_ONCE: Final = 500
"""A transaction of so many deletions takes some milliseconds on a flash card."""
_RATINGS_A_RUN: Final = 50_000
"""More than a window rates in decades; what is left goes in the next run."""


def purge_raters(db: sqlite3.Connection, acknowledged_before: datetime) -> int:
    """Delete raters' sealed data whose rating was acknowledged by then; how many there were."""
    purged = 0
    while True:
        with translated(db):
            rows = db.execute(
                "SELECT s.rating_id FROM rater s JOIN ratings r ON r.id = s.rating_id "
                "JOIN deliveries d ON d.seq = r.seq "
                "WHERE d.state = 'acknowledged' AND d.settled_at <= ? LIMIT ?",
                (iso_time(acknowledged_before), _ROWS_AT_ONCE),
            ).fetchall()
        if not rows:
            return purged
        with transaction(db):
            db.executemany("DELETE FROM rater WHERE rating_id = ?", [tuple(row) for row in rows])
        purged += len(rows)


def forget_in_log(db: sqlite3.Connection) -> None:
    """Empty the write-ahead log, in which deleted data would stand until it is written over."""
    with translated(db):
        # while somebody reads it stays; another day it goes
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def prune_ratings(db: sqlite3.Connection, settled_before: datetime, now: datetime, sealing_key: bytes) -> int:
    """Delete the ratings at the front that are settled since then; how many there were.

    A checkpoint is written first, from which the rest of the chain verifies, with a mark made with the
    key. Settled means acknowledged, or refused and exported; the first rating that is not ends the search.
    """
    before = iso_time(settled_before)
    with translated(db):
        row = db.execute("SELECT MIN(seq), MAX(seq) FROM ratings").fetchone()
        if row[0] is None:
            return 0
        first, last = int(row[0]), int(row[1])
        kept = db.execute(
            "SELECT r.seq FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq WHERE NOT COALESCE("
            "d.settled_at <= ? AND (d.state = 'acknowledged' OR d.exported_at IS NOT NULL), 0) "
            "ORDER BY r.seq LIMIT 1",
            (before,),
        ).fetchone()
        last = min(last if kept is None else kept["seq"] - 1, first + _RATINGS_A_RUN - 1)
        checkpoint = db.execute("SELECT MAX(seq) FROM checkpoints").fetchone()[0] or 0
    if last < first:
        return 0
    if last > checkpoint:
        with transaction(db):
            found = db.execute("SELECT hash FROM ratings WHERE seq = ?", (last,)).fetchone()
            mark = checkpoint_mark(sealing_key, Head(last, found["hash"]))
            db.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (last, found["hash"], iso_time(now)))
            db.execute("INSERT INTO checkpoint_marks VALUES (?, ?)", (last, mark))
    for start in range(first, last + 1, _ROWS_AT_ONCE):
        with transaction(db):
            end = min(last, start + _ROWS_AT_ONCE - 1)
            db.execute("DELETE FROM ratings WHERE seq BETWEEN ? AND ?", (start, end))
    return last - first + 1


def bring_back_from_the_future(db: sqlite3.Connection, now: datetime) -> int:
    """Settled later than now, by a clock gone wild: from now on it ages; how many there were."""
    with transaction(db):
        return db.execute(
            "UPDATE deliveries SET settled_at = ? WHERE settled_at > ?", (iso_time(now), iso_time(now))
        ).rowcount


def prune_visits(
    db: sqlite3.Connection, ended_before: datetime, known: Mapping[str, TrueTime] = MappingProxyType({})
) -> int:
    """Delete the visits that have no rating (any more) and ended by then; how many there were.

    A clock that was not trusted tells nothing: those of a boot whose true time is known are dated by
    it, those that were rated leave with their rating, the rest stay.

    :param known: the boots whose true time is known
    """
    pruned = 0
    for condition, values in _old_visits(ended_before, known):
        while True:
            with translated(db):
                rows = db.execute(
                    f"SELECT id FROM visits v WHERE {condition} "
                    "AND NOT EXISTS (SELECT 1 FROM ratings WHERE visit_id = v.id) ORDER BY id LIMIT ?",
                    (*values, _ROWS_AT_ONCE),
                ).fetchall()
            if not rows:
                break
            with transaction(db):
                db.executemany("DELETE FROM visits WHERE id = ?", [tuple(row) for row in rows])
            pruned += len(rows)
    return pruned


def _old_visits(
    ended_before: datetime, known: Mapping[str, TrueTime]
) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "outcome = 'rated' AND clock_trusted = 0", ()
    yield "outcome IS NOT NULL AND clock_trusted = 1 AND ended_at <= ?", (iso_time(ended_before),)
    for boot, told in known.items():
        age_ns = (told.at - ended_before) // timedelta(microseconds=1) * 1000
        yield (
            "outcome IS NOT NULL AND clock_trusted = 0 AND boot_id = ? "
            "AND monotonic_ns + timeout_s * 1e9 <= ?",
            (boot, told.monotonic_ns - age_ns),
        )
