"""A small city comes back from each kind of outage; ``make city`` plays it with five thousand pads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from bench.city.platform import ROUND_TRIP_S
from bench.city.play import SCENARIOS, WINDOW_S, City, Course, Scenario

PADS = 120


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(scenario: Scenario) -> Course:
    short = replace(scenario, calm_s=300, outage_s=3600, after_s=1500)
    with closing(City(PADS, short, seed=7)) as city:
        return city.play()


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each.name for each in SCENARIOS])
def test_a_city_that_comes_back_loses_nothing_and_does_not_stampede(scenario: Scenario) -> None:
    course = play(scenario)
    back_s, end_s = course.scenario.back_s, course.scenario.end_s
    assert course.rated > PADS * 9
    assert (course.lost, course.twice, course.unsettled) == (0, 0, 0)
    assert course.repeated > 0  # answers were lost, and what was sent again was known again
    # so few pads make few requests a second: means, or chance alone would show
    assert course.peak(back_s, back_s + WINDOW_S, over_s=10) <= 8 * course.steady
    assert course.peak(back_s + WINDOW_S, end_s, over_s=60) <= 2 * course.steady
    assert course.peak(back_s + WINDOW_S, end_s, over_s=10) <= 3 * course.steady
    assert course.drained_s <= 600


@pytest.mark.usefixtures("quiet")
def test_online_a_rating_leaves_at_once() -> None:
    calm = replace(SCENARIOS[0], loses=0.0)
    with closing(City(20, replace(calm, calm_s=3000, outage_s=1, after_s=1))) as city:
        course = city.play()
    assert course.rated > 100
    assert course.slowest_online_s <= 2 * ROUND_TRIP_S  # behind one that is under way, at most
