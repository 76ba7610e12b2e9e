"""Every misbehaviour, switched on over HTTP for the first submission, met by a real client."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from functools import partial

import pytest
import requests

from sandbox.misbehaviour import KINDS
from tests.sandbox.conftest import Sandbox, item, message, record

STORED_ALL_THE_SAME = ("close-mid-body", "truncated-json", "answer-lost", "wrong-batch-id", "wrong-types")


def switch_on(sandbox: Sandbox, name: str, **given: object) -> None:
    assert sandbox.control("PUT", f"misbehaviours/{name}", {"first": 1} | given).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("status-500", 500),
        ("html-502", 502),
        ("retry-after-503", 503),
        ("status-429", 429),
        ("status-413", 413),
        ("status-401", 401),
        ("captive-portal", 200),
    ],
)
def test_a_refusing_misbehaviour_stores_nothing_and_meets_the_first_only(
    sandbox: Sandbox, name: str, status: int
) -> None:
    switch_on(sandbox, name)
    answer = sandbox.national(record())
    assert answer.status_code == status
    assert sandbox.stored() == []
    assert message(sandbox.national(record()))[0]


def test_retry_after_names_its_seconds(sandbox: Sandbox) -> None:
    switch_on(sandbox, "retry-after-503", seconds=7)
    assert sandbox.national(record()).headers["Retry-After"] == "7"


def test_413_may_depend_on_the_number_of_records(sandbox: Sandbox) -> None:
    switch_on(sandbox, "status-413", first=None, max_records=1)
    assert sandbox.national(record("P1"), record("P2")).status_code == 413
    assert sandbox.national(record("P1")).status_code == 200


def test_the_portals_and_the_gateways_pages_are_html(sandbox: Sandbox) -> None:
    for name in ("captive-portal", "html-502"):
        switch_on(sandbox, name)
        assert sandbox.national(record()).headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", STORED_ALL_THE_SAME)
@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_a_garbled_or_lost_answer_hides_that_it_was_stored(sandbox: Sandbox, name: str, dialect: str) -> None:
    switch_on(sandbox, name)
    send = partial(sandbox.national, record()) if dialect == "national" else partial(sandbox.itemised, item())
    if name in ("wrong-batch-id", "wrong-types"):
        send().json()
    else:
        with pytest.raises(requests.RequestException):
            send().json()
    assert len(sandbox.stored()) == 1


def test_wrong_types_are_no_dialects_answer(sandbox: Sandbox) -> None:
    switch_on(sandbox, "wrong-types")
    told = sandbox.national(record()).json()
    assert not any(isinstance(value, str) for value in told.values())
    switch_on(sandbox, "wrong-types")
    assert not isinstance(sandbox.itemised(item("P2", "r-2")).json()["results"], list)


def test_a_hanging_platform_stores_nothing(sandbox: Sandbox) -> None:
    switch_on(sandbox, "hang")
    with pytest.raises(requests.Timeout):
        sandbox.national(record(), timeout=0.3)
    assert sandbox.stored() == []


def test_a_slow_platform_answers_rightly_and_has_stored_what_a_client_gave_up_on(sandbox: Sandbox) -> None:
    switch_on(sandbox, "slow", seconds=30)
    with pytest.raises(requests.Timeout):
        sandbox.national(record(), timeout=2)
    assert len(sandbox.stored()) == 1
    switch_on(sandbox, "slow", seconds=0.01)
    assert sandbox.national(record("P2")).status_code == 200


def test_a_poison_record_keeps_any_array_out_until_it_stands_alone(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "misbehaviours/poison-record", {"project_no": "P2"})
    assert not message(sandbox.national(record("P1"), record("P2"), record("P3")))[0]
    assert message(sandbox.national(record("P1"), record("P3")))[0]
    assert not message(sandbox.national(record("P2")))[0]
    results = sandbox.itemised(item("P2", "r-2"), item("P4", "r-4")).json()["results"]
    assert [each["outcome"] for each in results] == ["refused", "accepted"]


def test_the_first_record_seen_is_poison_if_none_is_named(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "misbehaviours/poison-record", {})
    assert not message(sandbox.national(record("P8")))[0]
    assert message(sandbox.national(record("P9")))[0]
    assert not message(sandbox.national(record("P8")))[0]


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_poison_for_the_first_submissions_acts_on_just_those(sandbox: Sandbox, dialect: str) -> None:
    sandbox.control("PUT", "misbehaviours/poison-record", {"first": 2})
    for _ in range(2):
        sandbox.national(record()) if dialect == "national" else sandbox.itemised(item())
        assert sandbox.stored() == []
    sandbox.national(record()) if dialect == "national" else sandbox.itemised(item())
    assert len(sandbox.stored()) == 1


def test_poison_switched_on_again_looks_for_a_first_record_again(sandbox: Sandbox) -> None:
    for project_no in ("P8", "P9"):
        sandbox.control("PUT", "misbehaviours/poison-record", {})
        assert not message(sandbox.national(record(project_no)))[0]
        sandbox.control("DELETE", "misbehaviours/poison-record")


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_a_clock_ahead_for_the_first_submission_is_right_after_it(sandbox: Sandbox, dialect: str) -> None:
    switch_on(sandbox, "clock-ahead")
    ahead = sandbox.national(record()) if dialect == "national" else sandbox.itemised(item())
    right = sandbox.national(record()) if dialect == "national" else sandbox.itemised(item())
    assert sandbox.control("GET", "misbehaviours").json()["on"] == {}
    dates = [parsedate_to_datetime(each.headers["Date"]).timestamp() for each in (ahead, right)]
    assert 3590 < dates[0] - dates[1] < 3630


def test_a_clock_an_hour_ahead_or_behind_shows_in_the_date(sandbox: Sandbox) -> None:
    def date() -> float:
        return parsedate_to_datetime(requests.get(sandbox.url, timeout=60).headers["Date"]).timestamp()

    before = date()
    sandbox.control("PUT", "misbehaviours/clock-ahead", {})
    assert 3590 < date() - before < 3630
    sandbox.control("DELETE", "misbehaviours")
    sandbox.control("PUT", "misbehaviours/clock-behind", {})
    assert 3590 < before - date() + 20 < 3630


def test_a_platform_that_calls_everything_a_duplicate_stores_what_is_new(sandbox: Sandbox) -> None:
    switch_on(sandbox, "duplicate-answers")
    assert "不可重复" in message(sandbox.national(record("P1")))[1]
    switch_on(sandbox, "duplicate-answers")
    assert sandbox.itemised(item("P2", "r-2")).json()["results"][0]["outcome"] == "duplicate"
    assert len(sandbox.stored()) == 2


def test_the_line_is_cut_and_comes_back_on_the_same_port(sandbox: Sandbox) -> None:
    with requests.Session() as kept:
        kept.get(sandbox.url, timeout=60)
        sandbox.control("PUT", "line", {"up": False})
        for caller in (kept, requests):
            with pytest.raises(requests.ConnectionError):
                caller.get(sandbox.url, timeout=60)
        assert sandbox.control("GET", "line").json() == {"up": False}
        sandbox.control("PUT", "line", {"up": True})
        assert kept.get(sandbox.url, timeout=60).status_code == 404


def test_every_misbehaviour_is_listed_with_what_it_does(sandbox: Sandbox) -> None:
    report = sandbox.control("GET", "misbehaviours").json()
    assert set(report["known"]) == set(KINDS)
    assert all(kind["does"] for kind in report["known"].values())
    sandbox.control("PUT", "misbehaviours/slow", {"first": 3})
    assert sandbox.control("GET", "misbehaviours").json()["on"]["slow"]["left"] == 3
    sandbox.control("DELETE", "misbehaviours/slow")
    assert sandbox.control("GET", "misbehaviours").json()["on"] == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("PUT", "misbehaviours/rude", {}, 404, "name"),
        ("DELETE", "misbehaviours/rude", None, 404, "name"),
        ("PUT", "misbehaviours/slow", {"first": 0}, 400, "first"),
        ("PUT", "misbehaviours/slow", {"first": True}, 400, "first"),
        ("PUT", "misbehaviours/slow", {"minutes": 1}, 400, "minutes"),
        ("PUT", "misbehaviours/slow", {"seconds": "1"}, 400, "seconds"),
        ("PUT", "misbehaviours/slow", [], 400, ""),
        ("PUT", "misbehaviours/slow", {"seconds": -1}, 400, "seconds"),
        ("PUT", "misbehaviours/clock-ahead", {"seconds": 1e300}, 400, "seconds"),
        ("PUT", "misbehaviours/retry-after-503", {"seconds": 1.5}, 400, "seconds"),
        ("PUT", "misbehaviours/poison-record", {"project_no": 1}, 400, "project_no"),
        ("PUT", "line", {"up": 1}, 400, "up"),
        ("GET", "received?count=x", None, 400, "count"),
        ("POST", "services", {}, 400, "projectNo"),
        ("POST", "services", {"projectNo": ""}, 400, "projectNo"),
        ("POST", "services", {"projectNo": "P", "serviceNumber": "²"}, 400, "serviceNumber"),
        ("POST", "services", {"projectNo": "P", "serviceNumber": 100}, 400, "serviceNumber"),
        ("POST", "services", {"projectNo": "P", "serviceTime": "noon"}, 400, "serviceTime"),
        ("POST", "services", {"projectNo": "P", "serviceTime": [1]}, 400, "serviceTime"),
        ("GET", "nothing", None, 404, ""),
        ("POST", "line", {}, 405, ""),
    ],
)
def test_a_malformed_control_call_names_what_was_wrong(
    sandbox: Sandbox, method: str, path: str, body: object, status: int, field: str
) -> None:
    answer = sandbox.control(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]["field"] == field


def test_waiting_for_ratings_ends_when_they_are_there(sandbox: Sandbox) -> None:
    sandbox.national(record())
    told = sandbox.control("GET", "received?count=1&wait=20").json()
    assert told["count"] == 1
    assert sandbox.control("GET", "received?count=2&wait=0.05").json()["count"] == 1


def test_the_summary_counts_levels_arrivals_and_refusals(sandbox: Sandbox) -> None:
    sandbox.national(record("P1"))
    sandbox.national(record("P1"))
    sandbox.national(record("P2", satisfaction="9"))
    told = sandbox.control("GET", "summary").json()
    assert (told["distinct"], told["arrivals"], told["levels"]["5"]) == (1, 2, 1)
    assert len(json.dumps(told["refusals"])) > 2
