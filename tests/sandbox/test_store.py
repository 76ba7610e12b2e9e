"""What the store promises: it counts without counting, and keeps persons' data to its owner."""

from __future__ import annotations

import sqlite3
import stat
from datetime import datetime
from pathlib import Path

import pytest

from pad.model import CHINA_TIME
from sandbox.store import Arrival, Store
from tests.sandbox.conftest import record

NOW = datetime.now(CHINA_TIME)


def filled(folder: Path, count: int) -> Store:
    store = Store(folder)
    for number in range(count):
        store.add(Arrival(record(f"P{number}", satisfaction=str(1 + number % 5)), "national"), NOW)
    return store


def test_the_count_holds_through_a_rollback_and_a_clearing(tmp_path: Path) -> None:
    store = filled(tmp_path, 3)

    def add_the_same_twice() -> None:
        with store.transaction():
            for _ in range(2):
                store.add(Arrival(record("P9"), "national"), NOW)

    with pytest.raises(sqlite3.IntegrityError):
        add_the_same_twice()
    assert store.count() == 3
    store.clear()
    assert store.count() == 0
    store.add(Arrival(record("P1"), "national"), NOW)
    assert store.count() == store.summary()["distinct"] == 1
    store.close()


def test_the_summary_of_nothing_is_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    told = store.summary()
    assert (told["distinct"], told["arrivals"], set(told["levels"].values())) == (0, 0, {0})
    store.close()


def test_what_is_asked_every_second_reads_no_rating(tmp_path: Path) -> None:
    store = filled(tmp_path, 10)
    for sql in (
        "SELECT level, COUNT(*), SUM(arrivals) FROM ratings GROUP BY level",
        "SELECT COALESCE(MAX(rowid), 0) FROM ratings",
    ):
        (plan,) = [row["detail"] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert "COVERING INDEX" in plan or plan.startswith("SEARCH")
    store.close()


def test_the_store_is_its_owners_alone(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    assert stat.S_IMODE((tmp_path / "platform.db").stat().st_mode) == 0o600
