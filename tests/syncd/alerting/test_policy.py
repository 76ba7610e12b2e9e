"""What follows from how a telling ended, as a table; and how fast a target may be spoken to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.alerting.base import Answer, Refused, Throttled, Told, Unheard, Unreached
from syncd.alerting.policy import Course, Decision, decide, may_speak_in_s

FRESH, THIRD, LONG = Course(), Course(2), Course(40)


def half() -> float:
    return 0.5


def put_off(failures: int, wait_s: float, put_off_s: float) -> Decision:
    return Decision(Course(failures), why="x", may_have_arrived=True, wait_s=wait_s, put_off_s=put_off_s)


def refusal(failures: int, put_off_s: float, *, alarm: bool = False) -> Decision:
    course = Course(failures, refused=True)
    return Decision(course, why="x", wait_s=60.0, put_off_s=put_off_s, alarm=alarm)


@pytest.mark.parametrize(
    ("course", "answer", "expected"),
    [
        (FRESH, Told(), Decision(FRESH, told=True)),
        (Course(9, refused=True), Told(), Decision(FRESH, told=True)),
        (FRESH, Unreached("x"), Decision(Course(1), why="x", wait_s=0.5)),
        (THIRD, Unreached("x"), Decision(Course(3), why="x", wait_s=2.0)),
        (LONG, Unreached("x"), Decision(Course(41), why="x", wait_s=30.0)),
        (
            FRESH,
            Unheard("x"),
            put_off(1, 0.5, 30.0),
        ),
        (
            THIRD,
            Unheard("x"),
            put_off(3, 2.0, 120.0),
        ),
        (
            LONG,
            Unheard("x"),
            put_off(41, 30.0, 3600.0),
        ),
        (FRESH, Throttled("x", 60), Decision(Course(1), why="x", wait_s=75.0)),
        (LONG, Throttled("x", 600), Decision(Course(41), why="x", wait_s=750.0)),
        (FRESH, Throttled("x", 999_999_999), Decision(Course(1), why="x", wait_s=2250.0)),
        (FRESH, Refused("x"), refusal(1, put_off_s=300.0, alarm=True)),
        (Course(1, refused=True), Refused("x"), refusal(2, put_off_s=300.0)),
    ],
)
def test_what_follows(course: Course, answer: Answer, expected: Decision) -> None:
    assert decide(course, answer, half) == expected


def test_of_several_that_are_refused_together_none_is_put_off() -> None:
    assert decide(FRESH, Refused("x"), half, alone=False) == refusal(1, put_off_s=0.0, alarm=True)


def test_a_refusal_after_something_else_is_said_again() -> None:
    course = decide(Course(1, refused=True), Unreached("x"), half).course
    assert decide(course, Refused("x"), half).alarm


@given(
    st.integers(0, 10_000),
    st.sampled_from([Unreached("x"), Unheard("x"), Refused("x")])
    | st.builds(Throttled, st.just("x"), st.floats(0, 1e12)),
    st.floats(0, 1, exclude_max=True),
)
def test_nothing_but_told_is_told_and_no_wait_is_longer_than_an_hour(
    failures: int, answer: Answer, number: float
) -> None:
    decision = decide(Course(failures), answer, lambda: number)
    assert not decision.told
    assert 0 <= decision.wait_s + decision.put_off_s <= 3660
    assert decision.may_have_arrived == isinstance(answer, Unheard)


def test_the_first_message_of_a_minute_is_never_held_back() -> None:
    assert may_speak_in_s((), 100.0, 15) == 0
    assert may_speak_in_s(tuple(range(85, 99)), 100.0, 15) == 0


def test_a_full_minute_is_waited_out() -> None:
    spoken = tuple(float(second) for second in range(50, 65))
    assert may_speak_in_s(spoken, 65.0, 15) == 45.0
    assert may_speak_in_s(spoken, 110.0, 15) == 0
    assert may_speak_in_s((1.0, *spoken), 65.0, 15) == 45.0


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.integers(1, 30))
def test_no_minute_ever_has_more_messages_than_a_target_takes(gaps: list[float], per_minute: int) -> None:
    spoken: tuple[float, ...] = ()
    now = 1000.0
    for gap in gaps:
        now += gap
        now += may_speak_in_s(spoken, now, per_minute)
        spoken += (now,)
        assert len([each for each in spoken if each > now - 60.0 + 1e-6]) <= per_minute
