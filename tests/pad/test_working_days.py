"""Working days against what the State Council published, value by value.

Source: the notices 国务院办公厅关于2024年 (2025年, 2026年) 部分节假日安排的通知, gov.cn.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest

from pad.working_days import UnknownYear, deadline, is_working_day

OFF = {
    2024: ["01-01", "02-10/02-17", "04-04/04-06", "05-01/05-05", "06-10", "09-15/09-17", "10-01/10-07"],
    2025: ["01-01", "01-28/02-04", "04-04/04-06", "05-01/05-05", "05-31/06-02", "10-01/10-08"],
    2026: [
        "01-01/01-03", "02-15/02-23", "04-04/04-06", "05-01/05-05", "06-19/06-21", "09-25/09-27",
        "10-01/10-07",
    ],
}  # fmt: skip
WORKED = {
    2024: ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}


def published(year: int) -> dict[date, bool]:
    """A year's days: weekdays are worked and weekends are not, but for what the notice moves."""
    first = date(year, 1, 1)
    every = [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]
    days = {day: day.weekday() < 5 for day in every}
    for span in OFF[year]:
        start, _, end = span.partition("/")
        day = date.fromisoformat(f"{year}-{start}")
        while day <= date.fromisoformat(f"{year}-{end or start}"):
            days[day] = False
            day += timedelta(days=1)
    return days | {date.fromisoformat(f"{year}-{day}"): True for day in WORKED[year]}


@pytest.fixture
def known_to_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever release is installed: nothing after 2026 is known."""
    later = [day for day in chinese_calendar.holidays if day.year > 2026]
    for day in later:
        monkeypatch.delitem(chinese_calendar.holidays, day)


@pytest.mark.parametrize("year", OFF)
def test_every_day_is_what_the_notice_says(year: int) -> None:
    told = {day: is_working_day(day) for day in published(year)}
    undecided = {day for day, worked in told.items() if worked is None}
    assert undecided <= {date(year, 12, 29), date(year, 12, 30), date(year, 12, 31)}
    assert {day: worked for day, worked in told.items() if worked is not None} == {
        day: worked for day, worked in published(year).items() if day not in undecided
    }


@pytest.mark.parametrize(
    ("rated", "last"),
    [
        ("2026-06-01", "2026-06-08"),  # a plain Monday
        ("2026-06-05", "2026-06-12"),  # a Friday: counting begins on Monday
        ("2026-06-06", "2026-06-12"),  # rated on a Saturday: the same
        ("2026-02-13", "2026-02-27"),  # before the Spring Festival: Saturday 14 is worked, 15 to 23 are off
        ("2026-02-24", "2026-03-02"),  # Saturday 28 February is worked
        ("2026-09-30", "2026-10-13"),  # National Day off to the 7th, Saturday the 10th worked
        ("2026-10-03", "2026-10-13"),  # rated in the holidays
        ("2026-04-30", "2026-05-11"),  # Labour Day off to the 5th, Saturday the 9th worked
        ("2025-12-31", "2026-01-08"),  # over the turn of a known year: Sunday 4 January is worked
        ("2025-01-24", "2025-02-07"),  # Sunday 26 January is worked, the holidays last to 4 February
        ("2024-02-08", "2024-02-21"),  # New Year's Eve, the 9th, was worked, and Sunday the 18th
        ("2024-09-13", "2024-09-23"),  # Saturday the 14th worked, the 15th to the 17th off
    ],
)
def test_five_working_days_by_the_official_calendar(rated: str, last: str) -> None:
    assert deadline(date.fromisoformat(rated), 5) == date.fromisoformat(last)


@pytest.mark.parametrize("working_days", [1, 5, 7, 15])
@pytest.mark.parametrize("year", [2024, 2025])
def test_counted_day_by_day_it_is_the_same(year: int, working_days: int) -> None:
    days = published(year) | published(year + 1)
    for number in range(365):
        rated = date(year, 1, 1) + timedelta(days=number)
        worked = [day for day in sorted(days) if day > rated and days[day]]
        assert deadline(rated, working_days) == worked[working_days - 1]


@pytest.mark.usefixtures("known_to_2026")
def test_a_year_that_is_not_published_yet_is_unknown_and_not_guessed() -> None:
    assert is_working_day(date(2027, 3, 2)) is None
    assert is_working_day(date(2003, 12, 31)) is None
    assert deadline(date(2026, 12, 25), 5) == UnknownYear(2027)
    assert deadline(date(2030, 1, 1), 1) == UnknownYear(2030)


@pytest.mark.usefixtures("known_to_2026")
def test_the_last_days_of_december_may_still_be_moved_by_the_next_years_notice() -> None:
    assert is_working_day(date(2026, 12, 28)) is True
    assert is_working_day(date(2026, 12, 29)) is None
    assert deadline(date(2026, 12, 21), 5) == date(2026, 12, 28)
    assert deadline(date(2026, 12, 22), 5) == UnknownYear(2027)


def test_that_has_happened() -> None:
    assert is_working_day(date(2018, 12, 29)) is True
    assert is_working_day(date(2018, 12, 31)) is False
