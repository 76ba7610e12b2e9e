"""Misbehaviours together, in both dialects, and those who wait while others send."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.conftest import Sandbox, item, message, record


def send(sandbox: Sandbox, dialect: str, project_no: str = "P1") -> requests.Response:
    if dialect == "national":
        return sandbox.national(record(project_no))
    return sandbox.itemised(item(project_no, f"r-{project_no}"))


@pytest.mark.parametrize("dialect", ["national", "itemised"])
@pytest.mark.parametrize(
    ("names", "status"),
    [
        (("status-500", "captive-portal"), 500),
        (("html-502", "status-500"), 502),
        (("retry-after-503", "html-502"), 503),
        (("status-429", "retry-after-503"), 429),
        (("status-413", "status-429"), 413),
        (("status-401", "status-413"), 401),
        (("answer-lost", "status-500"), 500),
        (("duplicate-answers", "captive-portal"), 200),
    ],
)
def test_the_earlier_in_the_order_answers_whichever_was_switched_on_first(
    sandbox: Sandbox, dialect: str, names: tuple[str, str], status: int
) -> None:
    for order in (names, names[::-1]):
        for name in order:
            sandbox.control("PUT", f"misbehaviours/{name}", {"first": 1})
        assert send(sandbox, dialect).status_code == status
        assert sandbox.stored() == []
        assert sandbox.control("GET", "misbehaviours").json()["on"] == {}


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_one_that_is_on_for_more_goes_on_alone(sandbox: Sandbox, dialect: str) -> None:
    sandbox.control("PUT", "misbehaviours/status-429", {"first": 1, "seconds": 3})
    sandbox.control("PUT", "misbehaviours/status-500", {"first": 3})
    answers = [send(sandbox, dialect) for _ in range(4)]
    assert [each.status_code for each in answers] == [429, 500, 500, 200]
    assert answers[0].headers["Retry-After"] == "3"


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_while_one_hangs_the_next_is_served(sandbox: Sandbox, dialect: str) -> None:
    sandbox.control("PUT", "misbehaviours/hang", {"first": 1})
    with requests.Session() as hanging, ThreadPoolExecutor(1) as pool:
        url = f"{sandbox.url}/national/evaluate"
        waiting = pool.submit(hanging.post, url, json=sandbox.envelope([record("P1")]), timeout=60)
        told = None
        while not told:
            told = [
                row for row in sandbox.control("GET", "requests").json()["requests"] if row["did"] == "hang"
            ]
        assert send(sandbox, dialect, "P2").status_code == 200
        sandbox.control("PUT", "line", {"up": False})
        sandbox.control("PUT", "line", {"up": True})
        with pytest.raises(requests.RequestException):
            waiting.result()
    assert [row["project_no"] for row in sandbox.stored()] == ["P2"]


def test_who_waits_for_ratings_is_told_at_the_last_of_them(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        path = f"{sandbox.control_url}/control/received?count=3&wait=20"
        waiting = pool.submit(requests.get, path, timeout=30)
        for number in range(3):
            assert not waiting.done()
            send(sandbox, "national", f"P{number}")
        assert waiting.result().json()["count"] == 3


def test_a_matter_twice_in_one_array_keeps_all_of_it_out(sandbox: Sandbox) -> None:
    success, words = message(sandbox.national(record("P1"), record("P2"), record("P1")))
    assert (success, "不可重复" in words) == (False, True)
    assert sandbox.stored() == []


def test_an_array_with_one_known_rating_stores_nothing_of_the_rest(sandbox: Sandbox) -> None:
    sandbox.national(record("P1"))
    assert not message(sandbox.national(record("P2"), record("P1")))[0]
    assert [(row["project_no"], row["arrivals"]) for row in sandbox.stored()] == [("P1", 2)]


def test_ratings_of_no_matter_are_each_their_own(sandbox: Sandbox) -> None:
    assert message(sandbox.national(record(""), record("")))[0]
    assert len(sandbox.stored()) == 2


def test_a_batch_of_two_hundred_goes_through(sandbox: Sandbox) -> None:
    assert message(sandbox.national(*(record(f"P{number}") for number in range(200))))[0]
    results = sandbox.itemised(*(item(f"Q{number}", f"q-{number}") for number in range(200))).json()[
        "results"
    ]
    assert {each["outcome"] for each in results} == {"accepted"}
    assert sandbox.control("GET", "summary").json()["distinct"] == 400
