"""A measurement's row: what its aim bounds, and whether it is met."""

from __future__ import annotations

import pytest

from bench.table import Row, in_markdown


@pytest.mark.parametrize(
    ("figure", "base", "aim", "met"),
    [
        (3.0, 2.0, "≤ 1.5 ×", True),
        (3.1, 2.0, "≤ 1.5 ×", False),
        (2.0, 2.0, "≥ 1 ×", True),
        (1.9, 2.0, "≥ 1 ×", False),
        (250.0, None, "≤ 250 ms", True),
        (251.0, 1.0, "≤ 250 ms", False),
        (3.0, 2.0, "", None),
    ],
)
def test_an_aim_bounds_the_ratio_or_the_figure(
    figure: float, base: float | None, aim: str, met: bool | None
) -> None:
    assert Row("append", figure, "ms", "write", base, aim).met is met


@pytest.mark.parametrize("aim", ["1.5 ×", "≤ 1.5", "< 1.5 ×", "≤ 250 s", "≤ 1.5 x"])
def test_an_aim_nobody_could_judge_is_refused(aim: str) -> None:
    with pytest.raises(ValueError, match="must read like"):
        Row("append", 1.0, "ms", "write", 1.0, aim)


def test_a_ratio_is_aimed_at_only_where_there_is_one() -> None:
    with pytest.raises(ValueError, match="something to compare with"):
        Row("append", 1.0, "ms", aim="≤ 1.5 ×")


def test_the_page_shows_figures_without_powers_of_ten() -> None:
    rows = [Row("drain", 42572.8, "ratings/s", "other", 571.0, "≥ 1 ×"), Row("syncs", 0.044, "syncs")]
    assert in_markdown(rows).splitlines()[2:] == [
        "| drain | 42573 ratings/s | other: 571 ratings/s | 74.56 × | ≥ 1 × | yes |",
        "| syncs | 0.044 syncs |  |  |  |  |",
    ]
