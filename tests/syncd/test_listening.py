"""When the platform is asked again what phones rated: the whole table."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from pad.ledger.elsewhere import RatedElsewhere
from pad.model import CHINA_TIME
from pad.settings import Sync
from syncd import listening
from syncd.listening import Course, decide
from syncd.platforms.base import CredentialsRefused, News, NewsAnswer, NoAnswer, NotOffered, Throttled
from syncd.policy import Lots

RULES = Sync()
MOST = Lots(number=lambda: 1.0, batch_id=lambda: "b")
KNOWN = Course(is_known=True)
NEWS = News(7, (RatedElsewhere("v", "P1", 1, 1, datetime(2026, 11, 23, tzinfo=CHINA_TIME)),))


@pytest.mark.parametrize(
    ("answer", "fresh", "took_s", "wait_s"),
    [
        (NEWS, 1, 0.01, 0.0),
        (NEWS, 100, 25.0, 0.0),
        (News(7, ()), 0, 25.0, 0.0),
        (News(7, ()), 0, 0.3, 0.7),
        (NEWS, 0, 0.0, 1.0),
    ],
)
def test_it_is_asked_again_at_once_but_never_in_a_circle(
    answer: News, fresh: int, took_s: float, wait_s: float
) -> None:
    decision = decide(Course(failures=3), answer, fresh, took_s, RULES, MOST)
    assert decision.wait_s == pytest.approx(wait_s)
    assert (decision.course, decision.ok, decision.why) == (KNOWN, True, None)


def test_no_answer_backs_off_by_the_houses_policy() -> None:
    course, waits = Course(), []
    for _ in range(12):
        decision = decide(course, NoAnswer("gone"), 0, 0.0, RULES, MOST)
        course = decision.course
        waits.append(decision.wait_s)
        assert (decision.ok, decision.cut_short, decision.why) == (False, True, "gone")
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_the_jitter_is_full() -> None:
    chance = random.Random(1)
    lots = Lots(number=chance.random, batch_id=lambda: "b")
    waits = [decide(Course(failures=5), NoAnswer("x"), 0, 0.0, RULES, lots).wait_s for _ in range(1000)]
    assert min(waits) < 1
    assert 31 < max(waits) <= 32


@pytest.mark.parametrize("answer", [Throttled("HTTP 429", 30.0), NoAnswer("HTTP 503", retry_after_s=30.0)])
def test_what_the_platform_asks_for_is_kept_and_the_line_cuts_it_not_short(answer: NewsAnswer) -> None:
    decision = decide(KNOWN, answer, 0, 0.0, RULES, MOST)
    assert decision.wait_s == 60.0, "as long again at most, so that a city does not come back at once"
    assert not decision.cut_short
    least = decide(KNOWN, answer, 0, 0.0, RULES, Lots(lambda: 0.0, lambda: "b"))
    assert least.wait_s == 30.0


def test_a_pad_that_is_not_known_asks_like_its_delivery_does() -> None:
    decision = decide(KNOWN, CredentialsRefused("HTTP 401"), 0, 0.0, RULES, MOST)
    assert (decision.wait_s, decision.ok, decision.cut_short) == (RULES.refused_probe_s, False, False)


def test_a_platform_without_it_is_asked_again_in_an_hour() -> None:
    decision = decide(Course(), NotOffered(), 0, 0.0, RULES, MOST)
    assert (decision.wait_s, decision.ok, decision.cut_short) == (3600.0, None, False)


def test_a_platform_that_told_before_and_does_not_know_the_way_now_is_no_answer() -> None:
    decision = decide(KNOWN, NotOffered(), 0, 0.0, RULES, MOST)
    assert (decision.wait_s, decision.ok) == (1.0, False)


def test_a_city_that_has_its_power_back_does_not_ask_in_one_second() -> None:
    assert listening.first_after_s(RULES, MOST, up_s=30.0) == RULES.reconnect_spread_s
    assert listening.first_after_s(RULES, MOST, up_s=3000.0) == 0.0
