"""What REPLACE, IGNORE and their like cannot slip past, and what keeps a rating from being passed over."""

from __future__ import annotations

import sqlite3

import pytest

from pad.ledger.rows import Delivery
from pad.model import DeliveryState
from tests.pad.ledger.conftest import Window, at

PENDING = DeliveryState.PENDING
TABLES = ("visits", "ratings", "deliveries", "checkpoints", "journal")


@pytest.fixture
def busy(window: Window) -> Window:
    """Three ratings, the first pruned, the second acknowledged, the third untried."""
    for level in (5, 1, 3):
        window.rate(level)
    window.settle(1, 2)
    window.recorder.note("test", at(0), {})
    window.db.execute("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 1")
    window.db.execute("DELETE FROM ratings WHERE seq = 1")
    return window


def everything(window: Window) -> list[tuple[object, ...]]:
    return [tuple(row) for table in TABLES for row in window.db.execute(f"SELECT * FROM {table} ORDER BY 1")]


@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE", "INSERT OR FAIL", "INSERT OR ROLLBACK"])
@pytest.mark.parametrize("table", ["visits", "ratings", "checkpoints", "journal"])
def test_no_verb_puts_a_row_in_the_place_of_another(busy: Window, table: str, verb: str) -> None:
    before = everything(busy)
    with pytest.raises(sqlite3.IntegrityError):
        busy.db.execute(f"{verb} INTO {table} SELECT * FROM {table}")
    assert everything(busy) == before


@pytest.mark.parametrize(
    "setting", ["foreign_keys = OFF", "recursive_triggers = ON", "ignore_check_constraints = ON"]
)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE OR REPLACE ratings SET seq = 2 WHERE seq = 3",
        "UPDATE OR REPLACE visits SET id = 'v2' WHERE id = 'v3'",
        "UPDATE OR REPLACE journal SET id = 7",
        "UPDATE OR REPLACE deliveries SET seq = 3 WHERE seq = 2",
        "UPDATE OR IGNORE checkpoints SET seq = 2",
        "DELETE FROM deliveries",
        "DELETE FROM visits WHERE id = 'v3'",
        "DELETE FROM ratings WHERE seq = 3",
        "DELETE FROM journal",
        "INSERT INTO ratings SELECT * FROM ratings WHERE seq = 3",
    ],
)  # fmt: skip
def test_no_setting_of_the_connection_lifts_a_promise(busy: Window, setting: str, sql: str) -> None:
    busy.db.execute(f"PRAGMA {setting}")
    before = everything(busy)
    with pytest.raises(sqlite3.IntegrityError):
        busy.db.execute(sql)
    assert everything(busy) == before


def test_a_checkpoint_goes_only_up_to_the_first_rating_that_still_waits(window: Window) -> None:
    for _ in range(4):
        window.rate()
    window.settle(1)
    window.leave_pending(2, batch="b")
    window.settle(3)
    for seq in (2, 3, 4):
        with pytest.raises(sqlite3.IntegrityError, match="settled"):
            window.db.execute(
                "INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = ?", (seq,)
            )
    window.db.execute("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 1")


def test_a_refused_rating_leaves_only_once_it_was_exported(window: Window) -> None:
    window.rate()
    window.settle(1, state=DeliveryState.REFUSED)
    checkpoint = "INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 1"
    with pytest.raises(sqlite3.IntegrityError, match="settled"):
        window.db.execute(checkpoint)
    window.db.execute("UPDATE deliveries SET exported_at = 'then'")
    window.db.execute(checkpoint)


@pytest.mark.parametrize("skipping", [[2], [1, 3], [3, 2, 1]])
def test_no_delivery_skips_a_rating_which_would_then_never_be_tried(
    window: Window, skipping: list[int]
) -> None:
    for _ in range(3):
        window.rate()
    with pytest.raises(sqlite3.IntegrityError, match="tried in order"):
        window.outbox.record(Delivery(seq, PENDING) for seq in skipping)
    assert [each.rating.seq for each in window.outbox.next_batch(10)] == [1, 2, 3]


def test_deliveries_are_tried_in_order_across_a_hole_that_a_rescue_left(window: Window) -> None:
    for _ in range(4):
        window.rate()
    window.settle(1, 2, 3)
    window.db.execute("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 3")
    window.db.execute("DELETE FROM ratings WHERE seq = 2")
    window.outbox.record([Delivery(4, PENDING)])
    assert [each.rating.seq for each in window.outbox.next_batch(10)] == [4]


def test_what_is_pruned_takes_its_delivery_and_its_persons_data_along(window: Window) -> None:
    window.rate()
    window.rate()
    window.settle(1)
    window.db.execute("INSERT INTO checkpoints SELECT seq, hash, '' FROM ratings WHERE seq = 1")
    window.db.execute("DELETE FROM ratings WHERE seq = 1")
    assert window.value("SELECT COUNT(*) FROM deliveries") == 0
    assert [each.rating.seq for each in window.outbox.next_batch(10)] == [2]
    assert window.outbox.backlog().pending == 1
