"""Opening the ledger: pragmas, migrations, transactions, and SQLite's errors as our own."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 3
"""How many migrations there are; ``PRAGMA user_version`` of a ledger that has them all."""

_BUSY_S: Final = 10.0
_DISK: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
    }
)
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class LedgerError(Exception):
    """Something is wrong with the ledger."""


class LedgerUnwritable(LedgerError):
    """The disk takes nothing now: full, read-only, gone, or held by somebody."""


class LedgerDamaged(LedgerError):
    """The file is not, or no longer, a ledger."""


class MatterRated(LedgerError):
    """The matter already has its rating."""


@contextmanager
def translated() -> Iterator[None]:
    """Let SQLite's errors rise as the ledger's own.

    :raises LedgerUnwritable: if the disk is full, read-only or gone
    :raises LedgerDamaged: if the file is damaged
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _DISK:
            raise LedgerUnwritable(f"the ledger cannot be written: {error}") from error
        if primary in _DAMAGE:
            raise LedgerDamaged(f"the ledger is damaged: {error}") from error
        raise


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger, made and migrated as needed; one connection a thread.

    :raises LedgerUnwritable: if it cannot be opened
    :raises LedgerDamaged: if it is no ledger, or one of a later version
    """
    with translated():
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            for pragma in (
                "synchronous=FULL",
                "foreign_keys=ON",
                "secure_delete=ON",
                "temp_store=MEMORY",
                "trusted_schema=OFF",
            ):
                connection.execute(f"PRAGMA {pragma}")
            _migrate(path, connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise LedgerDamaged(
            f"{path}: written by a later version (schema {version}; this one knows "
            f"{SCHEMA_VERSION}); install that version or newer"
        )
    # sqlite-utils and the migrations cost start-up time that only a first start should pay
    from sqlite_utils import Database

    from pad.ledger.schema import migrations

    with _alone(path):
        migrations.apply(Database(connection))
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold off the other program, which may be starting for the first time as well."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o660)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One short write transaction, durable when the block is left; nothing of it if it raises."""
    with translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
