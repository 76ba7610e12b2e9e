"""A damaged ledger is set aside whole, never deleted, and what can be read of it is carried over."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from pad.ledger.connection import SCHEMA_VERSION, LedgerDamaged, connect, transaction
from pad.ledger.recording import write_note
from pad.model import Instant

_log = logging.getLogger("pad.ledger")
_CARRIED: Final = ("visits", "ratings", "rater", "draft", "deliveries", "checkpoints", "journal", "anchors")
"""In the order their references need."""


def open_ledger(path: Path, now: Instant) -> sqlite3.Connection:
    """Open the ledger; one that is damaged is replaced by a new one with all that can be read of it.

    :raises LedgerUnwritable: if it cannot be opened or made
    """
    try:
        connection = connect(path)
        try:
            _look_around(connection)
        except LedgerDamaged:
            connection.close()
            raise
    except LedgerDamaged as error:
        _log.error("%s; it is set aside and what can be read is carried over", error)
        return _replace(path, now, str(error))
    return connection


def _look_around(connection: sqlite3.Connection) -> None:
    """Touch what every rating needs, so that damage there shows before a citizen does."""
    try:
        for table in _CARRIED:
            connection.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 100").fetchall()
    except sqlite3.DatabaseError as error:
        raise LedgerDamaged(f"the ledger is damaged: {error}") from error


def _replace(path: Path, now: Instant, why: str) -> sqlite3.Connection:
    aside = _set_aside(path, now)
    fresh = path.with_name(path.name + ".rescue")
    for leftover in (fresh, *_companions(fresh)):
        leftover.unlink(missing_ok=True)
    carried = {}
    with closing(_bare(fresh)) as connection:
        for table in _CARRIED:
            carried[table] = _carry(aside, connection, table)
        from sqlite_utils import Database

        from pad.ledger.schema import migrations

        migrations.apply(Database(connection))
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        with transaction(connection) as db:
            write_note(db, "ledger_rescued", now, {"why": why, "set_aside": aside.name, "carried": carried})
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fresh.rename(path)
    return connect(path)


def _companions(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _set_aside(path: Path, now: Instant) -> Path:
    """Rename the file with its WAL, so that SQLite finds both together under the new name."""
    stem = f"{path.name}.damaged-{now.wall:%Y%m%dT%H%M%S}"
    aside, count = path.with_name(stem), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    for found, kept in zip((path, *_companions(path)), (aside, *_companions(aside)), strict=True):
        if found.exists():
            found.rename(kept)
    return aside


def _bare(path: Path) -> sqlite3.Connection:
    """A ledger with its tables but without the promises: a gap in what can be read must fit in."""
    from sqlite_utils import Database

    from pad.ledger.schema import migrations

    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    migrations.apply(Database(connection), stop_before="promises")
    return connection


def _carry(aside: Path, fresh: sqlite3.Connection, table: str) -> int:
    """Copy every row of a table that can be read; how many."""
    known = [row["name"] for row in fresh.execute(f"PRAGMA table_info({table})")]
    count = 0
    fresh.execute("BEGIN")
    for row in _readable(aside, table):
        columns = [name for name in known if name in row.keys()]  # noqa: SIM118 - a Row is no dict
        marks = ", ".join("?" * len(columns))
        try:
            fresh.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                tuple(row[name] for name in columns),
            )
            count += 1
        except sqlite3.DatabaseError:
            continue  # a row that breaks a rule of its table is damage too; the file set aside keeps it
    fresh.execute("COMMIT")
    return count


def _readable(aside: Path, table: str) -> Iterator[sqlite3.Row]:
    """Rows from the front until damage, then rows from the back until damage."""
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(aside)) as damaged:
                damaged.row_factory = sqlite3.Row
                yield from damaged.execute(f"SELECT * FROM {table} ORDER BY 1 {order}")
        except sqlite3.DatabaseError:
            continue
        return
