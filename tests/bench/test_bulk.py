"""The ledger that is made for measuring is the one the pad would have written."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import bulk
from pad import keys
from pad.ledger.connection import connect
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.ledger.verification import verify

TABLES = ("visits", "ratings", "deliveries", "rater", "draft", "journal", "checkpoints")


def count_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every ``uuid7()`` count, from nought again, so that two ledgers can be the same."""
    for module, kind in (("bench.bulk", "visit"), ("uuid6", "rating")):
        names = map(f"{kind}-{{:06}}".format, itertools.count())
        monkeypatch.setattr(f"{module}.uuid7", names.__next__)


def one_by_one(state: Path, ratings: int) -> None:
    db = connect(state / "ledger.db")
    device_keys = keys.device_keys(state, may_create=False)
    recorder, outbox = Recorder(db, device_keys, "bench"), Outbox(db, device_keys)
    for each in bulk.made(0, ratings):
        if each.unrated is not None:
            visit, end = each.unrated
            recorder.open_visit(visit)
            recorder.end_visit(end)
        if each.finished is not None:
            recorder.open_visit(each.finished.visit)
            recorder.append(each.finished)
    outbox.record(bulk.delivered(seq) for seq in range(1, ratings - 2))
    db.close()


def rows(state: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(state / "ledger.db")) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def test_it_is_row_for_row_what_recorder_and_syncd_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_AT_ONCE", 7)
    quick, slow = tmp_path / "quick", tmp_path / "slow"
    for state in (quick, slow):
        state.mkdir()
    device_keys = keys.device_keys(quick, may_create=True)
    shutil.copytree(quick / "keys", slow / "keys")
    count_up(monkeypatch)
    bulk.fill(quick, 20, waiting=3)
    count_up(monkeypatch)
    one_by_one(slow, 20)
    found = {table: rows(quick, table) for table in TABLES}
    assert found == {table: rows(slow, table) for table in TABLES}
    assert [len(found[table]) for table in ("ratings", "visits", "deliveries")] == [20, 24, 17]
    with closing(connect(quick / "ledger.db")) as db:
        _, head, broken = verify(db, device_keys.chain)
    assert (head.seq, broken) == (20, None)
