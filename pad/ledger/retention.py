"""What leaves the ledger: raters' data once delivered, and old ratings from the front, settled all.

Every transaction is short, and there is a rest after each, so that a rating being stored never waits
for more than one. What nothing is due of costs the same in a ledger of any size.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from pad.chain import Head, checkpoint_mark
from pad.clock import TrueTime
from pad.ledger.connection import transaction, translated
from pad.model import iso_time

REST_S: Final = 0.11
"""After a transaction. SQLite looks every 0.1 s at most whether its turn has come, so whoever waits to
store a rating has it after one transaction of this, and not after all of them."""
_ROWS_AT_ONCE: Final = 200
"""A transaction of so many deletions takes some milliseconds on a flash card."""

_FROM_THE_FUTURE: Final = """
SELECT seq FROM (
    SELECT seq FROM deliveries WHERE seq < COALESCE((
        SELECT seq FROM deliveries WHERE NOT COALESCE(settled_at > ?1, 0) ORDER BY seq LIMIT 1), 1 << 62)
    ORDER BY seq LIMIT ?2)
UNION
SELECT r.seq FROM rater s CROSS JOIN ratings r ON r.id = s.rating_id CROSS JOIN deliveries d ON d.seq = r.seq
WHERE d.settled_at > ?1
LIMIT ?2
"""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Ratings at the front that may leave together, and the last that left."""

    first: int
    last: int
    checkpoint: int


def purge_raters(db: sqlite3.Connection, acknowledged_before: datetime) -> int:
    """Delete raters' sealed data whose rating was acknowledged by then; how many there were."""
    purged, last = 0, ""
    while True:
        with translated(db):
            # in this order: what is read is what is kept of raters, not every delivery there was
            rows = db.execute(
                "SELECT s.rating_id FROM rater s CROSS JOIN ratings r ON r.id = s.rating_id "
                "CROSS JOIN deliveries d ON d.seq = r.seq WHERE s.rating_id > ? "
                "AND d.state = 'acknowledged' AND d.settled_at <= ? ORDER BY s.rating_id LIMIT ?",
                (last, iso_time(acknowledged_before), _ROWS_AT_ONCE),
            ).fetchall()
        if not rows:
            return purged
        with transaction(db):
            db.executemany("DELETE FROM rater WHERE rating_id = ?", [tuple(row) for row in rows])
        purged, last = purged + len(rows), rows[-1]["rating_id"]
        time.sleep(REST_S)


def forget_in_log(db: sqlite3.Connection) -> None:
    """Empty the write-ahead log, in which deleted data would stand until it is written over."""
    with translated(db):
        # while somebody reads it stays; another day it goes
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def prune_ratings(db: sqlite3.Connection, settled_before: datetime, now: datetime, sealing_key: bytes) -> int:
    """Delete the ratings at the front that are settled since then, with their visits; how many there were.

    A checkpoint is written with each stretch that leaves, from which the rest of the chain verifies, with
    a mark made with the key. Settled means acknowledged, or refused and exported; the first rating that
    is not ends the search.
    """
    pruned = 0
    while (stretch := _settled_stretch(db, iso_time(settled_before))) is not None:
        with transaction(db):
            _leave(db, stretch, now, sealing_key)
        pruned += stretch.last - stretch.first + 1
        time.sleep(REST_S)
    return pruned


def _settled_stretch(db: sqlite3.Connection, before: str) -> _Stretch | None:
    with translated(db):
        rows = db.execute(
            "SELECT r.seq, COALESCE(d.settled_at <= ? AND (d.state = 'acknowledged' "
            "OR d.exported_at IS NOT NULL), 0) AS may_leave "
            "FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq ORDER BY r.seq LIMIT ?",
            (before, _ROWS_AT_ONCE),
        )
        seqs = []
        for row in rows:
            if not row["may_leave"]:
                break
            seqs.append(row["seq"])
        if not seqs:
            return None
        checkpoint = db.execute("SELECT MAX(seq) FROM checkpoints").fetchone()[0] or 0
    return _Stretch(seqs[0], seqs[-1], checkpoint)


def _leave(db: sqlite3.Connection, stretch: _Stretch, now: datetime, sealing_key: bytes) -> None:
    if stretch.last > stretch.checkpoint:
        found = db.execute("SELECT hash FROM ratings WHERE seq = ?", (stretch.last,)).fetchone()
        last = Head(stretch.last, found["hash"])
        db.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (last.seq, last.hash, iso_time(now)))
        db.execute(
            "INSERT INTO checkpoint_marks VALUES (?, ?)", (last.seq, checkpoint_mark(sealing_key, last))
        )
    ends = (stretch.first, stretch.last)
    visits = db.execute("SELECT visit_id FROM ratings WHERE seq BETWEEN ? AND ?", ends).fetchall()
    db.execute("DELETE FROM ratings WHERE seq BETWEEN ? AND ?", ends)
    db.executemany(
        "DELETE FROM visits WHERE id = ? AND outcome IS NOT NULL", [tuple(visit) for visit in visits]
    )


def bring_back_from_the_future(db: sqlite3.Connection, now: datetime) -> int:
    """Settled later than now, by a clock gone wild: from now on it ages; how many there were.

    Looked for where it would be in the way: at the front of the ledger, and where raters' data stand.
    """
    brought = 0
    while True:
        with translated(db):
            rows = db.execute(
                _FROM_THE_FUTURE,
                (iso_time(now), _ROWS_AT_ONCE),
            ).fetchall()
        if not rows:
            return brought
        with transaction(db):
            db.executemany(
                "UPDATE deliveries SET settled_at = ? WHERE seq = ?",
                [(iso_time(now), row["seq"]) for row in rows],
            )
        brought += len(rows)
        time.sleep(REST_S)


def prune_visits(
    db: sqlite3.Connection, ended_before: datetime, known: Mapping[str, TrueTime] = MappingProxyType({})
) -> int:
    """Delete the visits that ended by then without a rating here; how many there were.

    A clock that was not trusted tells nothing: those of a boot whose true time is known are dated by
    it, the rest stay. Those that were rated leave with their rating, but for what a phone rated.

    :param known: the boots whose true time is known
    """
    pruned = 0
    for condition, values in _old_visits(ended_before, known):
        while True:
            with translated(db):
                rows = db.execute(
                    f"SELECT id FROM visits v WHERE {condition} "
                    "AND NOT EXISTS (SELECT 1 FROM ratings WHERE visit_id = v.id) LIMIT ?",
                    (*values, _ROWS_AT_ONCE),
                ).fetchall()
            if not rows:
                break
            with transaction(db):
                db.executemany("DELETE FROM visits WHERE id = ?", [tuple(row) for row in rows])
            pruned += len(rows)
            time.sleep(REST_S)
    return pruned


def _old_visits(
    ended_before: datetime, known: Mapping[str, TrueTime]
) -> Iterator[tuple[str, tuple[object, ...]]]:
    for without_rating in ("outcome <> 'rated'", "outcome = 'rated' AND ended_by = 'phone'"):
        yield f"{without_rating} AND clock_trusted = 1 AND ended_at <= ?", (iso_time(ended_before),)
        for boot, told in known.items():
            age_ns = (told.at - ended_before) // timedelta(microseconds=1) * 1000
            yield (
                f"{without_rating} AND clock_trusted = 0 AND boot_id = ? "
                "AND monotonic_ns + timeout_s * 1e9 <= ?",
                (boot, told.monotonic_ns - age_ns),
            )


def prune_hearsay(db: sqlite3.Connection, heard_before: datetime, now: datetime) -> int:
    """Delete what was heard by then of phones' ratings; how many there were.

    What a clock gone wild heard later than now is dated by when the platform says it was rated.
    """
    pruned = 0
    while True:
        with translated(db):
            rows = db.execute(
                "SELECT visit_id FROM rated_elsewhere WHERE heard_at <= ?1 "
                "OR (heard_at > ?2 AND rated_at <= ?1) LIMIT ?3",
                (iso_time(heard_before), iso_time(now), _ROWS_AT_ONCE),
            ).fetchall()
        if not rows:
            return pruned
        with transaction(db):
            db.executemany("DELETE FROM rated_elsewhere WHERE visit_id = ?", [tuple(row) for row in rows])
        pruned += len(rows)
        time.sleep(REST_S)
