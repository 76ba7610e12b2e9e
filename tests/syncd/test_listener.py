"""The way of a phone's rating from the platform to the ledger and the kiosk's doorbell."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from pad import gm
from pad.clock import SystemClock
from pad.doorbell import Bell, Doorbell
from pad.ledger.elsewhere import Hearsay
from syncd.__main__ import LOTS
from syncd.ledger_file import LedgerFile
from syncd.listener import Listener
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import NewsAnswer, NoAnswer, Telling
from tests.syncd.city import City, CityServer, Line, Request, Script, http, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import NOW, Connect

VISIT = "019a9f00-1111-7222-8333-44445555666"
PATH = "/gateway/v1/phone-ratings"


def rated(number: int = 1, **changed: object) -> dict[str, Any]:
    return {
        "visit": f"{VISIT}{number}",
        "project_no": f"P{number}",
        "service_number": 1,
        "assess_number": 1,
        "rated_at": "2026-11-23T09:30:00.123+08:00",
    } | changed


def answer(cursor: int, *matters: object, **changed: object) -> dict[str, Any]:
    return {"device": "pad-7", "cursor": cursor, "rated": list(matters)} | changed


class Teller(City):
    """A city that tells of phones by a script; with an empty one it holds the question."""

    def __init__(self) -> None:
        super().__init__()
        self.told: deque[Script] = deque()
        self.asked: list[Request] = []

    def answer(self, request: Request, line: Line) -> bytes | None:
        if request.method != "GET" or not request.path.startswith(PATH):
            return super().answer(request, line)
        with self.changed:
            self.asked.append(request)
            script = self.told.popleft() if self.told else None
            self.changed.notify_all()
        if script is None:
            line.hold()
            return None
        return script(request, line)

    def tells(self, *answers: object) -> None:
        self.told.extend(says(200, each) for each in answers)


@pytest.fixture
def city() -> Teller:
    return Teller()


@pytest.fixture
def bell(box: PadBox) -> Iterator[Doorbell]:
    hung = Doorbell(box.state, Bell.KIOSK)
    yield hung
    hung.close()


@pytest.fixture
def listener(box: PadBox, itemised: CityServer, connect: Connect) -> Listener:
    platform = connect()
    assert isinstance(platform, Telling)
    settings = box.settings()
    ledger = LedgerFile(settings.state_dir, settings.ledger_path)
    return Listener(settings, platform, ledger, PlatformClock(SystemClock()), LOTS)


def known(box: PadBox) -> list[tuple[object, ...]]:
    found = box.db.execute("SELECT visit_id, project_no, service_number, assess_number FROM rated_elsewhere")
    return [tuple(row) for row in found]


def cursor(box: PadBox) -> int:
    return Hearsay(box.db).cursor(box.settings().platform.url)


def test_the_question_byte_by_byte(box: PadBox, city: Teller, listener: Listener) -> None:
    city.tells(answer(5), answer(5))
    listener.step()
    listener.step()
    first, second = city.asked
    assert (first.path, first.body) == (f"{PATH}?device=pad-7&after=0&wait=25", b"")
    assert second.path == f"{PATH}?device=pad-7&after=5&wait=25"
    headers = first.headers
    assert headers["X-App-Mark"] == "mark"
    assert headers["X-Timestamp"] == str(round(NOW.timestamp() * 1000))
    assert headers["X-Nonce"] != second.headers["X-Nonce"]
    signed = "\n".join(("GET", PATH, headers["X-Timestamp"], headers["X-Nonce"], gm.sm3(b"").hex()))
    assert headers["X-Signature"] == gm.hmac_sm3(city.app_word.encode(), signed.encode()).hex()


def test_what_is_told_is_in_the_ledger_before_the_kiosk_is_rung(
    box: PadBox, city: Teller, listener: Listener, bell: Doorbell
) -> None:
    city.tells(answer(9, rated(1), rated(2, project_no="", service_number=3, assess_number=2)))
    assert listener.step() == 0.0
    assert bell.wait(0)
    assert known(box) == [(f"{VISIT}1", "P1", 1, 1), (f"{VISIT}2", None, 3, 2)]
    assert cursor(box) == 9
    assert listener.ok


def test_nothing_new_writes_nothing_and_rings_nobody(
    box: PadBox, city: Teller, listener: Listener, bell: Doorbell
) -> None:
    city.tells(answer(9, rated()), answer(9), answer(12, rated()))
    listener.step()
    bell.wait(0)
    changes = box.db.execute("PRAGMA data_version").fetchone()[0]
    listener.step()
    assert box.db.execute("PRAGMA data_version").fetchone()[0] == changes
    listener.step()  # told once more, as after an answer that was lost
    assert not bell.wait(0)
    assert (len(known(box)), cursor(box)) == (1, 12)


def test_a_platform_that_came_back_from_a_backup_is_followed_back(
    box: PadBox, city: Teller, listener: Listener
) -> None:
    city.tells(answer(900, rated(1)), answer(4, rated(1), rated(2)), answer(4))
    for _ in range(3):
        listener.step()
    assert [request.path.partition("after=")[2] for request in city.asked] == [
        "0&wait=25", "900&wait=25", "4&wait=25",
    ]  # fmt: skip
    assert len(known(box)) == 2


def test_a_daemon_that_starts_goes_on_where_the_last_one_was(
    box: PadBox, city: Teller, listener: Listener, connect: Connect
) -> None:
    city.tells(answer(9, rated()), answer(9))
    listener.step()
    platform, settings = connect(), box.settings()
    assert isinstance(platform, Telling)
    ledger = LedgerFile(settings.state_dir, settings.ledger_path)
    Listener(settings, platform, ledger, PlatformClock(SystemClock()), LOTS).step()
    assert "after=9" in city.asked[-1].path


NO_ANSWERS: list[tuple[int, object]] = [
    (200, "<!doctype html><title>上网认证</title>"),
    (200, b""),
    (200, b"\xff\xfe"),
    (200, json.dumps(answer(9, rated()))[:-5]),
    (200, answer(9, rated(), device="pad-8")),
    (200, answer(-1)),
    (200, answer(2**53)),
    (200, answer(9, rated(visit="v1"))),
    (200, answer(9, rated(visit=""))),
    (200, answer(9, rated(service_number=0))),
    (200, answer(9, rated(service_number=100))),
    (200, answer(9, rated(assess_number=3))),
    (200, answer(9, rated(service_number="1"))),
    (200, answer(9, rated(project_no=None))),
    (200, answer(9, rated(project_no="P" * 65))),
    (200, answer(9, rated(rated_at="2026-11-23 09:30:00"))),
    (200, answer(9, rated(rated_at="yesterday"))),
    (200, answer(9, rated(1), rated(2, visit="x"))),
    (200, answer(9, *(rated(1) for _ in range(101)))),
    (200, '{"device": "pad-7", "cursor": 9, "rated": ' + "[" * 100_000),
    (200, json.dumps(answer(9)) + " " * 2 * 1024 * 1024),
    (204, b""),
    (304, b""),
    (400, {"error": "after is a whole number"}),
    (409, b""),
    (413, b""),
    (500, b""),
    (502, "<html>"),
]


@pytest.mark.parametrize(("status", "body"), NO_ANSWERS)
def test_anything_else_is_no_answer_and_changes_nothing(
    box: PadBox, city: Teller, listener: Listener, bell: Doorbell, status: int, body: object
) -> None:
    city.told.append(says(status, body))
    outcomes = []
    listener.changed = lambda: outcomes.append(listener.ok)
    listener.step()
    assert (known(box), cursor(box)) == ([], 0)
    assert not bell.wait(0)
    city.tells(answer(9, rated()))
    listener.step()
    assert outcomes == [False, True]
    assert len(known(box)) == 1


def test_keys_a_later_platform_adds_are_left_aside(box: PadBox, city: Teller, listener: Listener) -> None:
    city.tells(answer(9, rated(1, colour="red"), colour="red"))
    listener.step()
    assert len(known(box)) == 1


def test_a_platform_without_it_is_said_once(
    city: Teller, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        city.told.append(says(404, "nothing here"))
        assert listener.step() == 3600.0
    assert listener.ok is None
    assert [record.getMessage() for record in caplog.records] == [
        "phones: the platform does not tell what they rated; it is asked again every hour"
    ]


def test_a_trouble_is_said_when_it_begins_and_when_it_ends(
    city: Teller, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    city.told += [says(502), says(502), says(200, answer(0)), says(200, answer(0))]
    for _ in range(4):
        listener.step()
    assert [record.getMessage() for record in caplog.records] == [
        "phones: HTTP 502; what they rated is known here later",
        "phones: the platform tells what they rated again",
    ]


def test_news_the_disk_does_not_take_is_asked_for_again(
    box: PadBox, city: Teller, listener: Listener, bell: Doorbell, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.tells(answer(9, rated()), answer(9, rated()))
    with monkeypatch.context() as patched:
        patched.setattr("pad.ledger.connection._BUSY_S", 0.05)
        box.db.execute("BEGIN IMMEDIATE")
        assert listener._guarded_step() == 5.0
        box.db.execute("ROLLBACK")
    assert not bell.wait(0)
    listener.step()
    assert [request.path.partition("after=")[2][:1] for request in city.asked] == ["0", "0"]
    assert bell.wait(0)
    assert len(known(box)) == 1


def forgets_how_far(box: PadBox) -> None:
    """As a ledger does that was saved from damage: so that what it lost is heard again."""
    box.db.execute("DELETE FROM listened")
    box.db.execute("DELETE FROM rated_elsewhere")


def test_a_ledger_that_was_saved_from_damage_hears_everything_again(
    box: PadBox, city: Teller, listener: Listener
) -> None:
    city.tells(answer(9, rated()), answer(9, rated()))
    listener.step()
    forgets_how_far(box)
    listener.step()
    assert [request.path.partition("after=")[2][:1] for request in city.asked] == ["0", "0"]
    assert len(known(box)) == 1
    assert cursor(box) == 9


def test_what_was_asked_for_another_ledger_does_not_count_as_heard_by_this_one(
    box: PadBox, city: Teller, listener: Listener
) -> None:
    """The question was held while the ledger was being saved."""
    city.tells(answer(9, rated()))
    listener.step()

    def is_saved_meanwhile(request: Request, line: Line) -> bytes | None:
        forgets_how_far(box)
        return says(200, answer(10, rated(2)))(request, line)

    city.told.append(is_saved_meanwhile)
    city.tells(answer(10, rated(), rated(2)))
    listener.step()
    listener.step()
    assert [request.path.partition("after=")[2].partition("&")[0] for request in city.asked] == [
        "0",
        "9",
        "0",
    ]
    assert len(known(box)) == 2
    assert cursor(box) == 10


def test_it_holds_no_ledger_while_the_platform_holds_the_question(
    box: PadBox, city: Teller, listener: Listener
) -> None:
    city.tells(answer(9, rated()))
    listener.start()
    city.wait_for(lambda: len(city.asked) == 2)
    assert listener._ledger._db is None
    assert listener._ledger._file._db is None
    listener.stop()


def test_it_stops_while_the_platform_holds_the_question(city: Teller, listener: Listener) -> None:
    listener.start()
    city.wait_for(lambda: len(city.asked) == 1)
    listener.stop()
    listener._thread.join(20)
    assert not listener._thread.is_alive()
    assert listener.ok is None, "what was broken off is no failure"


def test_a_line_that_is_up_again_is_used_at_once(
    city: Teller, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.policy.backoff_s", lambda *_: 3600.0)
    changed = threading.Event()
    listener.changed = changed.set
    city.told.append(says(502))
    listener.start()
    assert changed.wait(30)
    while len(city.asked) < 2:  # it may not have begun to wait yet
        listener.line_is_up()
        time.sleep(0.01)
    listener.stop()


def test_a_fault_of_ours_ends_nothing(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NewsAnswer:
        raise RuntimeError("欧阳明月")

    monkeypatch.setattr(listener._platform, "phone_ratings", broken)
    assert listener._guarded_step() == 5.0
    monkeypatch.setattr(listener._platform, "phone_ratings", lambda *_: NoAnswer("x"))
    listener.step()
    assert listener.ok is False


def test_a_held_question_is_given_the_time_it_asks_for(
    box: PadBox, city: Teller, itemised: CityServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of an answer counts from when the platform would give one."""
    box.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised", answer_timeout_s=0.3)
    platform = connect()
    assert isinstance(platform, Telling)
    pause = threading.Event()

    def late(_: Request, line: Line) -> bytes:
        pause.wait(0.6)
        return http(200, answer(0), date=line.city.now())

    city.told += [late, late]
    assert not isinstance(platform.phone_ratings(0, 30.0), NoAnswer)
    assert isinstance(platform.phone_ratings(0, 0.0), NoAnswer)


def test_the_national_dialect_has_no_such_call(box: PadBox, online: CityServer, connect: Connect) -> None:
    assert not isinstance(connect(), Telling)
