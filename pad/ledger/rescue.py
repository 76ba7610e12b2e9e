"""A damaged ledger is set aside whole, never deleted, and what can be read of it is carried over.

The new ledger is made complete beside the damaged one before anything is renamed: a full disk
leaves all as it was, and what a power cut interrupts is done again, or done with, at the next start.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from typing import Final

from pad.ledger.connection import (
    SCHEMA_VERSION,
    LedgerDamaged,
    LedgerUnwritable,
    alone,
    connect,
    suspicion,
    transaction,
    translated,
)
from pad.ledger.recording import write_note
from pad.model import Instant

_log = logging.getLogger("pad.ledger")
_CARRIED: Final = (
    "ratings", "visits", "rater", "draft", "deliveries", "checkpoints", "journal", "anchors",
    "flags", "alerts", "checkpoint_marks", "cut_short",
)  # fmt: skip
"""Ratings first: they name the visits and raters to look for where damage hides them."""
_NAMED_BY_RATINGS: Final = {"visits": "visit_id", "rater": "id"}
_NUMBERED: Final = frozenset(
    {"ratings", "deliveries", "checkpoints", "checkpoint_marks", "journal", "flags", "cut_short"}
)
_ENDS: Final = 100
_WHOLE_UP_TO_BYTES: Final = 16 * 1024 * 1024
"""A look at all of a file takes some 2 ms a MiB: at every start for the first years' ledgers, for a
larger one only where damage was met in it."""
_MISSES_MAX: Final = 20_000
"""So many rows in a row that cannot be read, and nothing is expected behind them."""


def open_ledger(path: Path, now: Instant) -> sqlite3.Connection:
    """Open the ledger; one that is damaged is replaced by a new one with all that can be read of it.

    :raises LedgerUnwritable: if it cannot be opened or made; nothing was changed then
    """
    try:
        with translated():
            return _open(path, now)
    except OSError as error:
        raise LedgerUnwritable(
            f"{error.filename}: cannot be used ({error.strerror}); make it usable"
        ) from error


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
        if suspicion(path).exists() or path.stat().st_size <= _WHOLE_UP_TO_BYTES:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise LedgerDamaged(f"the ledger is damaged: {found.splitlines()[-1]}")
    except sqlite3.DatabaseError as error:
        raise LedgerDamaged(f"the ledger is damaged: {error}") from error


# --- a new one beside it ---------------------------------------------------------------


def _make_fresh(path: Path, now: Instant, why: str) -> None:
    """Write the new ledger; it counts as complete once it bears the schema's version."""
    fresh, aside = _fresh(path), _aside(path, now)
    for leftover in (fresh, _beside(fresh, "-journal")):
        leftover.unlink(missing_ok=True)
    with closing(_bare(fresh)) as connection:
        promises = _lift_promises(connection)
        carried = _carry_all(path, connection)
        with transaction(connection) as db:
            for promise in promises:
                db.execute(promise)
            write_note(db, "ledger_rescued", now, {"why": why, "set_aside": aside.name, "carried": carried})
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


def _carry_all(damaged: Path, fresh: sqlite3.Connection) -> dict[str, int]:
    carried = dict.fromkeys(_CARRIED, 0)
    if not _has_content(damaged):
        return carried  # opened even for reading, an empty file would cost us its WAL
    with closing(_reading(damaged)) as source:
        with suppress(sqlite3.DatabaseError):
            source.execute(
                "SELECT 1 FROM ratings LIMIT 0"
            )  # where the schema is damaged, the first one fails
        for table in _CARRIED:
            carried[table] = _carry(source, fresh, table)
    with transaction(fresh) as db:
        _mend(db)
    return carried


def _mend(db: sqlite3.Connection) -> None:
    """Put right what a hole in one table means for another.

    A delivery whose rating is lost would pass for the delivery of the next rating, and a rating
    whose delivery is lost for one that needs none. Sent once more, it is a duplicate at worst.
    Flags whose rating or visit is lost mark nothing, and would stay for good.
    """
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
    """Copy every row of a table that can be read; how many."""
    known = [row["name"] for row in fresh.execute(f"PRAGMA table_info({table})")]
    before = fresh.total_changes
    with transaction(fresh):
        for row in _readable(damaged, fresh, table, known[0]):
            columns = [name for name in known if name in row.keys()]  # noqa: SIM118 - a Row is no dict
            marks = ", ".join("?" * len(columns))
            try:
                fresh.execute(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                    tuple(row[name] for name in columns),
                )
            except sqlite3.IntegrityError:
                continue  # a row that breaks a rule of its table is damage too; the file set aside keeps it
    return fresh.total_changes - before


def _readable(
    damaged: sqlite3.Connection, fresh: sqlite3.Connection, table: str, key: str
) -> Iterator[sqlite3.Row]:
    """Rows from the front until damage, then from the back, then one by one what lies between."""
    try:
        damaged.execute(f"SELECT {key} FROM {table} LIMIT 0")
    except sqlite3.DatabaseError:
        return
    ends: list[object] = []
    for order in ("ASC", "DESC"):
        last: object = None
        try:
            for row in damaged.execute(f"SELECT * FROM {table} ORDER BY 1 {order}"):
                last = row[0]
                yield row
        except sqlite3.DatabaseError:
            ends.append(last)
        else:
            return
    misses = 0
    for value in _between(fresh, table, key, *ends):
        found = None
        with suppress(sqlite3.DatabaseError):
            found = damaged.execute(f"SELECT * FROM {table} WHERE {key} = ?", (value,)).fetchone()
        if found is not None:
            yield found
        misses = 0 if found is not None else misses + 1
        if misses == _MISSES_MAX:
            return


def _between(
    fresh: sqlite3.Connection, table: str, key: str, front: object, back: object
) -> Iterable[object]:
    if table in _NUMBERED:
        first = front + 1 if isinstance(front, int) else 1
        return range(first, back) if isinstance(back, int) else count(first)
    if named := _NAMED_BY_RATINGS.get(table):
        rows = fresh.execute(
            f"SELECT {named} FROM ratings WHERE {named} NOT IN (SELECT {key} FROM {table}) ORDER BY seq"
        )
        return [row[0] for row in rows.fetchall()]
    return ()


def _reading(path: Path) -> sqlite3.Connection:
    """A look at a file, its WAL included, that changes neither."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
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
