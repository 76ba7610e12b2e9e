"""The ledger's promises hold whoever opens the file, with any program."""

from __future__ import annotations

import sqlite3

import pytest

from tests.pad.ledger.conftest import Window, at


@pytest.fixture
def rated(window: Window) -> Window:
    for level in (5, 1, 3):
        window.rate(level)
    window.recorder.note("test", at(0), {})
    return window


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE ratings SET level = 5 WHERE seq = 2", "a rating never changes"),
        ("UPDATE ratings SET comment = '' WHERE seq = 1", "a rating never changes"),
        ("DELETE FROM ratings WHERE seq = 2", "never leaves"),
        ("DELETE FROM ratings", "never leaves"),
        (
            "REPLACE INTO ratings SELECT * FROM ratings WHERE seq = 2",
            "seq must follow|is rated|has its rating",
        ),
        ("UPDATE visits SET outcome = 'cancelled'", "a visit ends once"),
        ("UPDATE visits SET project_no = 'P9'", "ends once|only its end"),
        ("REPLACE INTO visits SELECT * FROM visits WHERE id = 'v1'", "there already"),
        ("UPDATE journal SET kind = 'x'", "only grows"),
        ("DELETE FROM journal", "only grows"),
        ("REPLACE INTO journal SELECT * FROM journal", "only grows"),
        ("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 2", "settled"),
        ("INSERT INTO checkpoints VALUES (2, 'forged', '')", "settled"),
        ("INSERT INTO checkpoints VALUES (99, 'forged', '')", "settled"),
        ("INSERT INTO deliveries (seq, state, attempts) VALUES (1, 'lost', 1)", "CHECK"),
        ("INSERT INTO deliveries (seq, state, attempts) VALUES (1, 'acknowledged', 1)", "CHECK"),
    ],
)
def test_what_must_never_happen_is_refused(rated: Window, sql: str, words: str) -> None:
    before = [tuple(row) for row in rated.db.execute("SELECT * FROM ratings")]
    with pytest.raises(sqlite3.IntegrityError, match=words):
        rated.db.execute(sql)
    assert [tuple(row) for row in rated.db.execute("SELECT * FROM ratings")] == before
    assert rated.value("SELECT COUNT(*) FROM journal") == 1


def insert_changed(window: Window, **changed: object) -> None:
    row = dict(window.db.execute("SELECT * FROM ratings WHERE seq = 1").fetchone()) | changed
    marks = ", ".join("?" * len(row))
    window.db.execute(f"REPLACE INTO ratings ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@pytest.mark.parametrize(
    "changed",
    [
        {"seq": 5, "id": "new", "visit_id": "v9", "project_no": "P9"},
        {"seq": 4, "visit_id": "v9", "project_no": "P9"},
        {"seq": 4, "id": "new", "project_no": "P9"},
        {"seq": 4, "id": "new", "visit_id": "v9"},
        {"seq": 4, "id": "new", "visit_id": "v9", "project_no": "P9", "level": 6},
        {"seq": 4, "id": "new", "visit_id": "v9", "project_no": None},
    ],
    ids=["a gap", "the same id", "the same visit", "the same matter", "no such level", "unbound unmarked"],
)
def test_a_row_that_breaks_a_rule_is_not_inserted_nor_does_it_replace_another(
    rated: Window, changed: dict[str, object]
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        insert_changed(rated, **changed)
    assert rated.value("SELECT COUNT(*) FROM ratings") == 3


def test_a_checkpoint_lets_only_what_is_settled_leave(rated: Window) -> None:
    rated.settle(1, 2)
    rated.db.execute("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 2")
    rated.db.execute("DELETE FROM ratings WHERE seq <= 2")
    with pytest.raises(sqlite3.IntegrityError, match="never leaves"):
        rated.db.execute("DELETE FROM ratings WHERE seq = 3")
    for sql in ("UPDATE checkpoints SET hash = ''", "DELETE FROM checkpoints"):
        with pytest.raises(sqlite3.IntegrityError, match="a checkpoint never"):
            rated.db.execute(sql)
    assert rated.rate().seq == 4


def test_there_is_one_draft_at_most(window: Window) -> None:
    window.draft(window.visit(), 5)
    window.draft(window.visit(), 1)
    assert window.value("SELECT COUNT(*) FROM draft") == 1
    assert window.value("SELECT level FROM draft") == 1
