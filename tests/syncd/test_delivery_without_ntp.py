"""Delivery where no NTP is: the platform's clock tells the time, and nothing goes before it is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pad.clock import Anchor, AnchorSource, monotonic_ns
from pad.ledger.outbox import Outbox
from pad.model import CHINA_TIME, Instant
from tests.syncd.city import City, CityServer, HangUp, Line, Request
from tests.syncd.pad_box import FixedClock, PadBox, steps

WRONG = datetime(2020, 1, 1, tzinfo=CHINA_TIME)


def assess_times(city: City) -> dict[str, str]:
    return {record["projectNo"]: record["assessTime"] for record in city.arrived}


def near(text: str, wanted: datetime) -> bool:
    told = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_TIME)
    return abs(told - wanted) < timedelta(minutes=2)


def test_without_ntp_the_platforms_clock_is_looked_at_once_and_tells_the_time_of_what_waits(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.clock = pad = FixedClock(WRONG, trusted=False)
    pad.monotonic_ns = monotonic_ns()
    for number in range(3):
        box.rate(f"P{number}", trusted=False)
    uploader = box.uploader()
    steps(uploader)
    assert len(city.looks) == 1
    now = datetime.now(CHINA_TIME)
    assert all(near(text, now) for text in assess_times(city).values())
    time = city.requests[0].json["txnBodyCom"]["time"]
    assert near(f"{time[:4]}-{time[4:6]}-{time[6:8]} {time[8:10]}:{time[10:12]}:{time[12:]}", now)
    (anchor,) = Outbox(box.db, box.keys).anchors().values()
    assert anchor.source is AnchorSource.PLATFORM
    box.rate("P3", trusted=False)
    steps(uploader)
    steps(box.uploader())  # as after a restart: the ledger knows the time of this boot
    assert len(city.looks) == 1


def test_a_rating_waits_with_those_behind_it_until_the_time_is_known(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.clock = pad = FixedClock(WRONG, trusted=False)
    pad.monotonic_ns = monotonic_ns()
    city.tells_date = False
    told = Instant(datetime(2026, 5, 1, tzinfo=CHINA_TIME), "boot-before", 10**9, trusted=True)
    box.rate("P0", rated=told)
    box.rate("P1", trusted=False)
    box.rate("P2", rated=told)
    uploader = box.uploader()
    assert uploader.step() == 0
    wait_s = uploader.step()
    assert wait_s is not None
    assert wait_s > 0
    assert city.distinct == ["P0"]
    assert uploader.why is not None
    assert "time" in uploader.why
    city.tells_date = True
    steps(uploader)
    assert city.distinct == ["P0", "P1", "P2"]
    assert [row["time_uncertain"] for row in box.deliveries()] == [0, 0, 0]


def test_a_technicians_word_is_enough(box: PadBox, city: City, online: CityServer) -> None:
    box.clock = pad = FixedClock(WRONG, trusted=False)
    city.tells_date = False
    box.rate("P0", trusted=False)
    uploader = box.uploader()
    steps(uploader, 2)
    true = datetime(2026, 6, 1, 12, tzinfo=CHINA_TIME)
    Outbox(box.db, box.keys).set_anchor(
        Anchor(pad.boot_id, pad.monotonic_ns, true, true - pad.wall, AnchorSource.TECHNICIAN)
    )
    steps(uploader)
    assert assess_times(city) == {"P0": "2026-06-01 12:00:00"}


def test_a_technician_who_corrects_the_time_is_heard_though_one_was_known(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.clock = pad = FixedClock(WRONG, trusted=False)
    city.tells_date = False
    uploader = box.uploader()
    for hour in (21, 12):
        true = datetime(2026, 6, 1, hour, tzinfo=CHINA_TIME)
        Outbox(box.db, box.keys).set_anchor(
            Anchor(pad.boot_id, pad.monotonic_ns, true, true - pad.wall, AnchorSource.TECHNICIAN)
        )
        box.rate(f"P{hour}", trusted=False)
        steps(uploader)
    assert assess_times(city) == {"P21": "2026-06-01 21:00:00", "P12": "2026-06-01 12:00:00"}


def test_over_a_reboot_only_bounds_are_known_and_that_is_said(
    box: PadBox, city: City, itemised: CityServer
) -> None:
    box.clock = FixedClock(datetime.now(CHINA_TIME), trusted=True)
    before = datetime(2026, 5, 1, 9, 0, tzinfo=CHINA_TIME)
    box.rate("P0", rated=Instant(before, "boot-a", 10**9, trusted=True))
    box.rate("P1", rated=Instant(WRONG, "boot-b", 10**9, trusted=False))
    box.rate("P2", rated=Instant(before + timedelta(hours=1), "boot-b", 2 * 10**9, trusted=False))
    box.rate("P3", rated=Instant(before + timedelta(hours=2), "boot-c", 10**9, trusted=True))
    steps(box.uploader())
    assert assess_times(city) == {
        "P0": "2026-05-01 09:00:00",
        "P1": "2026-05-01 09:00:00",
        "P2": "2026-05-01 10:00:00",
        "P3": "2026-05-01 11:00:00",
    }
    uncertain = {"P0": False, "P1": True, "P2": True, "P3": False}
    assert {each["projectNo"]: "time_uncertain" in each["whole"] for each in city.arrived} == uncertain
    assert {row["project_no"]: bool(row["time_uncertain"]) for row in box.deliveries()} == uncertain


def test_a_gateway_that_cuts_off_whoever_asks_for_the_root_is_asked_elsewhere(
    box: PadBox, city: City, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = city.answer

    def cuts_off_the_root(request: Request, line: Line) -> bytes | None:
        if request.path == "/gateway/":
            raise HangUp
        return answer(request, line)

    monkeypatch.setattr(city, "answer", cuts_off_the_root)
    box.clock = pad = FixedClock(WRONG, trusted=False)
    pad.monotonic_ns = monotonic_ns()
    box.rate("P0", trusted=False)
    steps(box.uploader())
    assert city.distinct == ["P0"]


def test_an_idle_pad_asks_for_the_time_before_anybody_rates(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.clock = FixedClock(WRONG, trusted=False, monotonic_ns=monotonic_ns())
    assert box.uploader().step() is None
    assert len(city.looks) == 1
    assert len(Outbox(box.db, box.keys).anchors()) == 1


def test_a_platform_whose_clock_jumped_is_followed(box: PadBox, city: City, online: CityServer) -> None:
    box.clock = FixedClock(WRONG, trusted=False, monotonic_ns=monotonic_ns())
    uploader = box.uploader()
    uploader.step()
    city.ahead = timedelta(hours=1)
    for number in range(2):
        box.rate(f"P{number}", trusted=False)
        steps(uploader)
    assert near(assess_times(city)["P1"], datetime.now(UTC) + timedelta(hours=1))


def test_what_a_clock_of_1970_settles_is_not_older_than_what_it_sent(
    box: PadBox, city: City, online: CityServer
) -> None:
    """A platform without a Date, a trusted rating, a reboot into 1970: retention must not be fooled."""
    rating = box.rate("P1")
    city.tells_date = False
    box.clock = FixedClock(datetime(1970, 1, 1, tzinfo=CHINA_TIME), trusted=False)
    steps(box.uploader())
    (row,) = box.deliveries()
    assert row["state"] == "acknowledged"
    assert row["settled_at"] == rating.rated_at
