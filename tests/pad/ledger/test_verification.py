"""Whatever is done to stored ratings behind the pad's back is found, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing

import pytest

from pad import chain
from pad.chain import Break, Head, KeyChange
from pad.ledger import retention, verification
from pad.ledger.connection import LedgerDamaged, connect
from pad.ledger.rows import RATING_COLUMNS
from tests.pad.ledger.conftest import PERSON, Window, at


@pytest.fixture
def forged(window: Window) -> Window:
    """Six ratings in a file whose promises somebody took off."""
    for level in (1, 2, 3, 4, 5, 1):
        window.rate(level, rater=PERSON)
    for row in window.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        window.db.execute(f"DROP TRIGGER {row[0]}")
    window.db.execute("PRAGMA foreign_keys = OFF")
    window.db.execute("PRAGMA ignore_check_constraints = ON")
    return window


def verify(window: Window) -> tuple[Head, Break | None]:
    return verification.verify(window.db, window.keys.chain)[1:]


@pytest.mark.parametrize("column", [name for name in RATING_COLUMNS if name != "seq"])
def test_a_change_of_any_column_is_found_at_its_row(forged: Window, column: str) -> None:
    known = forged.value(f"SELECT {column} FROM ratings WHERE seq = 4")
    value = 1 - known if isinstance(known, int) else "forged"
    forged.db.execute(f"UPDATE ratings SET {column} = ? WHERE seq = 4", (value,))
    head, broken = verify(forged)
    assert head.seq == 3
    assert broken is not None
    assert broken.seq == 4


@pytest.mark.parametrize(
    ("sql", "seq", "words"),
    [
        ("DELETE FROM ratings WHERE seq = 3", 3, "missing"),
        ("DELETE FROM ratings WHERE seq = 1", 1, "missing"),
        (
            "DELETE FROM ratings WHERE seq = 3; UPDATE ratings SET seq = seq - 1 WHERE seq > 3",
            3,
            "row before",
        ),
        (
            "UPDATE ratings SET seq = -1 WHERE seq = 2; UPDATE ratings SET seq = 2 WHERE seq = 3;"
            "UPDATE ratings SET seq = 3 WHERE seq = -1",
            2,
            "row before",
        ),
        ("UPDATE ratings SET seq = seq + 1 WHERE seq = 6", 6, "missing"),
        ("UPDATE ratings SET hash = '好' WHERE seq = 2", 2, "changed"),
        (
            "UPDATE rater SET sealed = x'01' WHERE rating_id = (SELECT id FROM ratings WHERE seq = 5)",
            5,
            "sealed",
        ),
        ("INSERT INTO checkpoints VALUES (2, '好', '')", 3, "row before"),
    ],
    ids=[
        "deleted", "the first deleted", "closed up", "reordered", "moved", "no hash", "resealed",
        "a checkpoint of another chain",
    ],
)  # fmt: skip
def test_a_forgery_is_found_where_it_begins(forged: Window, sql: str, seq: int, words: str) -> None:
    for statement in sql.split(";"):
        forged.db.execute(statement)
    broken = verify(forged)[1]
    assert broken is not None
    assert (broken.seq, words in broken.what) == (seq, True)


def test_a_row_put_in_between_is_found(forged: Window) -> None:
    forged.db.execute("UPDATE ratings SET seq = seq + 100 WHERE seq > 3")
    forged.db.execute("UPDATE ratings SET seq = seq - 99 WHERE seq > 100")
    row = dict(forged.db.execute("SELECT * FROM ratings WHERE seq = 3").fetchone())
    row |= {"seq": 4, "id": "i", "visit_id": "v", "project_no": "P", "prev_hash": row["hash"]}
    row["hash"] = chain.link(b"not the pad's key", row["prev_hash"], row)
    marks = ", ".join("?" * len(row))
    forged.db.execute(f"INSERT INTO ratings ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    assert verify(forged)[1] == Break(4, "the row was changed after it was written")


def test_a_tail_cut_off_shows_against_the_head_that_was_sent(forged: Window) -> None:
    sent = forged.outbox.head()
    forged.db.execute("DELETE FROM ratings WHERE seq > 4")
    head, broken = verify(forged)
    assert broken is None
    assert head != sent


def test_purged_personal_data_break_nothing(forged: Window) -> None:
    forged.db.execute("DELETE FROM rater WHERE rating_id IN (SELECT id FROM ratings WHERE seq < 4)")
    assert verify(forged) == (forged.outbox.head(), None)


def test_bytes_that_are_no_text_are_damage_and_are_not_shown(forged: Window) -> None:
    forged.db.execute("UPDATE ratings SET comment = CAST(x'e699aee9809ae8af9dff' AS TEXT) WHERE seq = 2")
    with pytest.raises(LedgerDamaged) as refused:
        verify(forged)
    assert "普通话" not in str(refused.value)
    assert not forged.db.in_transaction


def test_what_is_pruned_while_it_is_verified_is_not_missed(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        window.rate()
    window.settle(1, 2, 3, 4)
    first_break: Callable[..., tuple[Head, Break | None]] = chain.first_break

    def prune_then_follow(
        key: bytes, start: Head, rows: Iterable[Mapping[str, object]], changes: Sequence[KeyChange]
    ) -> tuple[Head, Break | None]:
        with closing(connect(window.path)) as other:
            assert retention.prune_ratings(other, at(2000).wall, at(3000).wall, window.keys.sealing) == 4
        return first_break(key, start, rows, changes)

    with monkeypatch.context() as patched:
        patched.setattr(chain, "first_break", prune_then_follow)
        assert verify(window) == (window.outbox.head(), None)
    start, head, broken = verification.verify(window.db, window.keys.chain)
    assert (start.seq, head.seq, broken) == (4, 6, None)
