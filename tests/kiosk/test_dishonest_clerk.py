"""What a dishonest clerk tries, by every way in: nothing rates, changes, takes back or tells a rating.

The ways are HTTP, the serial line (the same calls), the two doors, and slips; the key pad is the citizen's.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec
import pytest

from kiosk import commands
from kiosk.doors.evaluate import Evaluate
from kiosk.drivers import counter_line
from kiosk.drivers.counter_line import Command
from kiosk.events import DeclineReason, HoldCorners, SlipScanned, Tap
from kiosk.phases import Rating
from kiosk.serial_counter import SerialCounter
from pad.codes import Level
from pad.settings import EvaluateDoor, Settings
from tests.kiosk.conftest import Kiosk

Way = Callable[[str, str, Any], tuple[int, Any]]


@pytest.fixture
def kiosk(configured: Settings) -> Iterator[Kiosk]:
    door = EvaluateDoor(enabled=True, waits=False)
    running = Kiosk(replace(configured, counter=msgspec.structs.replace(configured.counter, evaluate=door)))
    running.counter.add_routes(Evaluate(running.settings, running.calls).add_to)
    running.start()
    yield running
    running.stop()


@pytest.fixture(params=["http", "serial"])
def way(request: pytest.FixtureRequest, kiosk: Kiosk) -> Way:
    """A call and its answer, over HTTP or as frames of the serial line."""

    def by_http(method: str, path: str, body: Any) -> tuple[int, Any]:
        answer = kiosk.call(method, path, json=body)
        return answer.status_code, answer.json()

    def by_serial(method: str, path: str, body: Any) -> tuple[int, Any]:
        heard = threading.Event()
        frames: list[bytes] = []

        def send(frame: bytes) -> None:
            frames.append(frame)
            heard.set()

        asked = json.dumps({"id": 1, "method": method, "path": path, "body": body}).encode()
        SerialCounter(kiosk.calls, kiosk.counter.run, send).heard(Command(asked))
        assert heard.wait(60)
        told = json.loads(frames[0][4:-2])
        assert frames[0] == counter_line.answer(frames[0][4:-2])
        return told["status"], told["body"]

    ways: dict[str, Way] = {"http": by_http, "serial": by_serial}
    return ways[request.param]


def count(kiosk: Kiosk, table: str) -> int:
    found: int = kiosk.db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    return found


WITH_A_LEVEL = [
    (method, path, body | {name: value})
    for name in ("level", "satisfaction", "EvaluatorLevel", "rating", "evalDetail")
    for value in (5, "5", -1, None)
    for method, path, body in (
        ("POST", "/v1/invitations", {"matter": {"project_no": "P1"}}),
        ("PUT", "/v1/staff", {"number": "1024"}),
        ("PUT", "/v1/service", {"state": "open"}),
    )
]
OTHER_CALLS = [
    (method, path, {"level": 5, "by": "1", "reason": "x"})
    for path in (
        "/v1/ratings",
        "/v1/ratings/1",
        "/v1/invitations/{id}/rating",
        "/v1/draft",
        "/v1/../ledger.db",
    )
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH")
]


def test_no_body_and_no_path_rates(kiosk: Kiosk, way: Way) -> None:
    invitation = kiosk.invite("P0")
    while not (before := kiosk.desk.session).phase.armed:  # type: ignore[union-attr]
        pass
    for method, path, body in [*WITH_A_LEVEL, *OTHER_CALLS]:
        status, _ = way(method, path.format(id=invitation), body)
        assert status in (400, 404, 405), (method, path, body)
    assert kiosk.desk.session is before
    assert (count(kiosk, "ratings"), count(kiosk, "draft")) == (0, 0)


def test_nothing_the_clerk_can_do_ends_or_changes_what_is_being_rated(kiosk: Kiosk, way: Way) -> None:
    kiosk.call("PUT", "/v1/staff", json={"number": "1024", "name": "王芳"})
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    for method, path, body, status in [
        ("DELETE", f"/v1/invitations/{invitation}", {"by": "1024", "reason": "x"}, 409),
        ("POST", "/v1/invitations", {"matter": {"project_no": "P2"}}, 409),
        ("POST", "/v1/invitations", {"matter": {"project_no": "P1"}, "timeout_s": 1}, 409),
        ("PUT", "/v1/service", {"state": "paused"}, 202),
        ("PUT", "/v1/service", {"state": "closed"}, 202),
        ("PUT", "/v1/staff", {"number": "9999", "name": "李四"}, 202),
        ("DELETE", "/v1/staff", None, 202),
    ]:
        assert way(method, path, body)[0] == status, (method, path)
    assert not kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P3").json()["success"]
    kiosk.post(HoldCorners())
    assert isinstance(kiosk.desk.session.phase, Rating)
    kiosk.post(DeclineReason())
    kiosk.wait_for(invitation, "rated")
    row = kiosk.db.execute("SELECT level, staff_number, project_no FROM ratings").fetchone()
    assert tuple(row) == (1, "1024", "P1")


def test_a_slip_takes_no_rating_away(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    given = commands.parse_invitation(
        b'{"matter": {"project_no": "P2"}}', kiosk.settings.pad, allow_unbound=False, allow_second=False
    )
    kiosk.post(SlipScanned(kiosk.calls.event_of(given)), DeclineReason())
    kiosk.wait_for(invitation, "rated")
    assert [row[0] for row in kiosk.db.execute("SELECT project_no FROM ratings")] == ["P1"]


def test_a_clerk_who_signs_in_after_the_invitation_does_not_get_its_rating(kiosk: Kiosk, way: Way) -> None:
    kiosk.call("PUT", "/v1/staff", json={"number": "1024"})
    invitation = kiosk.invite("P1")
    assert way("PUT", "/v1/staff", {"number": "9999"})[0] == 200
    kiosk.post(Tap(Level(5)), DeclineReason())
    kiosk.wait_for(invitation, "rated")
    assert kiosk.db.execute("SELECT staff_number FROM ratings").fetchone()[0] == "1024"


@pytest.mark.parametrize("number", ["P1", "\uff301", "P\uff11", "P1\u200b", "P1 ", "P1\x00", "P1\ufe0f"])
def test_a_rated_matter_is_not_rated_again_by_another_spelling(kiosk: Kiosk, way: Way, number: str) -> None:
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)), DeclineReason())
    kiosk.wait_for(invitation, "rated")
    for service_number in (1, "1", "01", 1.0):
        matter = {"project_no": number, "service_number": service_number}
        status, _ = way("POST", "/v1/invitations", {"matter": matter})
        assert status in (400, 409)
    said = kiosk.call("GET", "/evaluate/startEvaluate", params={"ywbh": number}).json()
    assert said["state"] == "refused"
    assert count(kiosk, "ratings") == 1


@pytest.mark.parametrize("end", ["pause", "close", "cancel", "supersede", "time out"])
def test_an_invitation_nobody_touched_ends_with_who_and_why(kiosk: Kiosk, way: Way, end: str) -> None:
    invitation = kiosk.invite("P1", **({"timeout_s": 1} if end == "time out" else {}))
    if end in ("pause", "close"):
        way("PUT", "/v1/service", {"state": {"pause": "paused", "close": "closed"}[end]})
    elif end == "cancel":
        way("DELETE", f"/v1/invitations/{invitation}", {"by": "1024", "reason": "x"})
    elif end == "supersede":
        kiosk.invite("P2")
    else:
        kiosk.wait_for(invitation, "timed_out")
    row = kiosk.db.execute("SELECT * FROM visits WHERE id = ?", (invitation,)).fetchone()
    assert (row["outcome"], row["ended_by"], row["end_reason"], row["timeout_s"]) == {
        "pause": ("cancelled", "counter", "paused", 60),
        "close": ("cancelled", "counter", "closed", 60),
        "cancel": ("cancelled", "1024", "x", 60),
        "supersede": ("superseded", "counter", "", 60),
        "time out": ("timed_out", "pad", "", 1),
    }[end]


def test_all_that_is_told_is_the_same_whatever_was_rated(kiosk: Kiosk, way: Way) -> None:
    told = []
    for level in (1, 2, 3, 4, 5):
        invitation = kiosk.invite(f"P{level}")
        path = f"/v1/invitations/{invitation}"
        kiosk.post(Tap(Level(level)))
        kiosk.wait_for(invitation, "rating")
        during = (way("GET", path, None), way("GET", "/v1/state", None)[1]["state"])
        kiosk.post(DeclineReason())
        kiosk.wait_for(invitation, "rated")
        headers = {name for name in kiosk.call("GET", path).headers if name != "Date"}
        state = way("GET", "/v1/state", None)[1]
        again = way("POST", "/v1/invitations", {"matter": {"project_no": f"P{level}"}})
        told.append((during, way("GET", path, None), headers, sorted(state), state["pending"] - level, again))
    assert all(each == told[0] for each in told)


def test_a_flood_of_calls_loses_no_tap(kiosk: Kiosk) -> None:
    """Hundreds of invitations and noise while somebody rates: the one on the glass is stored once."""
    invitation = kiosk.invite("P-citizen")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    answered = []
    big = json.dumps({"matter": {"project_no": "x"}, "staff": {"number": "1", "photo": "A" * 60_000}})

    async def flood() -> None:
        url = f"http://127.0.0.1:{kiosk.settings.counter.port}/v1/invitations"
        async with aiohttp.ClientSession() as session:

            async def one(number: int) -> None:
                body = big if number % 3 == 0 else json.dumps({"matter": {"project_no": f"F{number}"}})
                async with session.post(url, data=body) as answer:
                    answered.append(answer.status)

            await asyncio.gather(*(one(number) for number in range(600)))

    flooding = threading.Thread(target=lambda: asyncio.run(flood()))
    flooding.start()
    kiosk.post(DeclineReason())
    flooding.join(250)
    assert len(answered) == 600
    kiosk.wait_for(invitation, "rated")
    rows = kiosk.db.execute("SELECT level, project_no FROM ratings").fetchall()
    assert [tuple(row) for row in rows] == [(1, "P-citizen")]
