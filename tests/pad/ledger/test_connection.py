"""Opening and writing: what SQLite calls it, and what the ledger says."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

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
from pad.ledger.schema import migrations
from tests.pad.ledger.conftest import Window, at


def shape(db: sqlite3.Connection) -> set[tuple[str, str]]:
    return {(row[0], row[1]) for row in db.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")}


@pytest.mark.parametrize("stop_before", [each.name for each in migrations.pending(Database(memory=True))])
def test_a_ledger_of_any_earlier_version_is_brought_up_to_this_one(tmp_path: Path, stop_before: str) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        migrations.apply(Database(earlier), stop_before=stop_before)
    with closing(connect(path)) as brought_up, closing(connect(tmp_path / "new.db")) as new:
        assert shape(brought_up) == shape(new)
        assert brought_up.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION


def test_a_copy_that_lost_its_wal_mode_gets_it_back(tmp_path: Path) -> None:
    connect(tmp_path / "ledger.db").close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
    with closing(connect(tmp_path / "ledger.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.parametrize(
    ("pragma", "value"), [("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("temp_store", 2)]
)
def test_every_connection_is_durable_and_forgets_what_is_deleted(
    window: Window, pragma: str, value: int
) -> None:
    assert window.value(f"PRAGMA {pragma}") == value


def test_many_that_open_a_new_ledger_at_once_all_get_it(tmp_path: Path) -> None:
    versions: list[object] = []
    for number in range(5):
        path, together = tmp_path / f"{number}.db", threading.Barrier(6)

        def open_it(path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            with closing(connect(path)) as db:
                versions.append(db.execute("PRAGMA user_version").fetchone()[0])

        threads = [threading.Thread(target=open_it) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert versions == [SCHEMA_VERSION] * 30


def test_no_new_ledger_is_made_while_a_damaged_one_is_being_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opener = threading.Thread(target=lambda: connect(path).close())
    with alone(path):
        opener.start()
        opener.join(0.05)
        assert opener.is_alive()
        assert not path.exists()
    opener.join()
    assert path.exists()


# --- what the disk says ----------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(LedgerUnwritable, match="state"):
        connect(tmp_path / "state" / "deeper" / "ledger.db")
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerUnwritable):
        connect(tmp_path / "ledger.db")


def test_a_read_only_ledger_is_read_and_says_that_it_takes_nothing(window: Window) -> None:
    visit = window.visit()
    window.db.execute("PRAGMA query_only = ON")
    assert window.recorder.visit(visit.id) is not None
    with pytest.raises(LedgerUnwritable, match="readonly"):
        window.recorder.note("test", at(0), {})
    assert not window.db.in_transaction


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any file")
def test_a_write_protected_file_says_that_it_takes_nothing(window: Window) -> None:
    window.db.close()
    window.path.chmod(0o400)
    with pytest.raises(LedgerUnwritable), closing(connect(window.path)) as db, transaction(db):
        pass


def test_a_ledger_that_somebody_holds_for_too_long_says_so(window: Window) -> None:
    window.db.execute("PRAGMA busy_timeout = 20")
    other = connect(window.path)
    with closing(other), transaction(other), pytest.raises(LedgerUnwritable, match="locked"):
        window.recorder.note("test", at(0), {})
    window.recorder.note("test", at(0), {})


class Failing(sqlite3.OperationalError):
    """An error with a code of SQLite's."""

    def __init__(self, code: int) -> None:
        super().__init__("as SQLite says it")
        self.sqlite_errorcode = code


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (sqlite3.SQLITE_FULL, LedgerUnwritable),
        (sqlite3.SQLITE_IOERR_WRITE, LedgerUnwritable),
        (sqlite3.SQLITE_IOERR_FSYNC, LedgerUnwritable),
        (sqlite3.SQLITE_READONLY_DBMOVED, LedgerUnwritable),
        (sqlite3.SQLITE_CANTOPEN, LedgerUnwritable),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, LedgerUnwritable),
        (sqlite3.SQLITE_PROTOCOL, LedgerUnwritable),
        (sqlite3.SQLITE_PERM, LedgerUnwritable),
        (sqlite3.SQLITE_CORRUPT, LedgerDamaged),
        (sqlite3.SQLITE_CORRUPT_INDEX, LedgerDamaged),
        (sqlite3.SQLITE_NOTADB, LedgerDamaged),
        (sqlite3.SQLITE_IOERR_READ, LedgerDamaged),
        (sqlite3.SQLITE_CONSTRAINT_TRIGGER, Failing),
    ],
)
def test_each_of_sqlites_errors_means_wait_or_mend(code: int, meaning: type[Exception]) -> None:
    with pytest.raises(meaning), translated():
        raise Failing(code)


def test_damage_is_remembered_beside_the_file_it_was_met_in(window: Window) -> None:
    with pytest.raises(LedgerDamaged), translated(window.db):
        raise Failing(sqlite3.SQLITE_CORRUPT)
    assert suspicion(window.path).exists()


def test_a_transaction_that_raises_leaves_nothing_and_lets_the_next_one_in(window: Window) -> None:
    def interrupted() -> None:
        with transaction(window.db) as db:
            db.execute("INSERT INTO journal VALUES (1, '', '', 1, '', '')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert window.value("SELECT COUNT(*) FROM journal") == 0
    window.recorder.note("test", at(0), {})
