"""The nightly restart: once a day, while nobody is asked anything, and never in a loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.events import HoldCorners, ServiceMode, SetService, StorageChanged, TouchDown, TouchUp
from kiosk.nightly import AGE_LEAST, LOOK_S, QUIET, Night, is_due, restart_time
from kiosk.phases import is_at_rest
from pad.model import CHINA_TIME
from tests.kiosk.trace import Trace

AT = time(3, 30)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=CHINA_TIME)
S = 1_000_000_000


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("now", "age", "due"),
    [
        (3.4, 20, False),
        (3.5, 20, True),
        (4, 20, True),
        (4, 0.4, False),  # it has just been started
        (9, 5.5, False),  # it was started after half past three
        (9, 5.4, False),
        (23, 19, False),
        (2, 23, True),  # yesterday's was missed
        (3.6, 1, False),  # young, though older than half past three
        (3.6, 5.9, False),
        (3.6, 6, True),
    ],
)
def test_when_it_is_due(now: float, age: float, due: bool) -> None:
    assert is_due(AT, MIDNIGHT + hours(now), hours(age), QUIET) is due


def test_it_waits_until_it_has_been_quiet() -> None:
    assert not is_due(AT, MIDNIGHT + hours(4), hours(20), QUIET - timedelta(seconds=1))


class Machine:
    """A machine that starts the kiosk again whenever it ends, with a wall clock in the test's hand."""

    def __init__(self, wall: Callable[[timedelta], datetime]) -> None:
        self._wall = wall
        self.restarts: list[timedelta] = []

    def run(self, length: timedelta, at: time = AT) -> Machine:
        up = timedelta(0)
        night = Night(at, lambda: None)
        while up < length:
            up += timedelta(minutes=5)
            if night.look(True, self._wall(up), up // timedelta(microseconds=1) * 1000):
                self.restarts.append(up)
                night = Night(at, lambda: None)
        return self


def test_once_a_night_for_a_fortnight() -> None:
    machine = Machine(lambda up: MIDNIGHT + hours(8) + up).run(timedelta(days=14))
    assert [(MIDNIGHT + hours(8) + up).time() for up in machine.restarts] == [AT] * 14


def test_a_pad_that_is_switched_off_every_evening_is_never_restarted() -> None:
    assert Machine(lambda up: MIDNIGHT + hours(8) + up).run(hours(10)).restarts == []


def test_a_clock_that_starts_in_1970_and_is_set_brings_at_most_one_out_of_turn() -> None:
    start = datetime(1970, 1, 1, 8, tzinfo=CHINA_TIME)
    machine = Machine(lambda up: (start if up < hours(7) else MIDNIGHT + hours(8)) + up).run(
        timedelta(days=3)
    )
    assert 3 <= len(machine.restarts) <= 4


def test_a_clock_that_stands_still_brings_none_after_another() -> None:
    machine = Machine(lambda _: MIDNIGHT + hours(3.6)).run(timedelta(days=2))
    gaps = [after - before for before, after in zip(machine.restarts, machine.restarts[1:], strict=False)]
    assert all(gap >= AGE_LEAST for gap in gaps)


@settings(max_examples=60)
@given(
    st.lists(st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
    st.times(),
)
def test_whatever_the_wall_clock_says_there_are_hours_between_two(clocks: list[datetime], at: time) -> None:
    machine = Machine(lambda up: clocks[int(up / hours(1)) % len(clocks)].replace(tzinfo=CHINA_TIME))
    machine.run(timedelta(days=2), at.replace(second=0, microsecond=0))
    gaps = [after - before for before, after in zip(machine.restarts, machine.restarts[1:], strict=False)]
    assert all(gap >= AGE_LEAST for gap in gaps)


def test_a_visit_begins_the_quiet_anew() -> None:
    night, wall = Night(AT, lambda: None), MIDNIGHT + hours(4)
    assert not night.look(True, wall, 0)
    at = int(hours(20).total_seconds())
    assert not night.look(False, wall, at * S)
    assert not night.look(True, wall, (at + 100) * S)
    assert night.look(True, wall, (at + 120) * S)
    assert night.is_over


@pytest.mark.parametrize(
    ("configured", "environ", "found"),
    [
        ("03:30", {"INVOCATION_ID": "x"}, AT),
        ("", {"INVOCATION_ID": "x"}, None),
        ("03:30", {}, None),  # nobody would start it again
        ("03:30", {"INVOCATION_ID": ""}, None),
    ],
)
def test_only_where_it_is_started_again(configured: str, environ: dict[str, str], found: time | None) -> None:
    assert restart_time(configured, environ) == found


def test_the_ui_thread_is_woken_to_look() -> None:
    woken: list[None] = []
    night = Night(AT, lambda: woken.append(None), look_s=0.001)
    night.start()
    while not woken:
        pass
    night.stop()
    assert QUIET.total_seconds() > LOOK_S


# --- what counts as rest ----------------------------------------------------------------


def test_an_open_a_paused_and_a_closed_window_are_at_rest() -> None:
    for mode in (ServiceMode.OPEN, ServiceMode.PAUSED, ServiceMode.CLOSED):
        assert is_at_rest(Trace().do(SetService(mode, "")).session)


def test_nobody_is_interrupted() -> None:
    assert not is_at_rest(Trace().do(SetService(ServiceMode.SERVING, "")).session)
    assert not is_at_rest(Trace().invite().session)
    assert not is_at_rest(Trace().invite().tap(5).session)
    assert not is_at_rest(Trace().do(TouchDown()).session)
    assert is_at_rest(Trace().do(TouchDown(), TouchUp()).session)
    assert not is_at_rest(Trace().do(HoldCorners()).session)
    assert not is_at_rest(Trace().do(StorageChanged(ready=False)).session)
