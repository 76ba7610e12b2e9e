"""Flags in the ledger: set once, never changed, gone with what they mark, at the same cost at any size."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

import pytest

from pad.ledger import flags as flag_table
from pad.ledger import retention, verification
from pad.ledger.flags import FlagBook
from pad.model import Instant, Rater, VisitEnd, VisitOutcome
from pad.suspicion.signs import Finding, Kind
from tests.pad.ledger.conftest import START, Window, at

CARD = Rater(name="欧阳娜娜", cert_key="110101199003070134")
BURST = Finding(Kind.BURST, {"count": 2, "within_s": 1.0}, {"burst_count": 2, "burst_s": 60}, seqs=(1, 2))


def known(then: Instant) -> datetime | None:
    return then.wall


def everything(window: Window, *tables: str) -> list[tuple[object, ...]]:
    return [tuple(row) for table in tables for row in window.db.execute(f"SELECT * FROM {table}")]


def cancelled(window: Window, seconds: float = 6, outcome: VisitOutcome = VisitOutcome.CANCELLED) -> str:
    visit = window.visit()
    window.recorder.end_visit(VisitEnd(visit.id, outcome, at(window.count + seconds), "counter", "x"))
    return visit.id


def test_what_is_found_is_set_once_and_told_once(window: Window) -> None:
    for _ in range(3):
        window.rate()
    book = FlagBook(window.db)
    assert book.write([BURST], at(9), at(9).wall, looked_to=2) == 2
    assert book.write([BURST], at(10), at(10).wall) == 0
    longer = Finding(Kind.BURST, {"count": 2, "within_s": 2.0}, BURST.limits, seqs=(2, 3))
    assert book.write([longer], at(11), at(11).wall) == 1
    found = flag_table.flags(window.db)
    assert [(each.kind, each.seq, each.measured["within_s"]) for each in found] == [
        ("burst", 1, 1.0),
        ("burst", 2, 1.0),
        ("burst", 3, 2.0),
    ]
    assert flag_table.counts(window.db) == {"burst": 3}
    (note,) = window.db.execute("SELECT kind, detail FROM journal").fetchall()
    assert note["kind"] == "suspicious_pattern"
    assert json.loads(note["detail"]) == {
        "pattern": "burst",
        "seqs": [1, 2],
        "visits": [],
        "measured": {"count": 2, "within_s": 1.0},
        "limits": {"burst_count": 2, "burst_s": 60},
    }
    assert book.looked_to() == 2


def test_marking_touches_no_rating_delivery_or_rater(window: Window) -> None:
    for level in (5, 1, 3):
        window.rate(level, rater=CARD)
    window.settle(1)
    kept = ("ratings", "visits", "rater", "deliveries", "checkpoints")
    before = everything(window, *kept)
    FlagBook(window.db).write([BURST], at(9), at(9).wall, looked_to=3)
    assert everything(window, *kept) == before
    assert verification.verify(window.db, window.keys.chain)[2] is None


def test_a_write_that_fails_leaves_nothing_of_itself(window: Window) -> None:
    window.rate()
    nowhere = Finding(Kind.FAST, {}, {}, seqs=(99,))
    with pytest.raises(sqlite3.IntegrityError):
        FlagBook(window.db).write(
            [Finding(Kind.FAST, {}, {}, seqs=(1,)), nowhere], at(9), at(9).wall, looked_to=1
        )
    assert everything(window, "flags", "journal", "looked") == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE flags SET reason = ''", "a flag never changes"),
        ("DELETE FROM flags", "a flag leaves with what it marks"),
        ("DELETE FROM flags WHERE seq IS NULL", "a flag leaves with what it marks"),
        ("REPLACE INTO flags SELECT id, 'fast', seq, visit_id, reason, at FROM flags", "replaces no other"),
    ],
)
def test_nobody_takes_a_flag_away(window: Window, sql: str, words: str) -> None:
    window.rate()
    window.rate()
    visit_id = cancelled(window)
    looked = Finding(Kind.CANCELLED_AFTER_LOOK, {}, {}, visit_ids=(visit_id,))
    FlagBook(window.db).write([BURST, looked], at(9), at(9).wall)
    before = everything(window, "flags")
    with pytest.raises(sqlite3.IntegrityError, match=words):
        window.db.execute(sql)
    assert everything(window, "flags") == before


def test_a_flag_leaves_with_its_rating_and_with_its_visit(window: Window) -> None:
    for _ in range(3):
        window.rate()
    visit_id = cancelled(window)
    looked = Finding(Kind.CANCELLED_AFTER_LOOK, {}, {}, visit_ids=(visit_id,))
    FlagBook(window.db).write([BURST, looked], at(9), at(9).wall)
    window.settle(1)
    later = START + timedelta(days=1)
    assert retention.prune_ratings(window.db, later, later, window.keys.sealing) == 1
    assert [each.seq for each in flag_table.flags(window.db)] == [2, None]
    assert retention.prune_visits(window.db, later) == 1  # the other left with its rating
    assert [each.seq for each in flag_table.flags(window.db)] == [2]
    assert everything(window, "cut_short") == []


def test_ended_invitations_come_in_the_order_they_ended_whatever_the_clock_said(window: Window) -> None:
    rated = window.rate()
    ids = [
        cancelled(window, 6),
        cancelled(window, -3600),
        cancelled(window, 8, VisitOutcome.SUPERSEDED),
    ]
    cancelled(window, 60, VisitOutcome.TIMED_OUT)
    cancelled(window, 60, VisitOutcome.WITHDRAWN)
    book = FlagBook(window.db)
    ended = book.newly_ended(10)
    assert [each.visit_id for each in ended] == ids
    assert rated.visit_id not in ids
    book.write((), at(9), at(9).wall, shown_s={ended[0].n: 6.0, ended[1].n: None})
    assert [each.visit_id for each in book.newly_ended(10)] == ids[2:]
    before = book.cut_short_before(ended[2].n, "1024", known)
    assert [(each.visit_id, each.shown_s) for each in before] == [(ids[0], 6.0), (ids[1], None)]
    assert book.cut_short_before(ended[2].n, "2048", known) == ()


def test_a_card_is_known_again_by_its_mark_alone(window: Window) -> None:
    window.rate(rater=CARD)
    window.rate(rater=Rater(cert_key="another"))
    window.rate(rater=Rater(mobile="13900000000"))
    window.rate(rater=CARD)
    book = FlagBook(window.db)
    first, other, none, _ = book.ratings(1, 10, known)
    assert none.card_mark is None
    assert first.card_mark not in (None, other.card_mark)
    assert CARD.cert_key not in str(first)
    mark = first.card_mark or ""
    assert [each.seq for each in book.uses_of_card(mark, (), 4, known)] == [1, 4]
    assert [each.seq for each in book.uses_of_card(mark, (2, 9), 3, known)] == [1, 2]


def steps(window: Window) -> int:
    """How much SQLite works for one look at one new rating and one ended invitation."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    book = FlagBook(window.db)
    last = window.rate(rater=CARD).seq
    visit_id = cancelled(window)
    window.db.set_progress_handler(step, 1)
    try:
        looked_to = book.looked_to()
        book.ratings(max(looked_to, last - 4), 500, known)
        mark = str(book.ratings(last, 1, known)[0].card_mark)
        book.uses_of_card(mark, (), last, known)
        (ended,) = book.newly_ended(10)
        book.cut_short_before(ended.n, "1024", known)
        found = [
            Finding(Kind.FAST, {}, {}, seqs=(last,)),
            Finding(Kind.CANCELLED_AFTER_LOOK, {}, {}, visit_ids=(visit_id,)),
        ]
        book.write(found, at(1), at(1).wall, looked_to=last, shown_s={ended.n: 6.0})
    finally:
        window.db.set_progress_handler(None, 1)
    return count


def clone(window: Window, count: int) -> None:
    """Rows beside the first, as a window has them in years: ratings, visits, ended ones, raters, flags."""
    db = window.db
    first = db.execute("SELECT * FROM ratings WHERE seq = 1").fetchone()
    visit = db.execute("SELECT * FROM visits WHERE id = ?", (first["visit_id"],)).fetchone()
    last = db.execute("SELECT MAX(seq) FROM ratings").fetchone()[0]
    db.execute("BEGIN")
    for seq in range(last + 1, last + 1 + count):
        fresh = dict(visit) | {"id": f"clone-{seq}", "project_no": f"C{seq}"}
        marks = ", ".join("?" * len(fresh))
        db.execute(f"INSERT INTO visits VALUES ({marks})", tuple(fresh.values()))
        rated = dict(first) | {
            "seq": seq,
            "id": f"r-{seq}",
            "visit_id": f"clone-{seq}",
            "project_no": f"C{seq}",
        }
        marks = ", ".join("?" * len(rated))
        db.execute(f"INSERT INTO ratings VALUES ({marks})", tuple(rated.values()))
        db.execute("INSERT INTO cut_short (visit_id, shown_ms) VALUES (?, 6000)", (f"clone-{seq}",))
        db.execute("INSERT INTO rater VALUES (?, ?, ?)", (f"r-{seq}", b"x", f"mark-{seq}"))
        db.execute("INSERT INTO flags (kind, seq, reason, at) VALUES ('fast', ?, '{}', '')", (seq,))
    db.execute("COMMIT")


def test_a_look_costs_the_same_at_any_size_of_the_ledger(window: Window) -> None:
    window.rate(rater=Rater(cert_key="nobody's"))
    clone(window, 600)
    small = steps(window)
    clone(window, 5000)
    assert steps(window) < 1.2 * small
