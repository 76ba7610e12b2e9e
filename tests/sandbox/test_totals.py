"""Totals count what counts, once, and are read from the store as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import pytest

from pad.codes import Level
from pad.model import CHINA_TIME
from sandbox import review
from sandbox.casebook import Casebook
from sandbox.cases import Appeal, Kind, NotNow, Step
from sandbox.review import Published
from sandbox.store import Arrival, Store
from sandbox.totals import Counts, totals
from tests.sandbox.conftest import record

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=CHINA_TIME)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path)) as opened:
        yield opened


def rated(store: Store, number: int, level: int, day: str = "2026-11-24", **changed: str) -> None:
    given = {"satisfaction": str(level), "evalDetail": "", "assessTime": f"{day} 09:00:00"} | changed
    staff = "1024" if level > 2 else "1031"
    store.add(
        Arrival(record(f"P{number}", **given), "itemised", "pad-1", f"r-{number}", False, staff, "王芳"), NOW
    )


def step(kind: Kind, by: str = "刘主任") -> Step:
    return Step(kind, NOW, by, "因为")


def test_totals_are_per_level_day_hour_window_clerk_and_indicator(store: Store) -> None:
    rated(store, 1, 5, evalDetail="510,517")
    rated(store, 2, 5, evalDetail="510", winNo="B02")
    rated(store, 3, 1, day="2026-11-23", evalDetail="111")
    found = totals(store.db)
    assert found.levels.of == {Level.VERY_SATISFIED: 2, Level.VERY_DISSATISFIED: 1}
    assert [(each.name, each.counts.total) for each in found.days] == [("2026-11-23", 1), ("2026-11-24", 2)]
    assert [(each.name, each.counts.total) for each in found.hours] == [("09", 2)]
    assert [(each.name, each.counts.total, each.counts.bad) for each in found.windows] == [
        ("A07", 2, 1),
        ("B02", 1, 0),
    ]
    assert [(each.name, each.also, each.counts.total) for each in found.clerks] == [
        ("1024", "王芳", 2),
        ("1031", "王芳", 1),
    ]
    assert found.indicators == (("510", 2), ("111", 1), ("517", 1))


def test_a_period_counts_its_first_and_its_last_day(store: Store) -> None:
    for number, day in enumerate(("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01")):
        rated(store, number, 4, day=day)
    assert totals(store.db, "2026-11-01", "2026-11-30").levels.total == 2


def test_an_adopted_appeal_leaves_the_rating_and_no_figure_of_it(store: Store) -> None:
    rated(store, 1, 5)
    rated(store, 2, 1, evalDetail="111")
    book = Casebook(store)
    book.add(2, step(Kind.APPEAL, by="王芳"))
    assert totals(store.db).levels.bad == 1, "filed is not adopted"
    book.add(2, step(Kind.ADOPT))
    found = totals(store.db)
    assert (found.levels.total, found.levels.bad, found.left_out, found.indicators) == (1, 0, 1, ())
    assert len(found.clerks) == len(found.windows) == len(found.days) == 1
    assert [row["project_no"] for row in store.received()] == ["P1", "P2"]
    assert store.summary()["distinct"] == 2


@pytest.mark.parametrize(
    ("good", "bad", "percent"), [(0, 0, None), (1, 0, 100.0), (2, 1, 66.6), (9999, 1, 99.9), (0, 3, 0.0)]
)
def test_the_satisfied_part_is_never_rounded_up(good: int, bad: int, percent: float | None) -> None:
    counts = Counts({Level.SATISFIED: good, Level.DISSATISFIED: bad})
    assert counts.satisfied_percent == percent


def test_only_bad_ratings_are_cases_and_their_steps_outlive_a_restart(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as first:
        for level in (5, 4, 3, 2, 1):
            rated(first, level, level)
        book = Casebook(first)
        assert [entry.row["level"] for entry in book.entries()] == [2, 1]
        assert book.entry(1) is None
        book.add(4, step(Kind.APPEAL, by="王芳"))
        book.add(4, step(Kind.REPLY))
    with closing(Store(tmp_path)) as second:
        entry = Casebook(second).entry(4)
        assert entry is not None
        assert [each.kind for each in entry.case.steps] == [Kind.APPEAL, Kind.REPLY]
        assert (entry.case.appeal, entry.rated_on) == (Appeal.FILED, date(2026, 11, 24))


def test_what_waits_for_an_answer_comes_first_and_is_counted(store: Store) -> None:
    for number, day in enumerate(("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"), start=1):
        rated(store, number, 1, day=day)
    book = Casebook(store)
    book.add(1, step(Kind.REPLY))
    book.add(3, step(Kind.APPEAL, by="王芳"))
    assert (book.to_answer(), book.to_answer(date(2026, 11, 3))) == (3, 2)
    book.add(3, step(Kind.ADOPT))
    assert (book.to_answer(), book.to_answer(date(2026, 11, 3))) == (2, 1)
    assert [entry.number for entry in book.entries()] == [2, 4, 3, 1]
    assert [entry.number for entry in book.entries(most=1)] == [2]


def test_a_step_that_does_not_follow_is_not_written_down(store: Store) -> None:
    rated(store, 1, 2)
    book = Casebook(store)
    with pytest.raises(NotNow):
        book.add(1, step(Kind.ADOPT))
    with pytest.raises(LookupError):
        book.add(7, step(Kind.REPLY))
    assert store.db.execute("SELECT COUNT(*) FROM case_steps").fetchone()[0] == 0


def test_forgetting_what_was_received_forgets_what_was_done_about_it(store: Store) -> None:
    rated(store, 1, 2)
    Casebook(store).add(1, step(Kind.REPLY))
    store.clear()
    rated(store, 2, 2)
    (entry,) = Casebook(store).entries()
    assert entry.case.steps == ()


def test_a_store_of_an_earlier_version_gains_what_it_lacks(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "platform.db")) as db:
        db.execute(
            "CREATE TABLE ratings (project_no TEXT, service_number INTEGER, assess_number INTEGER,"
            " level INTEGER, indicators TEXT, comment TEXT, pf TEXT, assess_time TEXT, dialect TEXT,"
            " device TEXT, rating_id TEXT, time_uncertain INTEGER, raw TEXT, received_at TEXT,"
            " arrivals INTEGER DEFAULT 1)"
        )
        db.execute(
            "INSERT INTO ratings (level, indicators, assess_time) VALUES (4, '', '2026-11-24 09:00:00')"
        )
        db.commit()
    with closing(Store(tmp_path)) as store:
        rated(store, 1, 5)
        assert [(each.name, each.counts.total) for each in totals(store.db).windows] == [("", 1), ("A07", 1)]


def test_a_review_counts_what_is_handled_overdue_and_under_appeal(store: Store) -> None:
    for number, level in enumerate((5, 3, 2, 2, 1, 1), start=1):
        rated(store, number, level, day="2026-11-10")
    book = Casebook(store)
    book.add(3, step(Kind.REPLY))
    book.add(4, step(Kind.APPEAL, by="王芳"))
    book.add(5, step(Kind.APPEAL, by="王芳"))
    book.add(5, step(Kind.ADOPT))
    looked = review.review(store, date(2026, 11, 1), date(2026, 11, 30), 5, date(2026, 11, 24))
    assert (looked.handled, looked.overdue, looked.appealed, looked.totals.left_out) == (1, 2, 1, 1)
    assert looked.figures() == {
        "period": {"zh_CN": "2026年11月1日至11月30日", "en": "2026-11-01 to 2026-11-30"},
        "ratings": 5, "satisfied_percent": 40.0, "bad": 3, "bad_handled": 1,
    }  # fmt: skip


def test_figures_that_changed_have_another_mark(store: Store) -> None:
    def mark() -> str:
        return review.review(store, date(2026, 11, 1), date(2026, 11, 30), 5, date(2026, 11, 24)).mark

    marks = [mark()]
    changes: list[Callable[[], object]] = [
        lambda: rated(store, 1, 2),
        lambda: rated(store, 2, 3),
        lambda: Casebook(store).add(1, step(Kind.REPLY)),
        lambda: Casebook(store).add(1, step(Kind.APPEAL, by="王芳")),
        lambda: Casebook(store).add(1, step(Kind.ADOPT)),
    ]
    for change in changes:
        change()
        marks.append(mark())
    assert marks[3] == marks[4], "an appeal that is filed changes no figure"
    assert len(set(marks)) == 5


def test_of_nothing_there_are_no_figures(store: Store) -> None:
    assert review.review(store, date(2026, 11, 1), date(2026, 11, 30), 5, NOW.date()).figures() is None


def test_what_was_published_last_outlives_a_restart(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as first:
        assert review.latest(first) is None
        for by in ("甲", "乙"):
            review.keep(first, Published(NOW, by, date(2026, 11, 1), date(2026, 11, 30), {"ratings": 5}))
        first.clear()
    with closing(Store(tmp_path)) as second:
        last = review.latest(second)
        assert last is not None
        assert (last.by, last.figures) == ("乙", {"ratings": 5})
