"""How the ledger stands, in numbers and times alone: read without changing, making or locking anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pad.clock import Anchor
from pad.codes import Level
from pad.ledger.connection import LedgerError, is_wal_gone, translated, unusable, wal
from pad.ledger.outbox import Backlog, backlog
from pad.ledger.rows import anchor_from
from pad.model import Instant, Matter, parse_iso_time

_BUSY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be told to anybody: nothing in it is about a person or a matter.

    ``acknowledged_at`` is when the newest rating the platform has was acknowledged.
    """

    backlog: Backlog
    refused: int
    rated_at: datetime | None
    acknowledged_at: datetime | None
    schema: int


def is_rated(db: sqlite3.Connection, matter: Matter) -> bool:
    """Whether a matter has its rating, from here or from a phone; an unbound one never has.

    :raises LedgerError: if the ledger cannot be read
    """
    with translated(db):
        found = db.execute(
            "SELECT 1 FROM ratings WHERE project_no = ?1 AND service_number = ?2 AND assess_number = ?3 "
            "UNION ALL SELECT 1 FROM rated_elsewhere "
            "WHERE project_no = ?1 AND service_number = ?2 AND assess_number = ?3",
            (matter.project_no, matter.service_number, matter.assess_number),
        ).fetchone()
    return found is not None


def standing(path: Path) -> Standing:
    """How a ledger stands at one moment, at a cost that grows with its backlog alone.

    :raises LedgerError: if there is none, or it cannot be read
    """
    with reading(path) as db:
        rated = db.execute("SELECT rated_at FROM ratings ORDER BY seq DESC LIMIT 1").fetchone()
        return Standing(
            backlog=backlog(db),
            refused=db.execute("SELECT COUNT(*) FROM deliveries WHERE state = 'refused'").fetchone()[0],
            rated_at=_moment(rated),
            acknowledged_at=acknowledged_at(db),
            schema=db.execute("PRAGMA user_version").fetchone()[0],
        )


def acknowledged_at(db: sqlite3.Connection) -> datetime | None:
    """When the newest rating the platform has was acknowledged; None if it has none.

    :raises LedgerError: if the ledger cannot be read
    """
    with translated(db):
        return _moment(
            db.execute(
                "SELECT settled_at FROM deliveries WHERE state = 'acknowledged' ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        )


def level_of(path: Path, visit_id: str) -> Level | None:
    """The level a visit was rated with; None if it was not. No clerk's call asks for it.

    :raises LedgerError: if the ledger cannot be read
    """
    with reading(path) as db:
        row = db.execute("SELECT level FROM ratings WHERE visit_id = ?", (visit_id,)).fetchone()
        return None if row is None else Level(row["level"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rating the platform refused, in its words."""

    seq: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the way to the platform: refusals, and why the oldest that waits does."""

    refusals: tuple[Refusal, ...]
    last_error: str | None
    anchors: tuple[Anchor, ...]


def line(path: Path) -> Line:
    """How the way to the platform did.

    :raises LedgerError: if there is no ledger, or it cannot be read
    """
    with reading(path) as db:
        refused = db.execute(
            "SELECT seq, COALESCE(platform_code, ''), COALESCE(platform_message, '') FROM deliveries "
            "WHERE state = 'refused' ORDER BY seq"
        ).fetchall()
        error = db.execute(
            "SELECT last_error FROM deliveries WHERE state = 'pending' AND last_error IS NOT NULL "
            "ORDER BY seq LIMIT 1"
        ).fetchone()
        return Line(
            refusals=tuple(Refusal(*row) for row in refused),
            last_error=error[0] if error is not None else None,
            anchors=tuple(anchor_from(row) for row in db.execute("SELECT * FROM anchors")),
        )


def age_s(then: Instant, now: Instant) -> float:
    """How long ago something was; across a restart only the wall clock tells, and never less than nothing."""
    if then.boot_id == now.boot_id:
        return (now.monotonic_ns - then.monotonic_ns) / 1e9
    return max(0.0, (now.wall - then.wall).total_seconds())


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One moment of the ledger; a writer neither waits for it nor is waited for."""
    try:
        is_there, is_cut_off = path.exists(), is_wal_gone(path)
    except OSError as error:
        raise unusable(error, path) from error
    if not is_there:
        raise LedgerError(f"{path}: there is no ledger yet; start the kiosk first")
    if is_cut_off:
        raise LedgerError(f"{wal(path)}: gone; SQLite must not make another beside the one in use")
    address = f"{path.absolute().as_uri()}?mode=ro"
    with (
        translated(),
        closing(sqlite3.connect(address, timeout=_BUSY_S, isolation_level=None, uri=True)) as db,
    ):
        db.row_factory = sqlite3.Row
        db.execute("BEGIN")
        yield db


def _moment(row: sqlite3.Row | None) -> datetime | None:
    return None if row is None else parse_iso_time(row[0])
