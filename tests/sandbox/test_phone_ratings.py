"""What phones rate: one rating a matter whichever way came first, and what the pads are told of it."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pad.codes import Level
from pad.model import CHINA_TIME
from pad.phone import MatterTicket
from sandbox.phone_ratings import Came, PhoneRatings
from sandbox.platform import Platform, Verdict
from sandbox.settings import Settings
from sandbox.store import Arrival
from tests.sandbox.conftest import Sandbox, item, record

START = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA_TIME)


class Clock:
    """The platform's time, which a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclasses.dataclass
class Hall:
    """A platform in this very process, and its clock."""

    platform: Platform
    clock: Clock

    @property
    def phones(self) -> PhoneRatings:
        return self.platform.phone_ratings

    def rows(self, table: str = "ratings") -> list[dict[str, Any]]:
        found = self.platform.store.db.execute(f"SELECT * FROM {table} ORDER BY rowid")
        return [dict(row) for row in found]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    platform, clock = Platform(Settings(), tmp_path), Clock()
    platform.phone_ratings = PhoneRatings(platform.store, clock)
    yield Hall(platform, clock)
    platform.store.close()


def ticket(project_no: str = "P1", **changed: Any) -> MatterTicket:
    made = MatterTicket("pad-1", str(uuid.uuid4()), project_no, 1, 1, "A07", int(START.timestamp()) + 3600)
    return dataclasses.replace(made, **changed)


def by_pad(project_no: str = "P1", rating_id: str = "r-1", visit: str = "", **changed: str) -> Arrival:
    return Arrival(record(project_no, **changed), "itemised", "pad-1", rating_id, visit=visit)


# --- first come, first counted -------------------------------------------------------------


def test_the_first_rating_counts_and_says_that_a_code_brought_it(hall: Hall) -> None:
    of = ticket()
    assert hall.phones.rate(of, Level.DISSATISFIED, ("207",), "等了很久") is Came.FIRST
    (row,) = hall.rows()
    assert (row["level"], row["indicators"], row["comment"], row["pf"]) == (2, "207", "等了很久", "3")
    assert (row["dialect"], row["device"], row["visit"], row["window"]) == (
        "phone",
        "pad-1",
        of.visit_id,
        "A07",
    )
    assert row["assess_time"] == "2026-11-23 09:30:00"


def test_a_pads_rating_after_a_phones_is_a_duplicate_and_kept_beside_it(hall: Hall) -> None:
    hall.phones.rate(ticket(), Level.VERY_SATISFIED, (), "")
    late = by_pad(satisfaction="1", evalDetail="108")
    for _ in range(2):  # its answer was lost once
        assert hall.platform.take_one(late).verdict is Verdict.DUPLICATE
    assert [(row["level"], row["arrivals"]) for row in hall.rows()] == [(5, 1)]
    (voice,) = hall.rows("later_voices")
    assert (voice["level"], voice["dialect"], voice["rating_id"]) == (1, "itemised", "r-1")


def test_a_national_pads_rating_after_a_phones_is_a_duplicate_too(hall: Hall) -> None:
    hall.phones.rate(ticket(), Level.VERY_SATISFIED, (), "")
    late = Arrival(record(satisfaction="2", evalDetail=""), "national")
    assert hall.platform.take_all([late]).verdict is Verdict.DUPLICATE
    assert len(hall.rows()) == len(hall.rows("later_voices")) == 1


def test_a_phones_rating_after_a_pads_is_late_and_kept_beside_it(hall: Hall) -> None:
    hall.platform.take_one(by_pad())
    assert hall.phones.rated(ticket())
    assert hall.phones.rate(ticket(), Level.VERY_DISSATISFIED, (), "") is Came.LATER
    assert [row["level"] for row in hall.rows()] == [5]
    assert [row["level"] for row in hall.rows("later_voices")] == [1]
    assert hall.phones.since("pad-1", 0).rated == ()


def test_another_step_or_a_second_assessment_is_rated_on_its_own(hall: Hall) -> None:
    for each in (ticket(), ticket(service_number=2), ticket(assess_number=2)):
        assert not hall.phones.rated(each)
        assert hall.phones.rate(each, Level.SATISFIED, (), "") is Came.FIRST


def test_a_matter_without_a_number_is_one_by_its_visit(hall: Hall) -> None:
    one, other = ticket(""), ticket("")
    assert hall.phones.rate(one, Level.SATISFIED, (), "") is Came.FIRST
    assert hall.phones.rate(other, Level.SATISFIED, (), "") is Came.FIRST
    assert hall.platform.take_one(by_pad("", visit=one.visit_id)).verdict is Verdict.DUPLICATE
    assert hall.platform.take_one(by_pad("", "r-2", str(uuid.uuid4()))).verdict is Verdict.ACCEPTED
    assert len(hall.rows()) == 3


def test_a_pads_rating_of_a_visit_keeps_a_phone_from_rating_it_again(hall: Hall) -> None:
    of = ticket("")
    hall.platform.take_one(by_pad("", visit=of.visit_id))
    assert hall.phones.rate(of, Level.SATISFIED, (), "") is Came.LATER


def test_the_very_same_sent_twice_is_no_second_voice(hall: Hall) -> None:
    of = ticket()
    assert hall.phones.rate(of, Level.FAIRLY_SATISFIED, ("310",), "") is Came.FIRST
    assert hall.phones.rate(of, Level.FAIRLY_SATISFIED, ("310",), "") is Came.AGAIN
    assert hall.rows("later_voices") == []
    assert hall.phones.rate(of, Level.VERY_SATISFIED, (), "") is Came.LATER
    assert hall.phones.rate(ticket(), Level.FAIRLY_SATISFIED, ("310",), "") is Came.LATER


def test_whoever_holds_a_code_cannot_fill_the_disk_with_voices(hall: Hall) -> None:
    for number in range(50):
        hall.phones.rate(ticket(), Level.VERY_DISSATISFIED, (), str(number))
    assert (len(hall.rows()), len(hall.rows("later_voices"))) == (1, 20)


def test_a_matters_service_record_names_it(hall: Hall) -> None:
    service = {
        "projectNo": "P1",
        "serviceNumber": "1",
        "taskName": "登记",
        "userName": "张三",
        "mobile": "139",
    }
    hall.platform.store.add_service(service)
    hall.phones.rate(ticket(), Level.SATISFIED, (), "")
    raw = hall.rows()[0]["raw"]
    assert "登记" in raw
    assert "张三" not in raw
    assert "139" not in raw


# --- what a pad is told --------------------------------------------------------------------


def test_a_pad_hears_of_its_own_matters_once_and_never_how(hall: Hall) -> None:
    mine, others = ticket(), ticket("P2", device_id="pad-2")
    for each in (mine, others):
        hall.phones.rate(each, Level.VERY_DISSATISFIED, ("108",), "x")
    news = hall.phones.since("pad-1", 0)
    assert news.rated == (
        {
            "visit": mine.visit_id, "project_no": "P1", "service_number": 1, "assess_number": 1,
            "rated_at": "2026-11-23T09:30:00.000+08:00",
        },
    )  # fmt: skip
    assert hall.phones.since("pad-1", news.cursor) == dataclasses.replace(news, rated=())


def test_after_nothing_only_the_last_day_is_told(hall: Hall) -> None:
    hall.phones.rate(ticket("P1"), Level.SATISFIED, (), "")
    hall.clock.pass_by(hours=1)
    hall.phones.rate(ticket("P2"), Level.SATISFIED, (), "")
    hall.clock.pass_by(hours=23, seconds=1)
    news = hall.phones.since("pad-1", 0)
    assert [each["project_no"] for each in news.rated] == ["P2"]
    hall.clock.pass_by(days=3)
    assert hall.phones.since("pad-1", 0) == dataclasses.replace(news, rated=())
    assert len(hall.phones.since("pad-1", 1).rated) == 2


def test_more_than_a_hundred_come_in_order_by_and_by(hall: Hall) -> None:
    for number in range(230):
        hall.phones.rate(ticket(f"P{number}"), Level.SATISFIED, (), "")
    heard: list[str] = []
    sizes: list[int] = []
    cursor = 0
    while not sizes or sizes[-1]:
        news = hall.phones.since("pad-1", cursor)
        assert news.cursor >= cursor
        heard += [each["project_no"] for each in news.rated]
        sizes.append(len(news.rated))
        cursor = news.cursor
    assert sizes == [100, 100, 30, 0]
    assert heard == [f"P{number}" for number in range(230)]


def test_a_platform_that_lost_what_it_had_still_tells_of_what_comes_then(hall: Hall) -> None:
    hall.phones.rate(ticket("P1"), Level.SATISFIED, (), "")
    heard = hall.phones.since("pad-1", 0).cursor
    hall.platform.store.clear()  # the backup was older
    assert hall.phones.since("pad-1", heard).cursor == 0
    hall.clock.pass_by(minutes=1)
    hall.phones.rate(ticket("P2"), Level.SATISFIED, (), "")
    news = hall.phones.since("pad-1", heard)
    assert [each["project_no"] for each in news.rated] == ["P2"]
    assert news.cursor > heard


def test_a_cursor_of_another_platform_is_answered_with_our_own(hall: Hall) -> None:
    hall.phones.rate(ticket(), Level.SATISFIED, (), "")
    own = hall.phones.since("pad-1", 0)
    assert hall.phones.since("pad-1", own.cursor + 10**9) == own


def test_who_waits_hears_as_soon_as_it_is_there(hall: Hall) -> None:
    async def play() -> None:
        waiting = asyncio.create_task(hall.phones.wait("pad-1", 0, 30))
        others = asyncio.create_task(hall.phones.wait("pad-2", 0, 30))
        await asyncio.sleep(0)
        assert not waiting.done()
        hall.phones.rate(ticket(), Level.SATISFIED, (), "")
        assert len((await waiting).rated) == 1
        assert not others.done()
        hall.phones.rate(ticket("P2", device_id="pad-2"), Level.SATISFIED, (), "")
        assert len((await others).rated) == 1

    asyncio.run(play())


def test_who_waits_in_vain_is_told_so(hall: Hall) -> None:
    assert asyncio.run(hall.phones.wait("pad-1", 0, 0.01)).rated == ()


# --- over HTTP -----------------------------------------------------------------------------


def ask(sandbox: Sandbox, query: str, **headers: str) -> Any:
    return sandbox.signed_question("/itemised/v1/phone-ratings", query, **headers)


def test_the_question_is_signed(sandbox: Sandbox) -> None:
    assert ask(sandbox, "device=pad-1").json() == {"device": "pad-1", "cursor": 0, "rated": []}
    assert ask(sandbox, "device=pad-1", X_Signature="0" * 64).status_code == 401
    assert ask(sandbox, "device=pad-1", X_App_Mark="").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "", "device=", "device=p&after=-1", "device=p&after=x", "device=p&after=9007199254740992",
        "device=p&after=%C2%B2", "device=p&wait=31", "device=p&wait=-1", "device=p&wait=nan",
        "device=p&wait=1e9",
    ],
)  # fmt: skip
def test_a_question_of_another_form_is_400(sandbox: Sandbox, query: str) -> None:
    assert ask(sandbox, query).status_code == 400


def test_a_record_says_its_visit_in_text(sandbox: Sandbox) -> None:
    visit = str(uuid.uuid4())
    results = sandbox.itemised(item("", "r-1") | {"visit": visit}).json()["results"]
    assert [each["outcome"] for each in results] == ["accepted"]
    assert sandbox.itemised(item("", "r-2") | {"visit": 7}).status_code == 400
