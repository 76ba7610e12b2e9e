"""A platform whose clock is slow refuses what was rated just now: it waits, and no more is made of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from pad.clock import monotonic_ns
from pad.model import wire_time
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import FixedClock, PadBox, steps

HOUR = timedelta(hours=1)


@pytest.fixture(params=["national", "itemised"])
def slow(request: pytest.FixtureRequest, box: PadBox, city: City, online: CityServer) -> City:
    """An hour slow, and minds it; the pad's own time is known."""
    box.configure(f"http://127.0.0.1:{online.port}/gateway", request.param, batch=8)
    box.clock = FixedClock()
    city.clock = lambda: box.clock.wall  # nothing but the test lets time pass
    city.ahead, city.refuses_future = -HOUR, True
    return city


def pass_time(box: PadBox, by: timedelta) -> None:
    """For both."""
    box.clock.go_on(by)


def test_ratings_wait_in_their_order_and_go_with_their_true_times_when_its_clock_has_come_to_them(
    box: PadBox, slow: City
) -> None:
    given = {}
    for number in range(3):
        given[f"P{number}"] = wire_time(box.clock.wall)
        box.rate(f"P{number}", 1 + number)
        pass_time(box, timedelta(seconds=10))
    uploader = box.uploader()
    waits = steps(uploader, 12)
    asked = len(slow.requests)
    assert waits[-1] == box.settings().sync.interval_s, "its clock is looked at meanwhile"
    assert set(box.states) == {"pending"}
    assert uploader.refused == 0
    assert uploader.is_up
    said = box.deliveries()[0]["last_error"]
    assert said == "the platform's clock is 60 min slow; ratings wait until it has come to their time"
    assert uploader.why == said
    box.rate("P3")
    given["P3"] = wire_time(box.clock.wall)
    steps(uploader, 3)
    assert len(slow.requests) == asked, "what it would refuse is not sent"

    pass_time(box, HOUR - timedelta(seconds=15))
    steps(uploader, 8)
    assert slow.distinct == ["P0", "P1"], "their time has come, that of the others has not"
    pass_time(box, timedelta(seconds=30))
    steps(uploader)
    assert {record["projectNo"]: record["assessTime"] for record in slow.arrived} == given
    assert slow.distinct == list(given)
    assert set(box.states) == {"acknowledged"}
    assert not uploader.why
    (note,) = [row for row in box.journal() if row["kind"] == "platform_clock_slow"]
    assert abs(json.loads(note["detail"])["slow_s"] - 3600) <= 2


def test_a_clock_that_is_set_right_is_noticed_and_all_goes(box: PadBox, slow: City) -> None:
    box.rate("P0")
    box.rate("P1")
    uploader = box.uploader()
    steps(uploader, 8)
    slow.ahead = timedelta(0)
    pass_time(box, timedelta(seconds=2))
    steps(uploader)
    assert slow.distinct == ["P0", "P1"]
    assert uploader.why is None


def test_a_date_that_is_slow_holds_up_nothing_where_the_platform_does_not_mind(
    box: PadBox, slow: City
) -> None:
    """It may be a gateway's, with the right time behind it."""
    slow.refuses_future = False
    for number in range(4):
        box.rate(f"P{number}")
    assert set(steps(box.uploader())) == {0}
    assert slow.distinct == ["P0", "P1", "P2", "P3"]


def test_behind_such_a_gateway_a_record_that_is_refused_for_what_it_says_holds_up_nobody(
    box: PadBox, slow: City
) -> None:
    slow.refuses_future, slow.faults["P1"] = False, "没有对应的服务数据"
    for number in range(4):
        box.rate(f"P{number}")
    uploader = box.uploader()
    steps(uploader, 12)
    assert slow.distinct == ["P0", "P2", "P3"]
    assert box.states == ["acknowledged", "pending", "acknowledged", "acknowledged"]
    assert "ahead of what the platform's clock shows" in box.deliveries()[1]["last_error"]
    pass_time(box, HOUR + timedelta(seconds=2))
    steps(uploader)
    assert box.states[1] == "refused"
    assert box.deliveries()[1]["platform_message"] == "没有对应的服务数据"


@pytest.mark.parametrize("together", [1, 8])
def test_nor_do_several_of_those_as_long_as_others_are_taken(box: PadBox, slow: City, together: int) -> None:
    text = (box.folder / "pad.toml").read_text(encoding="utf-8")
    (box.folder / "pad.toml").write_text(text.replace("batch = 8", f"batch = {together}"), encoding="utf-8")
    slow.refuses_future = False
    for number in range(6):
        slow.faults |= {f"P{number}": "没有对应的服务数据"} if number % 2 else {}
        box.rate(f"P{number}")
    uploader = box.uploader()
    steps(uploader, 20)
    assert slow.distinct == ["P0", "P2", "P4"]
    box.rate("P6")
    steps(uploader, 20)
    assert "P6" in slow.distinct


def test_a_time_that_an_hour_fast_clock_told_is_corrected_and_waits_for_nobody(
    box: PadBox, slow: City
) -> None:
    """No NTP: the platform told the time an hour fast, and is right again."""
    slow.ahead = HOUR
    box.clock = FixedClock(trusted=False, monotonic_ns=monotonic_ns())
    box.rate("P0", trusted=False)
    uploader = box.uploader()
    steps(uploader, 3)
    box.rate("P1", trusted=False)
    slow.ahead = timedelta(0)
    steps(uploader, 8)
    assert slow.distinct == ["P0", "P1"]
    assert box.states == ["acknowledged", "acknowledged"]


def test_what_it_refuses_of_the_past_is_refused_at_once(box: PadBox, slow: City) -> None:
    slow.faults["P0"] = "没有对应的服务数据"
    box.rate("P0")
    pass_time(box, 2 * HOUR)
    steps(box.uploader())
    assert box.states == ["refused"]
