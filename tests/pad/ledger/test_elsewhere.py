"""What phones rated, in the ledger: heard once, rated by nobody else, and gone after its time."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from pad.clock import TrueTime
from pad.ledger import retention, state, verification
from pad.ledger.connection import MatterRated, RatedOnPhone
from pad.ledger.elsewhere import Hearsay, RatedElsewhere, is_rated_elsewhere
from pad.ledger.rescue import open_ledger
from pad.model import BY_PHONE, WHILE_RATING, Completion, Matter, Visit, VisitEnd, VisitOutcome
from tests.pad.ledger.conftest import START, Window, at

CITY, OTHER_CITY = "https://hcp.example.gov.cn/gateway", "https://other.example.gov.cn/gateway"


def news(visit_id: str = "v1", project_no: str | None = "P1", **given: int) -> RatedElsewhere:
    numbers = {"service_number": 1, "assess_number": 1} | given
    return RatedElsewhere(visit_id, project_no, rated_at=START, **numbers)


def hear(window: Window, *heard: RatedElsewhere, cursor: int = 1) -> int:
    return Hearsay(window.db).write(heard, CITY, cursor, START)


def end(window: Window, visit_id: str = "v1") -> tuple[object, ...]:
    found = window.db.execute("SELECT outcome, ended_by, end_reason FROM visits WHERE id = ?", (visit_id,))
    return tuple(found.fetchone())


def test_what_is_heard_twice_is_news_once_and_the_first_word_stands(window: Window) -> None:
    assert hear(window, news("a"), news("b", "P2")) == 2
    assert hear(window, news("b", "P9"), news("c", None), cursor=2) == 1
    assert [row["project_no"] for row in window.db.execute("SELECT * FROM rated_elsewhere")] == [
        "P1", "P2", None,
    ]  # fmt: skip
    with pytest.raises(sqlite3.IntegrityError, match="does not change"):
        window.db.execute("UPDATE rated_elsewhere SET project_no = 'P9'")


def test_how_far_it_was_listened_holds_for_that_platform_alone(window: Window) -> None:
    hearsay = Hearsay(window.db)
    assert hearsay.cursor(CITY) == 0
    hear(window, news(), cursor=1_795_401_000_123)
    assert (hearsay.cursor(CITY), hearsay.cursor(OTHER_CITY)) == (1_795_401_000_123, 0)
    hear(window, cursor=7)  # came back from a backup
    assert hearsay.cursor(CITY) == 7


def test_what_was_heard_and_how_far_are_written_together_or_not_at_all(window: Window) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        hear(window, news("a"), news("b", service_number=100), cursor=5)
    assert window.value("SELECT COUNT(*) FROM rated_elsewhere") == 0
    assert Hearsay(window.db).cursor(CITY) == 0


@pytest.mark.parametrize(
    ("matter", "is_it"),
    [
        (Matter(project_no="P1"), True),
        (Matter(project_no="P2"), False),
        (Matter(project_no="P1", service_number=2), False),
        (Matter(project_no="P1", assess_number=2), False),
        (Matter(), False),
    ],
)
def test_a_matter_is_rated_by_its_three_numbers(window: Window, matter: Matter, is_it: bool) -> None:
    hear(window, news("another visit"))
    assert state.is_rated(window.db, matter) is is_it
    assert is_rated_elsewhere(window.db, "v1", matter) is is_it


def test_an_unbound_matter_is_its_visit_alone(window: Window) -> None:
    hear(window, news("v1", None))
    assert is_rated_elsewhere(window.db, "v1", Matter())
    assert not is_rated_elsewhere(window.db, "v2", Matter())
    assert not state.is_rated(window.db, Matter())


@pytest.mark.parametrize("project_no", ["P1", None])
def test_no_rating_is_stored_of_what_a_phone_rated_and_the_visit_is_rated(
    window: Window, project_no: str | None
) -> None:
    finished = window.finished(project_no, 1)
    hear(window, news(finished.visit.id if project_no is None else "another visit", project_no))
    with pytest.raises(RatedOnPhone):
        window.recorder.append(finished)
    assert window.value("SELECT COUNT(*) FROM ratings") == window.value("SELECT COUNT(*) FROM draft") == 0
    assert end(window) == ("rated", BY_PHONE, WHILE_RATING)
    assert window.rate(project_no="P2").seq == 1


def test_what_was_rated_here_first_stays_and_its_second_visit_is_told_as_ever(window: Window) -> None:
    window.rate(5, project_no="P1")
    hear(window, news())
    with pytest.raises(MatterRated):
        window.rate(1, project_no="P1")
    assert window.value("SELECT level FROM ratings") == 5
    assert verification.examine(window.db, window.keys).findings == ()


def test_no_statement_puts_a_rating_beside_a_phones(window: Window) -> None:
    window.rate()
    hear(window, news("v2", "P2"))
    window.visit()
    row = dict(window.db.execute("SELECT * FROM ratings").fetchone())
    row |= {"seq": 2, "id": "x", "visit_id": "v2", "project_no": "P2"}
    marks = ", ".join("?" * len(row))
    for verb in ("INSERT", "REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(sqlite3.IntegrityError, match="on a phone"):
            window.db.execute(f"{verb} INTO ratings ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def test_a_draft_left_by_a_power_cut_is_no_rating_where_a_phone_rated_meanwhile(window: Window) -> None:
    visit = window.visit("P1")
    window.draft(visit, 1)
    hear(window, news())
    assert window.recorder.recover(at(60), discard=False) is None
    assert end(window) == ("rated", BY_PHONE, WHILE_RATING)
    assert window.value("SELECT COUNT(*) FROM draft") == 0


def test_the_examination_misses_no_rating_of_a_visit_that_a_phone_rated(window: Window) -> None:
    window.rate()
    visit = window.visit("P7")
    window.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.RATED, at(9), BY_PHONE))
    assert verification.examine(window.db, window.keys).findings == ()
    other = window.visit("P8")
    window.recorder.end_visit(VisitEnd(other.id, VisitOutcome.RATED, at(10)))
    assert [each.row for each in verification.examine(window.db, window.keys).findings] == [other.id]


def test_a_rescue_carries_over_what_was_heard(window: Window) -> None:
    hear(window, *(news(f"w{number}", f"P{number}") for number in range(50)))
    window.rate(project_no="other")
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = window.db.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'rated_elsewhere_by_matter'"
    ).fetchone()
    window.db.close()
    content = bytearray(window.path.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xaa" * 4096
    window.path.write_bytes(content)
    window.db = open_ledger(window.path, at(5000))
    assert window.value("SELECT COUNT(*) FROM rated_elsewhere") == 50
    assert state.is_rated(window.db, Matter(project_no="P49"))
    assert Hearsay(window.db).cursor(CITY) == 0, "the last day is asked for once more"


# --- what leaves --------------------------------------------------------------------------


def test_what_was_heard_leaves_when_it_is_old(window: Window) -> None:
    hearsay = Hearsay(window.db)
    for number, days in enumerate((0, 1, 2)):
        hearsay.write([news(f"v{number}", f"P{number}")], CITY, number, START + timedelta(days=days))
    assert retention.prune_hearsay(window.db, START + timedelta(days=1), START + timedelta(days=100)) == 2
    assert [row[0] for row in window.db.execute("SELECT project_no FROM rated_elsewhere")] == ["P2"]


def test_what_a_clock_gone_wild_heard_leaves_by_the_platforms_time(window: Window) -> None:
    Hearsay(window.db).write([news()], CITY, 1, START + timedelta(days=9999))
    now = START + timedelta(days=100)
    assert retention.prune_hearsay(window.db, START - timedelta(days=1), now) == 0
    assert retention.prune_hearsay(window.db, START, now) == 1


def test_more_than_one_transaction_takes_leaves_too(window: Window) -> None:
    hear(window, *(news(f"v{number}", f"P{number}") for number in range(450)))
    assert retention.prune_hearsay(window.db, START, START + timedelta(days=1)) == 450


@pytest.mark.parametrize("trusted", [True, False])
def test_a_visit_that_a_phone_rated_leaves_like_one_without_a_rating(window: Window, trusted: bool) -> None:
    window.rate()
    opened = at(5, boot="boot-9", trusted=trusted)
    window.recorder.open_visit(Visit("phone", Matter(project_no="P9"), opened, 60.0))
    window.recorder.end_visit(VisitEnd("phone", VisitOutcome.RATED, opened, BY_PHONE))
    known = {"boot-9": TrueTime(START + timedelta(days=1), "boot-9", int(86_400e9))}
    assert retention.prune_visits(window.db, START - timedelta(days=1), known) == 0
    assert retention.prune_visits(window.db, START + timedelta(minutes=5), known) == 1
    assert [row[0] for row in window.db.execute("SELECT id FROM visits")] == ["v1"], "a rating keeps its own"


def test_finding_what_is_to_leave_reads_no_table_from_end_to_end(window: Window) -> None:
    statements: list[str] = []
    window.db.set_trace_callback(statements.append)
    retention.prune_hearsay(window.db, START, START)
    retention.prune_visits(window.db, START, {"b": TrueTime(START, "b", 1)})
    window.db.set_trace_callback(None)
    plans = [
        row["detail"]
        for statement in statements
        if statement.startswith("SELECT")
        for row in window.db.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert len(plans) >= 5
    assert not [each for each in plans if each.startswith("SCAN") and "visits_rated_by_phone" not in each]


def test_completions_are_as_they_were(window: Window) -> None:
    """A phone's rating is no fourth way to complete one here: the pad's chain holds the pad's own."""
    assert {str(each) for each in Completion} == {"submitted", "ring_closed", "recovered"}
