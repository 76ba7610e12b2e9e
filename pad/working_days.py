"""Working days by the State Council's calendar, and a deadline counted in them (art. 16).

A year's notice (部分节假日安排的通知) is published in the autumn before it and comes with
``chinesecalendar``. A year that it does not hold yet is said to be unknown, never guessed from
the weekdays. A notice may also move the last days of the December before its year (29 December
2018 was worked for 31 December off), so those are known only once the next year is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import chinese_calendar

_DAY: Final = timedelta(days=1)
_MOVED_FROM: Final = 29
"""Of December: the earliest day that the next year's notice has ever moved (2004 to 2026)."""


@dataclass(frozen=True, slots=True)
class UnknownYear:
    """The official calendar of this year is not known to this version: count by hand."""

    year: int


def is_working_day(day: date) -> bool | None:
    """Whether offices work on a day; None if the calendar does not know its year (yet)."""
    return None if _unknown_year(day) is not None else chinese_calendar.is_workday(day)


def deadline(day: date, working_days: int) -> date | UnknownYear:
    """The last of so many working days, counted from the next one after ``day``.

    :param working_days: at least 1
    :returns: the day, or the first year that would have to be known for it and is not
    """
    left = working_days
    while left > 0:
        day += _DAY
        if (year := _unknown_year(day)) is not None:
            return UnknownYear(year)
        left -= chinese_calendar.is_workday(day)
    return day


def _unknown_year(day: date) -> int | None:
    """The year whose notice is missing for this day, if one is."""
    if not _holds(day.year):
        return day.year
    if (day.month, day.day) >= (12, _MOVED_FROM) and not _holds(day.year + 1):
        return day.year + 1
    return None


def _holds(year: int) -> bool:
    """Whether the calendar goes so far; the library says so only by raising."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True
