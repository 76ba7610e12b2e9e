"""Quiet hours: a part of the day in China time, over midnight too."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from kiosk.voice.hours import QuietHours, Span
from pad.model import CHINA_TIME


@pytest.mark.parametrize(
    ("span", "quiet", "loud"),
    [
        ("12:00-14:00", ["12:00", "13:59:59"], ["11:59:59", "14:00", "00:00"]),
        ("21:00-07:00", ["21:00", "23:59:59", "00:00", "06:59"], ["07:00", "12:00", "20:59:59"]),
        ("00:00-00:00", ["00:00", "12:00", "23:59"], []),
        ("23:59-00:00", ["23:59:30"], ["00:00", "23:58"]),
    ],
)
def test_the_first_minute_is_quiet_and_the_last_is_not(span: str, quiet: list[str], loud: list[str]) -> None:
    found = Span.of(span)
    assert [each for each in quiet if not found.has(time.fromisoformat(each))] == []
    assert [each for each in loud if found.has(time.fromisoformat(each))] == []


def test_the_hours_are_chinas_wherever_the_clock_stands() -> None:
    hours = QuietHours.of(("12:00-14:00", "21:00-07:00"))
    assert hours.has(datetime(2026, 3, 4, 5, 0, tzinfo=UTC))
    assert not hours.has(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    assert hours.has(datetime(2026, 3, 4, 22, 0, tzinfo=CHINA_TIME))


def test_no_hours_are_never_quiet() -> None:
    assert not QuietHours().has(datetime(2026, 3, 4, 0, 0, tzinfo=CHINA_TIME))


@pytest.mark.parametrize("text", ["", "21:00", "21:00-25:00", "night-day"])
def test_what_is_no_span_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^quiet hours: found '{text}'; .*21:00-07:00"):
        QuietHours.of((text,))
