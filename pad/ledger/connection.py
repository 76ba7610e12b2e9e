"""Opening the ledger: pragmas, migrations, transactions, and SQLite's errors as our own."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 7
"""How many migrations there are; ``PRAGMA user_version`` of a ledger that has them all."""

_BUSY_S: Final = 10.0
_DISK: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOLFS,
    }
)
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNREADABLE: Final = frozenset(
    {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA}
)
"""A bad place on the disk: damage as well, and no reason to wait for a better day."""
_NOT_TEXT: Final = "Could not decode to UTF-8"
"""What Python says, without a code of SQLite's, of a column whose bytes are no text."""


class LedgerError(Exception):
    """Something is wrong with the ledger."""


class LedgerUnwritable(LedgerError):
    """The disk takes nothing now: full, read-only, gone, or held by somebody."""


class LedgerDamaged(LedgerError):
    """The file is not, or no longer, a ledger."""


class MatterRated(LedgerError):
    """The matter already has its rating."""


@contextmanager
def translated(connection: sqlite3.Connection | None = None) -> Iterator[None]:
    """Let SQLite's errors rise as the ledger's own.

    Damage met on ``connection`` is remembered beside its file, so that the next start looks at
    all of it and not just at its ends.

    :raises LedgerUnwritable: if the disk is full, read-only or gone
    :raises LedgerDamaged: if the file is damaged
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _DAMAGE or code in _UNREADABLE or _NOT_TEXT in str(error):
            if connection is not None:
                _suspect(connection)
            # Python shows the bytes that are no text, which are a person's own words
            what = _NOT_TEXT if _NOT_TEXT in str(error) else error
            raise LedgerDamaged(f"the ledger is damaged: {what}") from error
        if code & 0xFF in _DISK:
            raise LedgerUnwritable(f"the ledger cannot be written: {error}") from error
        raise


def suspicion(path: Path) -> Path:
    """The file beside a ledger that says that damage was met in it."""
    return path.with_name(path.name + ".suspect")


def _suspect(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error, OSError):
        suspicion(Path(connection.execute("PRAGMA database_list").fetchone()["file"])).touch()


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger, made and migrated as needed; one connection a thread.

    :raises LedgerUnwritable: if it cannot be opened
    :raises LedgerDamaged: if it is no ledger, or one of a later version
    """
    try:
        return _connect(path)
    except OSError as error:
        raise LedgerUnwritable(
            f"{error.filename}: cannot be used ({error.strerror}); make it usable"
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    with translated():
        connection = _open(path)
        try:
            connection.row_factory = sqlite3.Row
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


def _open(path: Path) -> sqlite3.Connection:
    """Only what is not there is made, and not while a damaged file is being replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return _open_as(path, "rw")
    with alone(path):
        # SQLite would make it 0644; kiosk and syncd are two users of one group
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o660))
        return _open_as(path, "rw")


def _open_as(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True,
    )  # fmt: skip


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    if _version(path, connection) == SCHEMA_VERSION and _journal_mode(connection) == "wal":
        return
    # sqlite-utils and the migrations cost start-up time that only a first start should pay
    from sqlite_utils import Database

    from pad.ledger.schema import migrations

    # SQLite does not wait for its turn to change the journal mode, so it is taken here
    with alone(path):
        connection.execute("PRAGMA journal_mode=WAL")
        if _version(path, connection) < SCHEMA_VERSION:
            migrations.apply(Database(connection))
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _version(path: Path, connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LedgerDamaged(
            f"{path}: written by a later version (schema {version}; this one knows "
            f"{SCHEMA_VERSION}); install that version or newer"
        )
    return version


def _journal_mode(connection: sqlite3.Connection) -> str:
    mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return mode


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold off the other program while a ledger is made, migrated or replaced; not to be nested."""
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o660)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One short write transaction, durable when the block is left; nothing of it if it raises."""
    with translated(connection):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
