"""Whoever changes any row of the ledger is found out, with the row; an untouched one holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pad import chain, told_head
from pad.chain import Head
from pad.ledger import retention
from pad.ledger.rows import RATING_COLUMNS
from pad.ledger.verification import Finding, examine
from pad.model import DeliveryState
from tests.pad.ledger.conftest import PERSON, Window, at

CONFIG: Final = Path(__file__).parents[3] / "config" / "pad.toml"
COUNT: Final = 9
PRUNED: Final = 2


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """Two pruned; then delivered, refused, tried in vain, never tried."""
    window = Window(tmp_path)
    for seq in range(1, COUNT + 1):
        window.rate(1 + seq % 5, rater=PERSON)
    window.settle(1, 2)
    assert retention.prune_ratings(window.db, at(1000).wall, at(2000).wall, window.keys.sealing) == PRUNED
    window.settle(3, 4)
    window.settle(5, state=DeliveryState.REFUSED)
    window.leave_pending(6, batch="b")
    yield window
    window.db.close()


def lift(window: Window) -> None:
    """Take the file's promises off, as whoever forges it does, and put them back in the end."""
    rules = window.db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for rule in rules:
        window.db.execute(f"DROP TRIGGER {rule['name']}")
    window.db.execute("PRAGMA foreign_keys = OFF")
    window.db.execute("PRAGMA ignore_check_constraints = ON")


def forge(window: Window, sql: str) -> None:
    rules = window.db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    lift(window)
    for statement in sql.split(";"):
        window.db.execute(statement)
    for rule in rules:
        window.db.execute(rule["sql"])


def found(window: Window, told: Head | None = None) -> set[tuple[str, str]]:
    return {(each.table, each.row) for each in examine(window.db, window.keys, told).findings}


def test_what_nobody_touched_holds(window: Window) -> None:
    examined = examine(window.db, window.keys, window.outbox.head())
    assert examined.findings == ()
    assert (examined.start.seq, examined.head.seq) == (PRUNED, COUNT)


@pytest.mark.parametrize("column", [name for name in RATING_COLUMNS if name != "seq"])
def test_a_change_of_any_column_of_a_rating_names_the_row(window: Window, column: str) -> None:
    known = window.value(f"SELECT {column} FROM ratings WHERE seq = 5")
    value = f"{(1 - known) if known in (0, 1) else known + 1}" if isinstance(known, int) else "'forged'"
    forge(window, f"UPDATE ratings SET {column} = {value} WHERE seq = 5")
    assert ("ratings", "5") in found(window)


@pytest.mark.parametrize(
    ("sql", "table", "row"),
    [
        ("DELETE FROM ratings WHERE seq = 5", "ratings", "5"),
        ("DELETE FROM ratings WHERE seq = 3", "ratings", "3"),
        ("DELETE FROM ratings WHERE seq IN (5, 6)", "ratings", "5"),
        ("DELETE FROM ratings", "deliveries", "3"),
        ("DELETE FROM deliveries WHERE seq = 4", "deliveries", "4"),
        ("UPDATE deliveries SET seq = 99 WHERE seq = 4", "deliveries", "99"),
        (
            "INSERT INTO deliveries (seq, state, attempts, settled_at) VALUES (7, 'acknowledged', 0, '')",
            "deliveries",
            "7",
        ),
        ("DELETE FROM visits WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET outcome = 'withdrawn' WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET staff_number = '7' WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET staff_name = '7' WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET project_no = NULL WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET service_number = 7 WHERE id = 'v5'", "ratings", "5"),
        ("UPDATE visits SET opened_at = '' WHERE id = 'v5'", "ratings", "5"),
        ("DELETE FROM ratings WHERE seq = 9", "visits", "v9"),
        (
            "UPDATE rater SET sealed = x'01' WHERE rating_id = (SELECT id FROM ratings WHERE seq = 5)",
            "rater",
            "of rating 5",
        ),
        (
            "UPDATE rater SET card_mark = 'x' WHERE rating_id = (SELECT id FROM ratings WHERE seq = 5)",
            "rater",
            "of rating 5",
        ),
        (
            "DELETE FROM rater WHERE rating_id = (SELECT id FROM ratings WHERE seq = 6)",
            "rater",
            "of rating 6",
        ),
        ("UPDATE rater SET rating_id = 'x' WHERE sealed = (SELECT MIN(sealed) FROM rater)", "rater", "x"),
        ("UPDATE checkpoints SET hash = 'x'", "checkpoints", "2"),
        ("UPDATE checkpoints SET seq = 3", "checkpoints", "3"),
        ("DELETE FROM checkpoints", "ratings", "1"),
        (
            "DELETE FROM ratings WHERE seq < 6; DELETE FROM deliveries WHERE seq < 6;"
            "INSERT INTO checkpoints SELECT 5, prev_hash, '' FROM ratings WHERE seq = 6",
            "checkpoints",
            "5",
        ),
        (
            "DELETE FROM ratings WHERE seq < 6;"
            "INSERT INTO checkpoints SELECT 5, prev_hash, '' FROM ratings WHERE seq = 6;"
            "UPDATE checkpoint_marks SET seq = 5",
            "checkpoints",
            "5",
        ),
        ("DELETE FROM checkpoint_marks", "checkpoints", "2"),
    ],
)  # fmt: skip
def test_a_forgery_in_any_table_names_its_row(window: Window, sql: str, table: str, row: str) -> None:
    forge(window, sql)
    assert (table, row) in found(window)


def test_every_row_that_was_changed_is_named_and_no_other(window: Window) -> None:
    forge(window, "UPDATE ratings SET level = 6 - level WHERE seq IN (4, 6, 8)")
    assert found(window) == {("ratings", "4"), ("ratings", "6"), ("ratings", "8")}


@pytest.mark.parametrize(
    "table",
    [
        "ratings", "visits", "rater", "deliveries", "checkpoints", "checkpoint_marks", "journal", "draft",
        "flags", "alerts", "anchors",
    ],
)  # fmt: skip
def test_a_table_that_is_gone_is_named(window: Window, table: str) -> None:
    lift(window)
    window.db.execute(f"DROP TABLE {table}")
    assert ("table", table) in found(window)


def test_rules_that_were_lifted_or_added_are_named(window: Window) -> None:
    window.db.execute("DROP TRIGGER ratings_never_change")
    window.db.execute("CREATE TRIGGER kinder AFTER INSERT ON visits BEGIN SELECT 1; END")
    assert found(window) == {("trigger", "ratings_never_change"), ("trigger", "kinder")}


@given(data=st.data())
@settings(
    max_examples=60, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
def test_whatever_is_edited_deleted_or_swapped_is_found(window: Window, data: st.DataObject) -> None:
    seq = data.draw(st.integers(PRUNED + 1, COUNT))
    other = data.draw(st.integers(PRUNED + 1, COUNT).filter(lambda each: each != seq))
    column = data.draw(st.sampled_from([name for name in RATING_COLUMNS if name not in ("seq", "id")]))
    value = data.draw(st.one_of(st.text(max_size=5), st.integers(-9, 99)))
    deed = data.draw(st.sampled_from(["edit", "delete", "swap"]))
    window.db.execute("BEGIN")
    try:
        for rule in window.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            window.db.execute(f"DROP TRIGGER {rule['name']}")
        window.db.execute("PRAGMA ignore_check_constraints = ON")
        window.db.execute("PRAGMA defer_foreign_keys = ON")
        before = [tuple(row) for row in window.db.execute("SELECT * FROM ratings ORDER BY seq")]
        if deed == "delete":
            window.db.execute("DELETE FROM ratings WHERE seq = ?", (seq,))
        elif deed == "swap":
            for was, becomes in ((seq, -1), (other, seq), (-1, other)):
                window.db.execute("UPDATE ratings SET seq = ? WHERE seq = ?", (becomes, was))
        else:
            text = column not in window_numbers()
            window.db.execute(
                f"UPDATE OR IGNORE ratings SET {column} = ? WHERE seq = ?",
                (str(value) if text else len(str(value)), seq),
            )
        after = [tuple(row) for row in window.db.execute("SELECT * FROM ratings ORDER BY seq")]
        rows = {int(each.row) for each in examine_inside(window) if each.table == "ratings"}
        last_gone = deed == "delete" and seq == COUNT
        if before != after and not last_gone:
            assert rows & {seq, other}
        if before == after:
            assert not rows
    finally:
        window.db.execute("ROLLBACK")


def window_numbers() -> set[str]:
    return {
        "service_number", "assess_number", "unbound", "level", "reason_given", "recovered", "first_touch_ms",
        "submitted_ms", "changes", "monotonic_ns", "clock_trusted",
    }  # fmt: skip


def examine_inside(window: Window) -> list[Finding]:
    """The chain's findings inside the forger's own transaction, which is taken back."""
    row = window.db.execute("SELECT seq, hash FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    rows = (dict(each) for each in window.db.execute("SELECT * FROM ratings ORDER BY seq").fetchall())
    followed = chain.follow(window.keys.chain, Head(row["seq"], row["hash"]), rows)
    return [Finding("ratings", str(each.seq), each.what) for _, breaks in followed for each in breaks]


# --- against what was told ----------------------------------------------------------------------


def test_a_tail_that_was_cut_off_is_named_by_the_head_that_was_told(window: Window) -> None:
    told = window.outbox.head()
    forge(window, "DELETE FROM ratings WHERE seq > 7; DELETE FROM visits WHERE id IN ('v8', 'v9');"
                  "DELETE FROM rater WHERE rating_id NOT IN (SELECT id FROM ratings)")  # fmt: skip
    assert found(window) == set(), "a chain that ends earlier is a sound chain"
    (finding,) = examine(window.db, window.keys, told).findings
    assert (finding.table, finding.row) == ("ratings", "8")
    assert "rows 8 to 9 are gone" in finding.what


def test_an_older_copy_put_back_and_used_again_is_named(window: Window, tmp_path: Path) -> None:
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(window.path.parent, tmp_path / "old", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    window.rate()
    told = window.outbox.head()
    old = Window(tmp_path / "old")
    old.count = 100
    old.rate()
    assert found(old) == set()
    assert found(old, told) == {("ratings", str(COUNT + 1))}
    old.db.close()


def padctl(state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pad.ctl", "--config", str(CONFIG), "verify"],
        env={"PAD_STATE": str(state)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_command_names_every_row_and_what_to_do(window: Window) -> None:
    state = window.path.parent
    told_head.write(state, window.outbox.head())
    good = padctl(state)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith(f"the chain holds from row {PRUNED + 1} to row {COUNT}; head ")
    forge(window, "UPDATE ratings SET level = 5 WHERE seq = 5; DELETE FROM ratings WHERE seq = 9;"
                  "DELETE FROM visits WHERE id = 'v9'; DELETE FROM deliveries WHERE seq = 4;"
                  "DELETE FROM rater WHERE rating_id NOT IN (SELECT id FROM ratings)")  # fmt: skip
    bad = padctl(state)
    assert bad.returncode == 1
    told = bad.stderr.splitlines()
    assert [line.split(":")[0] for line in told] == [
        "row 5", "row 9", "delivery of row 4", "keep this ledger as evidence and tell the city"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", "[]", '{"seq": "1"}', '{"seq": 1, "hash": 2}'])
def test_a_note_of_what_was_told_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / told_head.FILE).write_text(text, encoding="ascii")
    assert told_head.read(tmp_path) is None


def test_an_older_versions_note_still_shows_a_cut_tail(window: Window) -> None:
    (window.path.parent / told_head.FILE).write_text('{"seq": 12}', encoding="ascii")
    assert found(window, told_head.read(window.path.parent)) == {("ratings", "10")}
