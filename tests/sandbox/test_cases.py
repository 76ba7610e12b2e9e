"""What may follow what in a bad rating's case, and its clock, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest

from pad.model import CHINA_TIME
from sandbox.cases import (
    APPEAL,
    HANDLING,
    Appeal,
    BadStep,
    Case,
    Found,
    Handling,
    Kind,
    NotNow,
    Pace,
    Step,
    case_of,
    clock,
    overdue_since,
)

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA_TIME)


def step(kind: Kind, found: Found | None = None, by: str = "", day: int = 0) -> Step:
    visited = found or (Found.CONTENT if kind is Kind.VISIT else None)
    return Step(
        kind,
        MONDAY + timedelta(days=day, minutes=1),
        by or ("王芳" if kind is Kind.APPEAL else "刘主任"),
        "因为",
        visited,
        (MONDAY + timedelta(days=day)).date() if visited else None,
    )


REPLY, APPEALED = step(Kind.REPLY), step(Kind.APPEAL)
FOLLOWS = {
    (Handling.OPEN, Appeal.NONE): {Kind.REPLY, Kind.APPEAL},
    (Handling.ANSWERED, Appeal.NONE): {Kind.VISIT, Kind.APPEAL},
    (Handling.VISITED, Appeal.NONE): {Kind.APPEAL},
    (Handling.OPEN, Appeal.FILED): {Kind.REPLY, Kind.ADOPT, Kind.REJECT},
    (Handling.ANSWERED, Appeal.FILED): {Kind.VISIT, Kind.ADOPT, Kind.REJECT},
    (Handling.VISITED, Appeal.FILED): {Kind.ADOPT, Kind.REJECT},
    (Handling.OPEN, Appeal.REJECTED): {Kind.REPLY},
    (Handling.ANSWERED, Appeal.REJECTED): {Kind.VISIT},
    (Handling.VISITED, Appeal.REJECTED): set(),
    (Handling.OPEN, Appeal.ADOPTED): set(),
    (Handling.ANSWERED, Appeal.ADOPTED): set(),
    (Handling.VISITED, Appeal.ADOPTED): set(),
}


@pytest.mark.parametrize(("handling", "appeal", "kind"), list(product(Handling, Appeal, Kind)))
def test_what_may_follow_what(handling: Handling, appeal: Appeal, kind: Kind) -> None:
    filed = (APPEALED,) if appeal is not Appeal.NONE else ()
    replied = (REPLY,) if handling is not Handling.OPEN else ()
    case = Case((*replied, *filed), handling, appeal)
    if kind in FOLLOWS[handling, appeal]:
        after = case.after(step(kind))
        assert after.steps[-1].kind is kind
        assert after.handling is HANDLING.get((handling, kind), handling)
        assert after.appeal is APPEAL.get((appeal, kind), appeal)
    else:
        with pytest.raises(NotNow):
            case.after(step(kind))


def test_a_whole_case_from_reply_to_visit() -> None:
    case = case_of([REPLY, step(Kind.VISIT, Found.NOT_REACHED), step(Kind.VISIT, Found.STILL_UNHAPPY)])
    assert (case.handling, case.appeal, case.counts) == (Handling.VISITED, Appeal.NONE, True)


def test_whom_the_visit_did_not_reach_is_tried_again() -> None:
    case = case_of([REPLY, step(Kind.VISIT, Found.NOT_REACHED)])
    assert case.handling is Handling.ANSWERED
    assert Kind.VISIT in case.may


def test_only_an_adopted_appeal_takes_a_rating_out_of_the_figures() -> None:
    assert case_of([APPEALED]).counts
    assert case_of([APPEALED, step(Kind.REJECT)]).counts
    assert not case_of([APPEALED, step(Kind.ADOPT)]).counts


@pytest.mark.parametrize("kind", [Kind.ADOPT, Kind.REJECT])
def test_nobody_judges_the_own_appeal(kind: Kind) -> None:
    with pytest.raises(BadStep, match="by"):
        case_of([APPEALED, step(kind, by=" 王芳 ")])


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("by", {"by": ""}),
        ("by", {"by": "x" * 51}),
        ("text", {"text": " \n"}),
        ("text", {"text": "x" * 501}),
        ("found", {"found": None}),
        ("day", {"day": None}),
        ("day", {"day": date(2026, 11, 24)}),
    ],
)
def test_a_step_that_cannot_be_is_named_by_its_field(field: str, changed: dict[str, object]) -> None:
    with pytest.raises(BadStep) as error:
        replace(step(Kind.VISIT), **changed)  # type: ignore[arg-type]
    assert error.value.field == field


def test_a_visit_does_not_come_before_its_reply() -> None:
    with pytest.raises(BadStep, match="day"):
        case_of([step(Kind.REPLY, day=2), replace(step(Kind.VISIT, day=2), day=MONDAY.date())])


@pytest.mark.parametrize(
    ("steps", "rated", "today", "pace", "last", "days"),
    [
        ([], "2026-11-23", "2026-11-23", Pace.RUNNING, "2026-11-30", 5),
        ([], "2026-11-23", "2026-11-28", Pace.RUNNING, "2026-11-30", 1),
        ([], "2026-11-23", "2026-11-30", Pace.RUNNING, "2026-11-30", 0),
        ([], "2026-11-23", "2026-12-02", Pace.OVERDUE, "2026-11-30", 2),
        ([], "2026-09-30", "2026-10-08", Pace.RUNNING, "2026-10-13", 4),
        ([REPLY], "2026-11-23", "2026-12-20", Pace.IN_TIME, "2026-11-30", None),
        ([step(Kind.REPLY, day=7)], "2026-11-23", "2026-12-20", Pace.IN_TIME, "2026-11-30", None),
        ([step(Kind.REPLY, day=8)], "2026-11-23", "2026-12-20", Pace.LATE, "2026-11-30", None),
        ([APPEALED, step(Kind.ADOPT)], "2026-11-23", "2026-12-20", Pace.CLOSED, "2026-11-30", None),
        ([], "2099-11-23", "2099-11-24", Pace.UNKNOWN, None, None),
    ],
)
def test_the_clock_of_article_16(  # the National Day week of 2026, and a working Saturday after it, are in it
    steps: list[Step], rated: str, today: str, pace: Pace, last: str | None, days: int | None
) -> None:
    told = clock(case_of(steps), date.fromisoformat(rated), 5, date.fromisoformat(today))
    assert (told.pace, told.deadline, told.days) == (pace, date.fromisoformat(last) if last else None, days)


def test_what_is_overdue_by_the_clock_is_what_was_rated_until_the_day_it_names() -> None:
    for number in range(0, 300, 3):
        today = date(2026, 2, 1) + timedelta(days=number)
        since = overdue_since(today, 5)
        assert since is not None
        for day, pace in ((since, Pace.OVERDUE), (since + timedelta(days=1), Pace.RUNNING)):
            assert clock(Case(), day, 5, today).pace is pace
    assert overdue_since(date(2099, 6, 1), 5) is None
