"""Ledgers of earlier versions, and files that are none: migrated, set aside, or left alone, and noted."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database

from kiosk import disk
from pad import keys
from pad.ledger import verification
from pad.ledger.connection import SCHEMA_VERSION, LedgerUnwritable, connect
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from pad.ledger.schema import migrations
from tests.pad.ledger.conftest import PERSON, Window, at

NOW = at(5000)
NOBODY = 65534
Stored = dict[str, list[tuple[object, ...]]]
TABLES = ("ratings", "visits", "rater", "deliveries")
LATER = {"rater": 2}
"""Columns that the earliest version had of a table which has more by now."""


def ledger_of_version(version: int, path: Path, ratings: int = 20) -> None:
    """A ledger as that version left it: its tables, and rows in them."""
    made = path.with_name("made")
    made.mkdir()
    window = Window(made)
    window.db.execute("PRAGMA synchronous = OFF")
    for number in range(ratings):
        window.rate(1 + number % 5, rater=PERSON)
    window.settle(*range(1, ratings // 2))
    names = [each.name for each in migrations.pending(Database(memory=True))]
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        migrations.apply(Database(earlier), stop_before=names[version] if version < len(names) else None)
        earlier.execute("PRAGMA journal_mode = WAL")
        earlier.execute(f"PRAGMA user_version = {version}")
        there = {row[0] for row in earlier.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        earlier.execute("BEGIN")
        for table in ("visits", "ratings", "rater", "deliveries"):
            if table not in there:
                continue
            columns = [row[1] for row in earlier.execute(f"PRAGMA table_info({table})")]
            ended = "" if table != "visits" else " WHERE outcome IS NOT NULL"
            rows = window.db.execute(f"SELECT {', '.join(columns)} FROM {table}{ended} ORDER BY 1").fetchall()
            marks = ", ".join("?" * len(columns))
            earlier.executemany(f"INSERT INTO {table} VALUES ({marks})", [tuple(row) for row in rows])
        earlier.execute("COMMIT")
    window.db.close()
    shutil.copytree(made / "keys", path.parent / "keys")
    shutil.rmtree(made)


def stored(path: Path) -> Stored:
    """The rows that every version has, without what a later one added to them."""
    found: Stored = {}
    with closing(sqlite3.connect(path)) as db:
        there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in TABLES:
            rows = db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() if table in there else []
            found[table] = [row[: LATER.get(table)] for row in rows]
    return found


def journal(db: sqlite3.Connection) -> dict[str, dict[str, object]]:
    return {row["kind"]: json.loads(row["detail"]) for row in db.execute("SELECT * FROM journal")}


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_ledger_of_an_earlier_version_keeps_every_row_and_goes_on(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.db"
    ledger_of_version(version, path)
    before = stored(path)
    assert len(before["ratings"]) == 20
    open_ledger(path, NOW).close()
    assert stored(path) == before
    window = Window(tmp_path)
    assert journal(window.db) == {"ledger_migrated": {"from": version, "to": SCHEMA_VERSION}}
    assert verification.verify(window.db, window.keys.chain)[2] is None
    window.count = 1000
    assert window.rate().seq == 21
    sent = len(before["deliveries"])
    assert window.outbox.backlog().pending == 21 - sent
    window.db.close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_damaged_ledger_of_an_earlier_version_is_carried_into_this_one(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "ledger.db"
    ledger_of_version(version, path, ratings=60)
    before = stored(path)
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ratings'").fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xaa" * 4096
    path.write_bytes(content)
    open_ledger(path, NOW).close()
    after = stored(path)
    assert after["ratings"] == before["ratings"]
    assert after["rater"] == before["rater"]
    with closing(connect(path)) as db:
        assert verification.verify(db, keys.device_keys(tmp_path, may_create=False).chain)[2] is None


# --- what is no ledger --------------------------------------------------------------------


def foreign_database(path: Path, version: int = 0) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE ratings (film TEXT, stars INTEGER)")
        db.execute("INSERT INTO ratings VALUES ('Stalker', 5)")
        db.execute(
            "CREATE TABLE journal (id INTEGER PRIMARY KEY, at TEXT, b TEXT, c INTEGER, d TEXT, e TEXT)"
        )
        db.execute("INSERT INTO journal VALUES (1, 'x', 'x', 1, 'x', '{}')")
        db.execute(f"PRAGMA user_version = {version}")


@pytest.mark.parametrize("version", [0, 3, SCHEMA_VERSION, 77, 4711])
def test_another_programs_database_is_set_aside_as_it_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.db"
    foreign_database(path, version)
    before = path.read_bytes()
    open_ledger(path, NOW).close()
    window = Window(tmp_path)
    noted = journal(window.db)
    assert noted.keys() == {"ledger_rescued", "foreign_file_set_aside"}
    aside = tmp_path / str(noted["foreign_file_set_aside"]["set_aside"])
    assert aside.read_bytes() == before
    assert window.rate().seq == 1
    window.db.close()


@pytest.mark.parametrize("content", [b"x", "只是一封信。\n".encode() * 500])
def test_a_text_in_the_ledgers_place_is_set_aside_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    open_ledger(path, NOW).close()
    window = Window(tmp_path)
    aside = tmp_path / str(journal(window.db)["foreign_file_set_aside"]["set_aside"])
    assert aside.read_bytes() == content
    assert window.rate().seq == 1
    window.db.close()


def test_a_damaged_ledger_is_not_called_foreign(tmp_path: Path) -> None:
    window = Window(tmp_path)
    window.rate()
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.db.close()
    content = bytearray(window.path.read_bytes())
    content[:100] = bytes(100)
    window.path.write_bytes(content)
    open_ledger(window.path, NOW).close()
    with closing(connect(window.path)) as db:
        assert journal(db).keys() == {"ledger_rescued"}
        assert db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 1


def test_a_folder_in_the_ledgers_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerUnwritable, match=r"ledger\.db: .*folder"):
        open_ledger(tmp_path / "ledger.db", NOW)
    (tmp_path / "ledger.db").rmdir()
    open_ledger(tmp_path / "ledger.db", NOW).close()


# --- files beside it ----------------------------------------------------------------------


def left_by_a_power_cut(state: Path, folder: Path) -> Path:
    """A ledger whose last ratings stand in its WAL alone."""
    window = Window(state)
    for _ in range(5):
        window.rate()
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.rate()
    shutil.copytree(state, folder)
    window.db.close()
    return folder / "ledger.db"


def test_a_wal_that_is_gone_after_a_power_cut_is_noted(tmp_path: Path) -> None:
    path = left_by_a_power_cut(tmp_path / "pad", tmp_path / "copy")
    path.with_name("ledger.db-wal").unlink()
    with closing(open_ledger(path, NOW)) as db:
        assert "gone" in str(journal(db)["wal_missing"]["why"])
        assert [row[0] for row in db.execute("SELECT seq FROM ratings")] == [1, 2, 3, 4, 5]
        assert verification.verify(db, keys.device_keys(path.parent, may_create=False).chain)[2] is None
    with closing(open_ledger(path, NOW)) as db:
        assert db.execute("SELECT COUNT(*) FROM journal").fetchone()[0] == 1, "once"


def test_a_shared_memory_that_is_gone_costs_nothing(tmp_path: Path) -> None:
    path = left_by_a_power_cut(tmp_path / "pad", tmp_path / "copy")
    path.with_name("ledger.db-shm").unlink()
    with closing(open_ledger(path, NOW)) as db:
        assert [row[0] for row in db.execute("SELECT seq FROM ratings")] == [1, 2, 3, 4, 5, 6]
        assert journal(db) == {}


def test_nobody_makes_a_second_wal_beside_one_that_was_deleted_in_use(tmp_path: Path) -> None:
    window = Window(tmp_path)
    window.rate()
    window.path.with_name("ledger.db-wal").unlink()
    words = [
        sys.executable,
        "-c",
        f"from pad.ledger.connection import *; connect(Path({str(window.path)!r}))",
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "deleted while in use" in said.stderr
    assert not window.path.with_name("ledger.db-wal").exists()
    window.db.close()
    with closing(connect(window.path)) as db:
        assert db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 1


@contextmanager
def as_nobody() -> Iterator[None]:
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a while")
@pytest.mark.parametrize(("mode", "owner"), [(0o400, NOBODY), (0o644, 0), (0o600, 0)])
def test_a_ledger_that_this_user_may_not_write_says_so_and_stays(
    tmp_path: Path, mode: int, owner: int
) -> None:
    path = left_by_a_power_cut(tmp_path / "pad", tmp_path / "copy")
    for folder in (path.parent, *path.parents[1:-2]):
        folder.chmod(0o777)
    for file in path.parent.glob("ledger.db*"):
        os.chown(file, NOBODY, NOBODY)
    path.chmod(mode)
    os.chown(path, owner, owner)
    before, device_keys = path.read_bytes(), keys.device_keys(path.parent, may_create=False)
    with as_nobody():
        refused = disk.refusal(path, 1)
        with pytest.raises(LedgerUnwritable) as told, closing(open_ledger(path, NOW)) as db:
            Recorder(db, device_keys, "x").probe()
    assert refused is not None
    assert refused[0] == told.value.why or mode == 0o600
    assert refused[0] == "disk_read_only"
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))
    with closing(open_ledger(path, NOW)) as db:
        assert db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 6
