"""Following the integrity chain through a ledger, and holding its tables against each other.

The chain proves ratings. What stands beside them has no hash of its own; there it is said where it
contradicts the ratings: a visit's end, a delivery passed over, sealed data that are not a rating's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from pad import chain, sealing, told_head
from pad.chain import Break, Head, KeyChange
from pad.gm import sm3
from pad.keys import DeviceKeys
from pad.ledger.connection import translated
from pad.sealing import SealError


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that does not hold: its table, what names it there, and what is wrong."""

    table: str
    row: str
    what: str


@dataclass(frozen=True, slots=True)
class Examination:
    """Where the chain starts and ends, and everything that does not hold."""

    start: Head
    head: Head
    findings: tuple[Finding, ...]


def verify(
    db: sqlite3.Connection, chain_key: bytes, changes: Sequence[KeyChange] = ()
) -> tuple[Head, Head, Break | None]:
    """Check every rating, and the sealed data that are still there.

    All of it is read as it was at one moment, whatever is written or pruned meanwhile.

    :param chain_key: the chain's first key
    :param changes: its later ones, read after the last row that is to be checked was written
    :returns: where the chain starts, the last good head, and the first break if there is one
    """
    with _one_moment(db):
        start = _start(db)
        head, broken = chain.first_break(chain_key, start, _ratings(db, start), changes)
        return start, head, broken or next(_foreign_seals(db), None)


def examine(
    db: sqlite3.Connection,
    keys: DeviceKeys,
    told: Head | None = None,
    step: Callable[[], None] = lambda: None,
) -> Examination:
    """Check every row that can be checked, likewise of one moment.

    :param told: the head that was told last, read before this is called
    :param step: called after each rating
    """
    with _one_moment(db):
        findings = list(_changed_rules(db))
        if any(each.table == "table" for each in findings):
            return Examination(Head(), Head(), tuple(findings))
        start = head = _start(db)
        findings += list(_unmarked_checkpoint(db, keys, start))
        for at, breaks in chain.follow(keys.chain, start, _ratings(db, start), keys.changes):
            head = at
            step()
            findings += [_of_rating(each) for each in breaks]
        there = db.execute(
            "SELECT hash FROM ratings WHERE seq = ?1 UNION ALL SELECT hash FROM checkpoints WHERE seq = ?1",
            (told.seq if told else 0,),
        ).fetchone()
        here = None if told is None or there is None else Head(told.seq, there["hash"])
        if against := told_head.contradiction(told, head, here):
            findings.append(Finding("ratings", str(min(head.seq + 1, told.seq if told else 0)), against))
        findings += [Finding("rater", f"of rating {each.seq}", each.what) for each in _foreign_seals(db)]
        findings += _foreign_marks(db, keys)
        for table, what, sql in _CONTRADICTIONS:
            findings += [Finding(table, str(row[0]), what) for row in db.execute(sql)]
    return Examination(start, head, tuple(findings))


@contextmanager
def _one_moment(db: sqlite3.Connection) -> Iterator[None]:
    with translated(db):
        db.execute("BEGIN")
        try:
            yield
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def _changed_rules(db: sqlite3.Connection) -> Iterator[Finding]:
    """Tables and triggers that are not as the pad makes them: somebody had reason to lift its rules."""
    from sqlite_utils import Database  # a quarter second that only this command should pay

    from pad.ledger.schema import migrations

    plan = Database(memory=True)
    with closing(plan.conn):
        migrations.apply(plan)
        planned = _shape(plan.conn)
    found = _shape(db)
    for (kind, name), sql in planned.items():
        if kind in ("table", "trigger") and found.get((kind, name)) != sql:
            what = "is not as the pad makes it" if (kind, name) in found else "is not there"
            yield Finding(kind if what == "is not there" else f"changed {kind}", name, what)
    for kind, name in found.keys() - planned.keys():
        if kind in ("trigger", "view"):
            yield Finding(kind, name, "the pad has no such thing")


def _shape(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def _start(db: sqlite3.Connection) -> Head:
    row = db.execute("SELECT seq, hash FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row["seq"], row["hash"]) if row is not None else Head()


def _ratings(db: sqlite3.Connection, start: Head) -> Iterator[dict[str, object]]:
    for row in db.execute("SELECT * FROM ratings WHERE seq > ? ORDER BY seq", (start.seq,)):
        yield dict(row)


def _of_rating(broken: Break) -> Finding:
    return Finding("ratings", str(broken.seq), broken.what)


def _unmarked_checkpoint(db: sqlite3.Connection, keys: DeviceKeys, start: Head) -> Iterator[Finding]:
    """Whoever can write a checkpoint can have a chain begin after what should not be known."""
    row = db.execute("SELECT mark FROM checkpoint_marks WHERE seq = ?", (start.seq,)).fetchone()
    ours = {chain.checkpoint_mark(key, start) for key in (keys.sealing, *keys.earlier.values())}
    if not start.seq or (row is not None and row["mark"] in ours):
        return
    what = "its mark is not this pad's" if row is not None else (
        "it bears no mark of this pad's: an older version wrote it, or not the pad"
    )  # fmt: skip
    yield Finding("checkpoints", str(start.seq), what)


def _foreign_seals(db: sqlite3.Connection) -> Iterator[Break]:
    for row in db.execute(
        "SELECT r.seq, r.rater_sm3, s.sealed FROM rater s JOIN ratings r ON r.id = s.rating_id ORDER BY r.seq"
    ):
        if sm3(row["sealed"]).hex() != row["rater_sm3"]:
            yield Break(row["seq"], "the rater's sealed data are not the ones it was written with")


def _foreign_marks(db: sqlite3.Connection, keys: DeviceKeys) -> Iterator[Finding]:
    for row in db.execute(
        "SELECT r.seq, r.visit_id, s.sealed, s.card_mark FROM rater s JOIN ratings r ON r.id = s.rating_id "
        "WHERE s.card_mark IS NOT NULL ORDER BY r.seq"
    ):
        key = keys.opening(sealing.key_number(row["sealed"]))
        if key is None:
            continue
        try:
            card = sealing.unseal(key, row["sealed"], row["visit_id"]).cert_key
        except SealError:
            continue  # the seal is told of by itself, or its key is gone
        if row["card_mark"] != sealing.mark(key, card):
            yield Finding("rater", f"of rating {row['seq']}", "card_mark is another card's")


_CONTRADICTIONS = (
    (
        "ratings",
        "its visit is not there, ended otherwise, or tells another matter, clerk or time",
        "SELECT r.seq FROM ratings r LEFT JOIN visits v ON v.id = r.visit_id "
        "WHERE v.outcome IS NOT 'rated' OR v.project_no IS NOT r.project_no "
        "OR v.service_number IS NOT r.service_number OR v.staff_number IS NOT r.staff_number "
        "OR v.staff_name IS NOT r.staff_name OR v.opened_at IS NOT r.invited_at ORDER BY r.seq",
    ),
    (
        # what was pruned lies before all that is there: nothing is said of the visits left of it;
        # of one that a phone rated the rating is the platform's
        "visits",
        "it was rated, and its rating is not there",
        "WITH first AS (SELECT boot_id, MIN(monotonic_ns) AS ns FROM ratings GROUP BY boot_id) "
        "SELECT v.id FROM visits v LEFT JOIN first f ON f.boot_id = v.boot_id WHERE v.outcome = 'rated' "
        "AND v.ended_by IS NOT 'phone' AND NOT EXISTS (SELECT 1 FROM ratings WHERE visit_id = v.id) "
        "AND (v.monotonic_ns > f.ns OR NOT EXISTS (SELECT 1 FROM checkpoints)) ORDER BY v.id",
    ),
    (
        "deliveries",
        "there is no such rating",
        "SELECT seq FROM deliveries WHERE seq NOT IN (SELECT seq FROM ratings) ORDER BY seq",
    ),
    (
        "deliveries",
        "missing, so that its rating would never be sent",
        "SELECT seq FROM ratings WHERE seq < (SELECT MAX(seq) FROM deliveries) "
        "AND seq NOT IN (SELECT seq FROM deliveries) ORDER BY seq",
    ),
    (
        "deliveries",
        "acknowledged, and never sent",
        "SELECT seq FROM deliveries WHERE state = 'acknowledged' AND attempts = 0 ORDER BY seq",
    ),
    (
        "rater",
        "missing, though its rating is not delivered",
        "SELECT 'of rating ' || r.seq FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq "
        "WHERE r.rater_sm3 <> '' AND d.state IS NOT 'acknowledged' "
        "AND COALESCE(d.attempts, 1) > 0 "  # a rescue has it sent again, and may find its rater purged
        "AND NOT EXISTS (SELECT 1 FROM rater WHERE rating_id = r.id) ORDER BY r.seq",
    ),
    (
        "rater",
        "there is no such rating",
        "SELECT rating_id FROM rater WHERE rating_id NOT IN (SELECT id FROM ratings) ORDER BY rating_id",
    ),
)
"""Table, what is wrong, and the rows of which it is true."""
