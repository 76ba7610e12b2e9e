"""The doors for other pads' tongues: off by default, every level by its own map, no level unless allowed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import requests

from kiosk.counter import CounterService
from kiosk.doors.asking import body_of, told_level
from kiosk.doors.evaluate import Evaluate
from kiosk.doors.teller import ADDRESS, Teller
from kiosk.events import DeclineReason, Submit, Tap, Withdraw
from pad.codes import Level
from pad.ledger.connection import connect
from pad.ledger.rows import visit_from
from pad.model import Visit
from pad.settings import EvaluateDoor, RatingRules, Settings, TellerDoor
from tests.kiosk.conftest import Kiosk
from tests.kiosk.test_events import Watcher
from tests.ports import free_port

WORST_FIRST = {"5": 5, "4": 4, "3": 3, "2": 2, "1": 1}
BEST_FIRST = {"5": "A", "4": "B", "3": "C", "2": "D", "1": "E"}


def with_doors(
    configured: Settings, evaluate: EvaluateDoor | None = None, teller: TellerDoor | None = None
) -> Kiosk:
    counter = msgspec.structs.replace(
        configured.counter, evaluate=evaluate or EvaluateDoor(), teller=teller or TellerDoor()
    )
    rules: RatingRules = msgspec.structs.replace(configured.rating, allow_unbound=True)
    kiosk = Kiosk(replace(configured, counter=counter, rating=rules))
    if evaluate is not None:
        kiosk.counter.add_routes(Evaluate(kiosk.settings, kiosk.calls).add_to)
    if teller is not None:
        kiosk.counter.add_site(Teller(kiosk.settings, kiosk.calls).application(), ADDRESS, teller.port)
    kiosk.start()
    return kiosk


@pytest.fixture
def open_doors(configured: Settings) -> Iterator[Callable[..., Kiosk]]:
    running: list[Kiosk] = []

    def start(**doors: Any) -> Kiosk:
        running.append(with_doors(configured, **doors))
        return running[-1]

    yield start
    for kiosk in running:
        kiosk.stop()


class Asking:
    """A call to the first door, which waits for the rating's end."""

    def __init__(self, kiosk: Kiosk, query: str) -> None:
        self._kiosk, self._query = kiosk, query
        self._answer: requests.Response | None = None
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            url = f"http://127.0.0.1:{self._kiosk.settings.counter.port}/evaluate/startEvaluate?{self._query}"
            self._answer = session.get(url, timeout=60)

    def answer(self) -> dict[str, Any]:
        self._thread.join(60)
        assert self._answer is not None
        found: dict[str, Any] = self._answer.json()
        return found


def shown(kiosk: Kiosk) -> Visit:
    """What is invited, once it is, and is on disk."""
    row = None
    while row is None:
        invitation = kiosk.call("GET", "/v1/state").json()["invitation"]
        row = kiosk.db.execute("SELECT * FROM visits WHERE id = ?", (invitation,)).fetchone()
    return visit_from(row).visit


def rate(kiosk: Kiosk, level: int) -> None:
    shown(kiosk)
    kiosk.post(Tap(Level(level)), DeclineReason() if level <= 2 else Submit())


# --- GET /evaluate/startEvaluate ---------------------------------------------------------


def test_no_door_is_open_unless_it_is_configured(kiosk: Kiosk) -> None:
    answer = kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P1")
    assert answer.status_code == 404
    assert not EvaluateDoor().enabled
    assert not TellerDoor().enabled
    assert not EvaluateDoor().tells_level
    assert not TellerDoor().tells_level


def test_the_call_invites_with_what_its_parameters_say(open_doors: Callable[..., Kiosk]) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True))
    query = "ywbh=P1&ywmc=%E8%AE%BE%E7%AB%8B&jdmc=%E5%8A%9E%E7%BB%93"
    asking = Asking(kiosk, query + "&blry=%E7%8E%8B%E8%8A%B3&jobNum=1024&winNum=A07&timeOut=30&unknown=x")
    visit = shown(kiosk)
    matter = visit.matter
    assert (matter.project_no, matter.task_name, matter.service_name) == ("P1", "设立", "办结")
    assert (visit.staff_number, visit.staff_name, matter.win_no) == ("1024", "王芳", "A07")
    assert visit.timeout_s == 30
    kiosk.post(Withdraw())
    assert asking.answer() == {"success": False, "state": "withdrawn", "invitation": visit.id}


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_no_level_is_told_unless_the_city_lets_it(open_doors: Callable[..., Kiosk], level: int) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True))
    asking = Asking(kiosk, "ywbh=P1")
    rate(kiosk, level)
    answer = asking.answer()
    assert set(answer) == {"success", "state", "invitation"}
    assert (answer["success"], answer["state"]) == (True, "rated")


@pytest.mark.parametrize("levels", [WORST_FIRST, BEST_FIRST], ids=["as ours", "letters"])
@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_where_the_city_lets_it_each_level_is_told_by_the_map(
    open_doors: Callable[..., Kiosk], levels: dict[str, int | str], level: int
) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True, tells_level=True, levels=levels))
    asking = Asking(kiosk, "ywbh=P1")
    rate(kiosk, level)
    assert asking.answer()["level"] == levels[str(level)]


@pytest.mark.parametrize(("level", "number"), [(5, 1), (4, 2), (3, 3), (2, 4), (1, 5)])
def test_a_system_that_numbers_the_best_one_gets_it_value_by_value(level: int, number: int) -> None:
    assert told_level(Level(level), {"5": 1, "4": 2, "3": 3, "2": 4, "1": 5}) == number


def test_where_it_does_not_wait_the_invitation_is_told_at_once(open_doors: Callable[..., Kiosk]) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True, waits=False))
    answer = kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P1").json()
    assert (answer["success"], answer["state"]) == (True, "waiting")
    assert kiosk.call("GET", f"/v1/invitations/{answer['invitation']}").json() == {"state": "waiting"}


def test_what_is_wrong_is_said_by_the_callers_own_name_for_it(open_doors: Callable[..., Kiosk]) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True))
    answer = kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P1&timeOut=soon").json()
    assert (answer["success"], answer["state"]) == (False, "refused")
    assert answer["message"].startswith("timeOut: must be")
    long = kiosk.call("GET", f"/evaluate/startEvaluate?ywbh={'9' * 65}").json()
    assert long["message"].startswith("ywbh: must be")


def test_a_rated_matter_and_a_paused_window_are_refused_in_words(open_doors: Callable[..., Kiosk]) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True))
    asking = Asking(kiosk, "ywbh=P1")
    rate(kiosk, 5)
    asking.answer()
    assert kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P1").json() == {
        "success": False, "state": "refused", "message": "this matter has been rated"
    }  # fmt: skip
    kiosk.call("PUT", "/v1/service", json={"state": "paused"})
    assert "paused" in kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P2").json()["message"]


@pytest.mark.parametrize("timeout", ["soon", "nan", "1e999", "-inf", "0"])
def test_a_time_that_is_none_is_said_by_its_name(open_doors: Callable[..., Kiosk], timeout: str) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True))
    answer = kiosk.call("GET", f"/evaluate/startEvaluate?ywbh=P1&timeOut={timeout}").json()
    assert answer["message"].startswith("timeOut: must be")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/x"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "https://zwfw.example/page?a"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Referer": "https://["}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Referer": "https://evil.example/x"}, 403),
        ({"Referer": "https://zwfw.example/page?a"}, 200),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_page_that_fetches_it_as_a_picture_must_be_of_a_known_origin(
    configured: Settings, headers: dict[str, str], status: int
) -> None:
    counter = msgspec.structs.replace(configured.counter, origins=("https://zwfw.example",))
    kiosk = with_doors(replace(configured, counter=counter), EvaluateDoor(enabled=True, waits=False))
    answer = kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P1", headers=headers)
    kiosk.stop()
    assert answer.status_code == status


# --- the websocket on 1919 ---------------------------------------------------------------


class Talker(Watcher):
    """A clerk's system that speaks the other tongue."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(port, headers, path="/")

    def say(self, text: str) -> None:
        asyncio.run_coroutine_threadsafe(self.websocket.send_str(text), self.loop).result(60)

    def ask(self, **given: Any) -> None:
        self.say(json.dumps(given))


@pytest.fixture
def talk(open_doors: Callable[..., Kiosk]) -> Iterator[Callable[..., tuple[Kiosk, Talker]]]:
    talkers: list[Talker] = []

    def start(**given: Any) -> tuple[Kiosk, Talker]:
        door = TellerDoor(enabled=True, port=free_port(), **given)
        kiosk = open_doors(teller=door)
        kiosk.call("GET", "/v1/state")  # the doors are open by now
        talkers.append(Talker(door.port))
        return kiosk, talkers[-1]

    yield start
    for talker in talkers:
        talker.close()


INVITE = {"type": 10, "TellerName": "王芳", "TellerNo": "1024", "TellerPhoto": "", "Timeout": 60}


def test_type_10_invites_and_is_answered_when_the_rating_has_ended(
    talk: Callable[..., tuple[Kiosk, Talker]],
) -> None:
    kiosk, talker = talk()
    talker.ask(**INVITE)
    visit = shown(kiosk)
    assert (visit.staff_number, visit.staff_name, visit.timeout_s) == ("1024", "王芳", 60)
    kiosk.post(Tap(Level(1)), DeclineReason())
    assert talker.next() == {"type": 10, "ret": 0}


@pytest.mark.parametrize(("level", "told"), [(5, 1), (4, 2), (3, 3), (2, 4), (1, 5)])
def test_where_the_city_lets_it_the_level_is_told_by_its_map(
    talk: Callable[..., tuple[Kiosk, Talker]], level: int, told: int
) -> None:
    kiosk, talker = talk(tells_level=True, levels={"5": 1, "4": 2, "3": 3, "2": 4, "1": 5})
    talker.ask(**INVITE)
    rate(kiosk, level)
    assert talker.next() == {"type": 10, "ret": 0, "EvaluatorLevel": told}


def test_every_other_end_has_its_own_ret_and_no_level(talk: Callable[..., tuple[Kiosk, Talker]]) -> None:
    kiosk, talker = talk(tells_level=True)
    talker.ask(**INVITE)
    shown(kiosk)
    kiosk.post(Withdraw())
    assert talker.next() == {"type": 10, "ret": 2}
    talker.ask(**(INVITE | {"Timeout": 1}))
    assert talker.next() == {"type": 10, "ret": 1}


def test_a_second_type_10_supersedes_the_first(talk: Callable[..., tuple[Kiosk, Talker]]) -> None:
    kiosk, talker = talk()
    talker.ask(**INVITE)
    first = shown(kiosk).id
    talker.ask(**INVITE)
    assert talker.next() == {"type": 10, "ret": 4}
    assert shown(kiosk).id != first


@pytest.mark.parametrize(
    "said",
    [
        "", "no json", "[]", "[" * 5000, '{"type": 11}', '{"type": 10, "Timeout": "x"}',
        f'{{"type": 10, "Timeout": {10**400}}}', '{"type": 10, "TellerName": ["x"]}',
        '{"type": 10, "TellerName": "\\ud800"}',
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused_and_the_line_stays(
    talk: Callable[..., tuple[Kiosk, Talker]], said: str
) -> None:
    kiosk, talker = talk()
    talker.say(said)
    answer = talker.next()
    assert answer["ret"] == 5
    assert answer["message"]
    talker.ask(**INVITE)
    shown(kiosk)


def test_a_page_of_an_unknown_origin_may_not_talk(talk: Callable[..., tuple[Kiosk, Talker]]) -> None:
    kiosk, _ = talk()
    stranger = Talker(kiosk.settings.counter.teller.port, {"Origin": "https://evil.example"})
    stranger.close()
    assert stranger.refused == 403


def test_a_ledger_that_cannot_be_read_is_an_answer_at_both_doors(
    open_doors: Callable[..., Kiosk], monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk = open_doors(evaluate=EvaluateDoor(enabled=True), teller=TellerDoor(enabled=True, port=free_port()))
    asking = Asking(kiosk, "ywbh=P1")
    shown(kiosk)
    damaged = connect(kiosk.settings.ledger_path)
    damaged.close()
    monkeypatch.setattr(kiosk.calls._ledger, "connection", lambda: damaged)
    kiosk.post(Withdraw())
    answer = asking.answer()
    assert (answer["state"], answer["message"]) == (
        "refused", "the pad cannot say how it ended; tell the technician"
    )  # fmt: skip
    refused = kiosk.call("GET", "/evaluate/startEvaluate?ywbh=P2").json()
    assert "disk" in refused["message"]
    talker = Talker(kiosk.settings.counter.teller.port)
    talker.ask(**INVITE)
    told = talker.next()
    talker.close()
    assert told["ret"] == 5
    assert "disk" in told["message"]


# --- the fields --------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), list(EvaluateDoor().parameters.items()))
def test_each_parameter_stands_for_its_field(ours: str, theirs: str) -> None:
    body = json.loads(body_of({theirs: "30"}, EvaluateDoor().parameters))
    if ours.startswith("staff_"):
        assert body["staff"][ours.removeprefix("staff_")] == "30"
    elif ours == "timeout_s":
        assert body["timeout_s"] == 30
    else:
        assert body["matter"] == {ours: "30"}


def test_a_clerk_without_a_number_goes_by_the_name() -> None:
    body = json.loads(body_of({"blry": "王芳"}, EvaluateDoor().parameters))
    assert body["staff"] == {"number": "王芳", "name": "王芳"}


def test_a_door_that_cannot_be_opened_does_not_keep_the_others_shut(configured: Settings) -> None:
    door = TellerDoor(enabled=True, port=configured.counter.port)
    kiosk = with_doors(configured, teller=door)
    assert kiosk.call("GET", "/v1/state").status_code == 200
    assert isinstance(kiosk.counter, CounterService)
    kiosk.stop()
