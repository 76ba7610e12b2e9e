"""A damaged ledger is set aside whole, never deleted, and what can be read of it is carried over.

The new ledger is made complete beside the damaged one before anything is renamed: a full disk
leaves all as it was, and what a power cut interrupts is done again, or done with, at the next start.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Final

from pad.ledger.carving import rows_on_pages
from pad.ledger.connection import (
    MIGRATION_SET,
    SCHEMA_VERSION,
    LedgerDamaged,
    alone,
    connect,
    suspicion,
    transaction,
    translated,
    unusable,
)
from pad.ledger.journal import write_note
from pad.ledger.rows import insert
from pad.model import Instant

_log = logging.getLogger("pad.ledger")
_CARRIED: Final = (
    "ratings", "visits", "rater", "draft", "deliveries", "checkpoints", "journal", "anchors",
    "flags", "alerts", "checkpoint_marks", "cut_short", "rated_elsewhere",
)  # fmt: skip
_ENDS: Final = 100
_WHOLE_UP_TO_BYTES: Final = 16 * 1024 * 1024
"""A look at all of a file takes some 2 ms a MiB: at every start for the first years' ledgers, for a
larger one only where damage was met in it."""


def open_ledger(path: Path, now: Instant) -> sqlite3.Connection:
    """Open the ledger; one that is damaged is replaced by a new one with all that can be read of it.

    :raises LedgerUnwritable: if it cannot be opened or made; nothing was changed then
    :raises LedgerOfLaterVersion: if a later version wrote it; nothing was changed then
    """
    try:
        with translated():
            return _open(path, now)
    except OSError as error:
        raise unusable(error, path) from error


def _open(path: Path, now: Instant) -> sqlite3.Connection:
    if _is_complete(_fresh(path)):
        _swap(path)  # a power cut came between
    try:
        _refuse_journal_without_file(path)
        connection = connect(path)
        try:
            _look_around(path, connection)
        except LedgerDamaged:
            connection.close()
            raise
    except LedgerDamaged as error:
        why = str(error)
    except sqlite3.DatabaseError as error:  # a schema that is not, or no longer, ours
        why = f"{path}: {error}"
    else:
        suspicion(path).unlink(missing_ok=True)
        return connection
    _log.error("%s; it is set aside and what can be read is carried over", why)
    _make_fresh(path, now, why)
    _swap(path)
    suspicion(path).unlink(missing_ok=True)
    return connect(path)


# --- is it whole? ----------------------------------------------------------------------


def _refuse_journal_without_file(path: Path) -> None:
    """SQLite would delete the WAL of a file that is gone or empty, with the ratings in it."""
    if _has_content(_beside(path, "-wal")) and not _has_content(path):
        raise LedgerDamaged(f"{path}: missing or empty, though its WAL is there")


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _look_around(path: Path, connection: sqlite3.Connection) -> None:
    """Touch what every rating needs, so that damage there shows before a citizen does."""
    try:
        for table in _CARRIED:
            connection.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT {_ENDS}").fetchall()
        if suspicion(path).exists():
            _look_at_everything(connection)
        elif path.stat().st_size <= _WHOLE_UP_TO_BYTES:
            _check(connection, "quick_check")
    except sqlite3.DatabaseError as error:
        what = "a text is no text" if "UTF-8" in str(error) else error
        raise LedgerDamaged(f"the ledger is damaged: {what}") from error


def _look_at_everything(connection: sqlite3.Connection) -> None:
    """Damage was met: indexes are compared with their tables, and every value is read."""
    _check(connection, "integrity_check")
    for table in _CARRIED:
        for _ in connection.execute(f"SELECT * FROM {table}"):
            pass


def _check(connection: sqlite3.Connection, check: str) -> None:
    found = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if found != "ok":
        raise LedgerDamaged(f"the ledger is damaged: {found.splitlines()[-1]}")


# --- a new one beside it ---------------------------------------------------------------


def _make_fresh(path: Path, now: Instant, why: str) -> None:
    """Write the new ledger; it counts as complete once it bears the schema's version."""
    fresh, aside = _fresh(path), _aside(path, now)
    for leftover in (fresh, _beside(fresh, "-journal")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT, 0o660))  # kiosk and syncd are two users of one group
    with closing(_bare(fresh)) as connection:
        promises = _lift_promises(connection)
        is_foreign = not _may_be_ours(path)
        carried = dict.fromkeys(_CARRIED, 0) if is_foreign else _carry_all(path, connection)
        with transaction(connection) as db:
            for promise in promises:
                db.execute(promise)
            detail = {"why": why, "set_aside": aside.name, "carried": carried}
            write_note(db, "ledger_rescued", now, detail)
            if is_foreign:
                write_note(db, "foreign_file_set_aside", now, {"set_aside": aside.name})
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _bare(path: Path) -> sqlite3.Connection:
    """A ledger with its tables; see :func:`_lift_promises`."""
    from sqlite_utils import Database

    from pad.ledger.schema import migrations

    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous=FULL")
    migrations.apply(Database(connection))
    return connection


def _lift_promises(connection: sqlite3.Connection) -> list[str]:
    """Take the triggers off, for a gap in what can be read must fit in; the statements that put them back."""
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    with transaction(connection) as db:
        for trigger in triggers:
            db.execute(f"DROP TRIGGER {trigger['name']}")
    return [trigger["sql"] for trigger in triggers]


def _is_complete(fresh: Path) -> bool:
    if not fresh.exists():
        return False
    try:
        with closing(_reading(fresh)) as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:
        return False
    return version == SCHEMA_VERSION


# --- carrying over ---------------------------------------------------------------------


def _may_be_ours(path: Path) -> bool:
    """Whether a file, or its WAL, ever was a ledger: then the name of its migrations stands in it."""
    beside = (path, _beside(path, "-wal"))
    return any(_content(file).find(MIGRATION_SET.encode()) >= 0 for file in beside)


def _content(file: Path) -> bytes | mmap.mmap:
    if not _has_content(file):
        return b""
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def _carry_all(damaged: Path, fresh: sqlite3.Connection) -> dict[str, int]:
    """Carry over what SQLite finds, then what it does not find but stands whole on some page."""
    carried = dict.fromkeys(_CARRIED, 0)
    if _has_content(damaged):  # opened even for reading, an empty file would cost us its WAL
        with closing(_reading(damaged)) as source:
            with suppress(sqlite3.DatabaseError):
                source.execute(
                    "SELECT 1 FROM ratings LIMIT 0"
                )  # where the schema is damaged, the first one fails
            for table in _CARRIED:
                carried[table] = _carry(source, fresh, table)
    with transaction(fresh) as db:
        columns = {table: db.execute(f"PRAGMA table_info({table})").fetchall() for table in _CARRIED}
        file, wal = memoryview(_content(damaged)), memoryview(_content(_beside(damaged, "-wal")))
        for table, row in rows_on_pages(file, wal, columns):
            carried[table] += _put(db, table, row)
        _mend(db)
    return carried


def _mend(db: sqlite3.Connection) -> None:
    """Put right what a hole in one table means for another.

    A delivery whose rating is lost would pass for the delivery of the next rating, and a rating
    whose delivery is lost for one that needs none. Sent once more, it is a duplicate at worst.
    Flags whose rating or visit is lost mark nothing, and would stay for good. A page of another
    table in the place of the checkpoints' gives rows without a hash, from which no chain begins.
    """
    db.execute("DELETE FROM checkpoints WHERE length(hash) <> 64 OR hash GLOB '*[^0-9a-f]*'")
    db.execute("DELETE FROM checkpoint_marks WHERE seq NOT IN (SELECT seq FROM checkpoints)")
    db.execute("DELETE FROM deliveries WHERE seq NOT IN (SELECT seq FROM ratings)")
    db.execute("DELETE FROM rater WHERE rating_id NOT IN (SELECT id FROM ratings)")
    db.execute("DELETE FROM flags WHERE seq NOT IN (SELECT seq FROM ratings)")
    db.execute("DELETE FROM flags WHERE visit_id NOT IN (SELECT id FROM visits)")
    db.execute("DELETE FROM cut_short WHERE visit_id NOT IN (SELECT id FROM visits)")
    db.execute(
        "INSERT INTO deliveries (seq, state, attempts) SELECT seq, 'pending', 0 FROM ratings "
        "WHERE seq NOT IN (SELECT seq FROM deliveries)"
    )


def _carry(damaged: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> int:
    """Copy every row of a table that SQLite can read; how many."""
    known = [row["name"] for row in fresh.execute(f"PRAGMA table_info({table})")]
    with transaction(fresh):
        return sum(
            _put(fresh, table, {name: row[name] for name in known if name in row.keys()})  # noqa: SIM118 - a Row is no dict
            for row in _readable(damaged, table)
        )


def _put(fresh: sqlite3.Connection, table: str, row: Mapping[str, object]) -> int:
    """Put a row in if its place is free; how many that makes."""
    try:
        return fresh.execute(*insert(table, row, "INSERT OR IGNORE")).rowcount
    except sqlite3.IntegrityError:
        return 0  # a row that breaks a rule of its table is damage too; the file set aside keeps it


def _readable(damaged: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """The rows from the front until damage, then from the back; what lies between is on its pages only."""
    for order in ("ASC", "DESC"):
        try:
            yield from damaged.execute(f"SELECT * FROM {table} ORDER BY 1 {order}")
        except sqlite3.DatabaseError:
            continue
        return


def _reading(path: Path) -> sqlite3.Connection:
    """A look at a file, its WAL included, that changes neither."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # a byte that is no text costs a character, and the row its proof, but not the rating
    connection.text_factory = lambda text: text.decode(errors="replace")
    # SQLite then makes do with what it can read of the schema: the tables stand before the triggers
    connection.execute("PRAGMA writable_schema=ON")
    return connection


# --- in its place ----------------------------------------------------------------------


def _swap(path: Path) -> None:
    """Put the complete new ledger in the place of the damaged one; begun again, it goes on."""
    fresh = _fresh(path)
    with closing(_reading(fresh)) as connection:
        row = connection.execute(
            "SELECT detail FROM journal WHERE kind = 'ledger_rescued' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    aside = path.with_name(json.loads(row["detail"])["set_aside"])
    with alone(path):
        for suffix in ("", "-wal", "-shm"):
            found, kept = _beside(path, suffix), _beside(aside, suffix)
            if found.exists() and not kept.exists():
                found.rename(kept)  # together under the new name, so that SQLite still finds both
        fresh.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _fresh(path: Path) -> Path:
    return _beside(path, ".rescue")


def _aside(path: Path, now: Instant) -> Path:
    stem = f"{path.name}.damaged-{now.wall:%Y%m%dT%H%M%S}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(aside for name in names if not (aside := path.with_name(name)).exists())


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
