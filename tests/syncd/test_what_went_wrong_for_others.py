"""Domain §4, end: each thing that went wrong for others, as a test of ours against the real daemon."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.syncd.city import City, CityServer, HangUp, Line, Request, says
from tests.syncd.pad_box import PadBox

DIALECTS = pytest.mark.parametrize("dialect", ["national", "itemised"])
PORTAL = "<html><body>请先登录网络 <form action=/login></form></body></html>"


def settle(box: PadBox, online: CityServer, dialect: str, **sync: float) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", dialect, profile="", extra="", **sync)


def stores_but_loses_the_answer(request: Request, line: Line) -> bytes:
    line.city.behave(request, line)
    raise HangUp


@DIALECTS
def test_a_failed_row_is_tried_again_without_anybody_asking(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """A service that never retried a failed row."""
    settle(box, online, dialect, interval_s=3600)
    city.script.extend([says(500), says(502), says(503), says(408), says(429)])
    box.rate("P0")
    box.daemon()
    city.wait_for_ratings(1)
    box.wait_until_settled()
    assert box.states == ["acknowledged"]


@DIALECTS
def test_saved_then_failed_then_called_a_duplicate_is_delivered(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """One that saved, failed to push, answered "failed" and then refused the second press as a duplicate.

    The platform stored the rating, its answer was lost, and it calls the repetition a duplicate:
    that is success, and the citizen is not asked again.
    """
    settle(box, online, dialect)
    city.script.append(stores_but_loses_the_answer)
    box.rate("P0", 1)
    box.daemon()
    box.wait_until_settled()
    assert box.states == ["acknowledged"]
    assert city.distinct == ["P0"]


@DIALECTS
def test_every_level_goes_by_itself_and_the_same_way(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """One that pushed levels 3–5 by itself and 1–2 only by hand."""
    settle(box, online, dialect)
    for level in (5, 4, 3, 2, 1):
        box.rate(f"P{level}", level)
    box.daemon()
    city.wait_for_ratings(5)
    box.wait_until_settled()
    assert [record["satisfaction"] for record in city.arrived] == ["5", "4", "3", "2", "1"]
    assert len({row["attempts"] for row in box.deliveries()}) == 1
    assert len({request.path for request in city.requests if "heartbeats" not in request.path}) == 1


@DIALECTS
def test_nobody_who_did_not_rate_is_sent(box: PadBox, city: City, online: CityServer, dialect: str) -> None:
    """Jobs that submitted 5 for everybody unrated."""
    from uuid6 import uuid7

    from pad.model import Matter, Visit, VisitEnd, VisitOutcome

    settle(box, online, dialect)
    now = box.clock.read()
    for number, outcome in enumerate(
        (VisitOutcome.TIMED_OUT, VisitOutcome.WITHDRAWN, VisitOutcome.CANCELLED)
    ):
        visit = Visit(str(uuid7()), Matter(project_no=f"unrated{number}"), now, 60.0)
        box.recorder.open_visit(visit)
        box.recorder.end_visit(VisitEnd(visit.id, outcome, now))
    box.rate("P0", 2)
    box.daemon()
    box.wait_until_settled()
    assert [(record["projectNo"], record["satisfaction"]) for record in city.arrived] == [("P0", "2")]
    assert all("unrated" not in request.body.decode() for request in city.requests)


@DIALECTS
def test_a_failed_upload_that_is_retried_makes_no_duplicates(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """Duplicates after a failed upload was retried: the first answers are lost, whole and in part."""
    settle(box, online, dialect, batch=5)

    def cuts_its_answer_short(request: Request, line: Line) -> None:
        line.send(line.city.behave(request, line)[:-7])
        raise HangUp

    city.script.extend([stores_but_loses_the_answer, cuts_its_answer_short, stores_but_loses_the_answer])
    for number in range(12):
        box.rate(f"P{number:02}", 1 + number % 5)
    box.daemon()
    box.wait_until_settled()
    assert city.distinct == [f"P{number:02}" for number in range(12)]
    assert set(box.states) == {"acknowledged"}


@DIALECTS
def test_an_upload_over_its_time_limit_is_not_submitted_many_times(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """A platform that takes a fifth of a second a record, and gives up when nobody listens any more."""
    settle(box, online, dialect, answer_timeout_s=1.5, batch=8)
    seen: list[int] = []

    def takes_its_time(request: Request, line: Line) -> bytes | None:
        count = len(request.json["records"]) if dialect == "itemised" else len(city.opened(request))
        seen.append(count)
        if count > 4:
            line.hold()
        return city.behave(request, line)

    city.usual = takes_its_time
    for number in range(8):
        box.rate(f"P{number}")
    box.daemon()
    box.wait_until_settled()
    # a machine as slow as that platform may have it try once more, with still less
    assert seen[:3] == [8, 8, 4]
    assert max(seen[2:]) <= 4
    assert len(seen) <= 12
    assert city.distinct == [f"P{number}" for number in range(8)]


@DIALECTS
def test_sending_resumes_by_itself_when_the_line_is_back(
    box: PadBox, city: City, online: CityServer, start: Callable[[int], CityServer], dialect: str
) -> None:
    """Sending that never resumed after the line came back."""
    settle(box, online, dialect, interval_s=3600)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    box.rate("P0")
    box.ring()
    city.wait_for_ratings(1)
    box.wait_until_settled()
    online.end()
    for number in range(1, 6):
        box.rate(f"P{number}")
        box.ring()
    daemon.wait_for_log("no answer")
    start(online.port)
    city.wait_for_ratings(6)
    box.wait_until_settled()
    assert city.distinct == [f"P{number}" for number in range(6)]


@DIALECTS
def test_a_captive_portals_page_is_no_answer(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    """A captive portal's 200 page taken for an answer; or a redirect to it followed."""
    settle(box, online, dialect)
    elsewhere = f"http://127.0.0.1:{online.port}/login"
    city.script.extend(
        [says(200, PORTAL, {"Content-Type": "text/html"}), says(302, headers={"Location": elsewhere})] * 3
    )
    for number in range(3):
        box.rate(f"P{number}")
    box.daemon()
    city.wait_for(lambda: not city.script)
    assert "acknowledged" not in box.states or city.arrived
    city.wait_for_ratings(3)
    box.wait_until_settled()
    assert city.distinct == ["P0", "P1", "P2"]
    assert all("login" not in request.path for request in (*city.requests, *city.looks))
