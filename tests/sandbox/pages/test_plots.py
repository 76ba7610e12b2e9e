"""What the plots draw: parts that fill their bar, the worst level lowest, days without a gap."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.ui import theme
from pad.codes import Level
from sandbox.pages import plots
from sandbox.totals import Counts, Group

CSS = (Path(plots.__file__).parent / "static/pages.css").read_text(encoding="utf-8")


def counts(*of: int) -> Counts:
    return Counts(dict(zip(sorted(Level, reverse=True), of, strict=True)))


def test_a_bar_is_as_long_as_its_share_and_its_parts_follow_each_other() -> None:
    parts = plots.bar(counts(5, 3, 0, 1, 1), whole=20)
    assert [part.level for part in parts] == [5, 4, 2, 1]
    assert parts[0].start == 0
    for one, next_one in pairwise(parts):
        assert next_one.start == pytest.approx(one.start + one.length, abs=0.02)
    assert parts[-1].start + parts[-1].length == pytest.approx(50, abs=0.1)


def test_one_bad_rating_among_thousands_is_seen() -> None:
    best, worst = plots.bar(counts(9999, 0, 0, 0, 1))
    assert worst.length > 1
    assert best.start + best.length + worst.length <= 100.1


def test_of_nothing_there_is_no_bar() -> None:
    assert plots.bar(counts(0, 0, 0, 0, 0)) == ()
    assert plots.over_time((), ()) == ()


def test_the_highest_column_fills_the_box_with_the_worst_level_lowest() -> None:
    low, high = plots.columns(
        [Group("a", counts(1, 0, 0, 0, 1)), Group("b", counts(4, 0, 0, 0, 4))], ["a", "b"]
    )
    assert [part.level for part in high.parts] == [1, 5]
    assert sum(part.length for part in high.parts) == pytest.approx(100)
    assert sum(part.length for part in low.parts) == pytest.approx(25)


def test_days_have_no_gap_and_the_latest_is_last() -> None:
    days = [Group(day, counts(1, 0, 0, 0, 0)) for day in ("2026-10-30", "2026-11-02")]
    assert [each.label for each in plots.over_time(days, ())] == ["10/30", "10/31", "11/1", "11/2"]
    assert [each.counts.total for each in plots.over_time(days, ())] == [1, 0, 0, 1]
    far = [Group("2026-01-01", counts(1, 0, 0, 0, 0)), *days]
    assert len(plots.over_time(far, (), most=14)) == 14


def test_one_day_alone_is_shown_by_its_hours_with_those_before_opening() -> None:
    hours = [Group("07", counts(1, 0, 0, 0, 0)), Group("10", counts(2, 0, 0, 0, 0))]
    shown = plots.over_time([Group("2026-11-24", counts(3, 0, 0, 0, 0))], hours)
    assert [each.label for each in shown] == [str(hour) for hour in range(7, 18)]


def test_the_colours_are_the_pads_own() -> None:
    def of_page(name: str) -> theme.Colour:
        found = re.search(rf"--{name}: (#[0-9A-F]{{6}});", CSS)
        assert found, name
        return theme.colour(found[1])

    for level in Level:
        assert of_page(f"level-{level:d}") == theme.LEVEL_FILL[level]
    for name in (
        "paper",
        "card",
        "ink",
        "quiet-ink",
        "head",
        "head-ink",
        "accent",
        "line",
        "pressed",
        "disabled",
    ):
        assert of_page(name) == getattr(theme, name.upper().replace("-", "_")), name
