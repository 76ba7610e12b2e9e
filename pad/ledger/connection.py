"""Opening the ledger: pragmas, migrations, transactions, and SQLite's errors as our own."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from pad.clock import SystemClock
from pad.ledger.journal import write_note

SCHEMA_VERSION: Final = 9
"""How many migrations there are; ``PRAGMA user_version`` of a ledger that has them all."""

_log = logging.getLogger("pad.ledger")
MIGRATION_SET: Final = "pad.ledger"
"""The name under which a ledger keeps the migrations it has; no other program's file has it."""

_LATEST_EVER: Final = 999
"""No version of ours will have so many migrations; a higher number is a damaged header."""
_MIGRATIONS: Final = "_sqlite_migrations"
"""sqlite-utils' table of them."""
_HEADER_BYTES: Final = 100
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


class Refusal(StrEnum):
    """Why the disk takes nothing; the journal's word for it."""

    FULL = "disk_full"
    READ_ONLY = "disk_read_only"
    FAILED = "disk_failed"
    WAL_GONE = "wal_missing"


_REFUSED: Final = {
    sqlite3.SQLITE_FULL: Refusal.FULL,
    sqlite3.SQLITE_READONLY: Refusal.READ_ONLY,
    sqlite3.SQLITE_PERM: Refusal.READ_ONLY,
}
_REFUSED_BY_SYSTEM: Final = {
    errno.ENOSPC: Refusal.FULL,
    errno.EDQUOT: Refusal.FULL,
    errno.EROFS: Refusal.READ_ONLY,
    errno.EACCES: Refusal.READ_ONLY,
    errno.EPERM: Refusal.READ_ONLY,
}


class LedgerError(Exception):
    """Something is wrong with the ledger."""


class LedgerUnwritable(LedgerError):
    """The disk takes nothing now: full, read-only, gone, or held by somebody."""

    def __init__(self, message: str, why: Refusal = Refusal.FAILED) -> None:
        super().__init__(message)
        self.why = why


class LedgerDamaged(LedgerError):
    """The file is not, or no longer, a ledger."""


class LedgerOfLaterVersion(LedgerError):
    """The file is whole, and of a version this one cannot know: nothing of it is touched."""


class MatterRated(LedgerError):
    """The matter already has its rating."""


class RatedOnPhone(MatterRated):
    """The matter already has its rating, and a phone gave it."""


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
    except UnicodeDecodeError:
        # Python could not even tell SQLite's error: it names a table by bytes that are no text
        if connection is not None:
            _suspect(connection)
        raise LedgerDamaged(f"the ledger is damaged: {_NOT_TEXT}") from None
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _DAMAGE or code in _UNREADABLE or _NOT_TEXT in str(error):
            if connection is not None:
                _suspect(connection)
            if _NOT_TEXT in str(error):
                # Python shows the bytes that are no text, which are a person's own words
                raise LedgerDamaged(f"the ledger is damaged: {_NOT_TEXT}") from None
            raise LedgerDamaged(f"the ledger is damaged: {error}") from error
        if code & 0xFF in _DISK:
            why = _REFUSED.get(code & 0xFF, Refusal.FAILED)
            raise LedgerUnwritable(f"the ledger cannot be written: {error}", why) from error
        raise


def unusable(error: OSError, path: Path) -> LedgerUnwritable:
    """What the system says of a file or folder the ledger needs, as the ledger's own error."""
    why = _REFUSED_BY_SYSTEM.get(error.errno or 0, Refusal.FAILED)
    return LedgerUnwritable(
        f"{error.filename or path}: cannot be used ({error.strerror}); make it usable", why
    )


def suspicion(path: Path) -> Path:
    """The file beside a ledger that says that damage was met in it."""
    return path.with_name(path.name + ".suspect")


def _suspect(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error, OSError):
        suspicion(Path(connection.execute("PRAGMA database_list").fetchone()["file"])).touch()


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger, made and migrated as needed; one connection a thread.

    :raises LedgerUnwritable: if it cannot be opened
    :raises LedgerDamaged: if it is no ledger
    :raises LedgerOfLaterVersion: if a later version wrote it
    """
    try:
        return _connect(path)
    except OSError as error:
        raise unusable(error, path) from error


def _connect(path: Path) -> sqlite3.Connection:
    with translated():
        connection, has_lost_wal = _open(path)
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
            if has_lost_wal:
                _note_lost_wal(path, connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _open(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Only what is not there is made, and not while a damaged file is being replaced.

    :returns: the connection, and whether the file's WAL was lost since somebody last had it open
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder stands in the ledger's place", str(path))
    if path.exists() and 0 < path.stat().st_size < _HEADER_BYTES:
        raise LedgerDamaged(f"{path}: no database")  # to SQLite it is an empty one, to be written over
    if path.exists() and not is_wal_gone(path):
        return _open_as(path, "rw"), False
    with alone(path):
        if is_wal_gone(path) and _is_in_use(shared_memory(path)):
            # a second WAL beside the one that the others still write to would damage the ledger
            raise LedgerUnwritable(
                f"{wal(path)}: deleted while in use; it is made anew when all have let go of it",
                Refusal.WAL_GONE,
            )
        # asked again: the last to let go copies what the WAL held and takes its index along
        has_lost_wal = is_wal_gone(path)
        # SQLite would make it 0644; kiosk and syncd are two users of one group
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o660))
        connection = _open_as(path, "rw")
        if has_lost_wal:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # makes a new one
        return connection, has_lost_wal


def wal(path: Path) -> Path:
    """A ledger's write-ahead log."""
    return path.with_name(path.name + "-wal")


def shared_memory(path: Path) -> Path:
    """The index of a ledger's WAL, which its users share; it comes and goes with the WAL."""
    return path.with_name(path.name + "-shm")


def is_wal_gone(path: Path) -> bool:
    """Whether a ledger that is in use, or was when the power went, has no WAL any more."""
    return shared_memory(path).exists() and path.exists() and not wal(path).exists()


def _is_in_use(shm: Path) -> bool:
    """Whether any process has a ledger open: SQLite then holds a lock on its shared memory.

    Nothing is opened for this: closing a file drops every lock that this process has on it.
    """
    try:
        inode = str(shm.stat().st_ino)
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return any(inode in line.replace(":", " ").split() for line in locks)


def _note_lost_wal(path: Path, connection: sqlite3.Connection) -> None:
    why = f"{wal(path)}: gone; what had not been copied from it into the ledger is lost"
    _log.error("%s", why)
    with suppress(LedgerUnwritable), transaction(connection) as db:
        write_note(db, Refusal.WAL_GONE, SystemClock().read(), {"why": why})


def _open_as(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True,
    )  # fmt: skip


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    if _version(connection) == SCHEMA_VERSION and _journal_mode(connection) == "wal":
        return
    # sqlite-utils and the migrations cost start-up time that only a first start should pay
    from sqlite_utils import Database

    from pad.ledger.schema import migrations

    # SQLite does not wait for its turn to change the journal mode, so it is taken here
    with alone(path):
        applied = _applied(path, connection)
        version = _version(connection)
        _refuse_later(path, version)
        connection.execute("PRAGMA journal_mode=WAL")
        if version == SCHEMA_VERSION:
            return
        migrations.apply(Database(connection))
        before = version if version > 0 else applied
        with transaction(connection) as db:
            if before:
                detail = {"from": before, "to": SCHEMA_VERSION}
                write_note(db, "ledger_migrated", SystemClock().read(), detail)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _applied(path: Path, connection: sqlite3.Connection) -> int:
    """How many of the ledger's migrations a file has; 0 for a new one.

    :raises LedgerDamaged: if it is somebody else's
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    count = 0
    if _MIGRATIONS in tables:
        count = connection.execute(
            f"SELECT COUNT(*) FROM {_MIGRATIONS} WHERE migration_set = ?", (MIGRATION_SET,)
        ).fetchone()[0]
    if not count and tables - {_MIGRATIONS}:
        raise LedgerDamaged(f"{path}: a database, but of another program's")
    return count


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _refuse_later(path: Path, version: int) -> None:
    if version > _LATEST_EVER:
        raise LedgerDamaged(f"{path}: its header is damaged (schema {version})")
    if version > SCHEMA_VERSION:
        raise LedgerOfLaterVersion(
            f"{path}: written by a later version (schema {version}; this one knows "
            f"{SCHEMA_VERSION}); install that version or newer"
        )


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


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Several questions answered of the same moment; no writer waits for it."""
    with translated(connection):
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
