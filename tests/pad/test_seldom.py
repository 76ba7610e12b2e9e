"""A flood becomes a few lines, and the next one says how many were held back."""

from __future__ import annotations

from pad.seldom import Seldom


def test_a_few_pass_and_the_next_minute_tells_of_the_others() -> None:
    now = 0.0
    seldom = Seldom(2, 60.0, lambda: now)
    assert [seldom.lets() for _ in range(5)] == [0, 0, None, None, None]
    now = 59.9
    assert seldom.lets() is None
    now = 60.0
    assert [seldom.lets() for _ in range(3)] == [4, 0, None]


def test_what_is_seldom_is_never_held_back() -> None:
    now = 0.0
    seldom = Seldom(1, 60.0, lambda: now)
    for minute in range(5):
        now = minute * 60.0
        assert seldom.lets() == 0
