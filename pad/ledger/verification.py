"""Following the integrity chain through a ledger, from its last checkpoint to its head."""

from __future__ import annotations

import sqlite3

from pad import chain
from pad.chain import Break, Head
from pad.gm import sm3
from pad.ledger.connection import translated


def verify(db: sqlite3.Connection, chain_key: bytes) -> tuple[Head, Head, Break | None]:
    """Check every rating, and the sealed data that are still there.

    All of it is read as it was at one moment, whatever is written or pruned meanwhile.

    :returns: where the chain starts, the last good head, and the first break if there is one
    """
    with translated(db):
        db.execute("BEGIN")
        try:
            row = db.execute("SELECT seq, hash FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
            start = Head(row["seq"], row["hash"]) if row is not None else Head()
            ratings = db.execute("SELECT * FROM ratings WHERE seq > ? ORDER BY seq", (start.seq,))
            head, broken = chain.first_break(chain_key, start, (dict(each) for each in ratings))
            if broken is None:
                broken = _first_foreign_seal(db)
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
    return start, head, broken


def _first_foreign_seal(db: sqlite3.Connection) -> Break | None:
    for row in db.execute(
        "SELECT r.seq, r.rater_sm3, s.sealed FROM rater s JOIN ratings r ON r.id = s.rating_id ORDER BY r.seq"
    ):
        if sm3(row["sealed"]).hex() != row["rater_sm3"]:
            return Break(row["seq"], "the rater's sealed data are not the ones it was written with")
    return None
