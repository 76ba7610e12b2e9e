"""syncd as a process: it starts, hears the doorbell, survives, and ends when asked."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from pad import doorbell
from pad.ledger.connection import connect
from tests.ports import free_port
from tests.syncd.city import WITHIN_S, City, CityServer, HangUp, Line, Request, http, says
from tests.syncd.pad_box import PadBox

Start = Callable[[int], CityServer]


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_online_a_rating_leaves_at_once_by_the_doorbell(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", dialect, interval_s=3600)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")  # whoever rings from then on is heard
    for number in range(20):
        box.rate(f"P{number}", 1 + number % 5, trusted=False)
        assert box.ring()
        city.wait_for_ratings(number + 1)
    box.wait_until_settled()
    assert city.distinct == [f"P{number}" for number in range(20)]
    assert daemon.terminate() == 0


def test_without_a_ring_it_looks_by_itself(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", interval_s=0.2)
    box.daemon().wait_for_log("delivering")
    for number in range(3):
        box.rate(f"P{number}")
        city.wait_for_ratings(number + 1)


def test_rings_during_a_back_off_cause_no_attempt_before_its_time(
    box: PadBox, city: City, online: CityServer
) -> None:
    asked_s: list[float] = []

    def is_busy_at_first(request: Request, line: Line) -> bytes:
        asked_s.append(time.monotonic())
        return city.behave(request, line) if asked_s[1:] else http(503, headers={"Retry-After": "2"})

    city.usual = is_busy_at_first
    box.rate("P0")
    daemon = box.daemon()
    daemon.wait_for_log("no answer")
    ringing = threading.Event()
    while not city.arrived:
        box.ring()
        ringing.wait(0.05)
    first_s, second_s = asked_s
    assert second_s - first_s >= 2


def test_killed_while_an_answer_is_awaited_each_arrives_once(
    box: PadBox, city: City, online: CityServer
) -> None:
    """kill -9 in the middle, again and again; the restart takes up where it was."""
    for number in range(12):
        box.rate(f"P{number:02}", 1 + number % 5)
    box.configure(f"http://127.0.0.1:{online.port}", batch=4)
    stored, gone = threading.Event(), threading.Event()

    def stores_and_waits(request: Request, line: Line) -> bytes:
        answer = city.behave(request, line)
        stored.set()
        assert gone.wait(WITHIN_S)
        return answer

    for _ in range(2):
        stored.clear()
        gone.clear()
        city.script.append(stores_and_waits)
        daemon = box.daemon()
        assert stored.wait(WITHIN_S)
        daemon.kill()
        gone.set()
        assert set(box.states[:4]) <= {"pending", "acknowledged"}
    box.daemon()
    box.wait_until_settled()
    assert city.distinct == [f"P{number:02}" for number in range(12)]
    assert set(box.states) == {"acknowledged"}


def test_asked_to_stop_while_an_answer_is_awaited_it_ends_soon_and_records_nothing_half(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", answer_timeout_s=2 * WITHIN_S)
    heard = threading.Event()

    def holds(request: Request, line: Line) -> None:
        heard.set()
        line.hold()

    city.script.append(holds)
    for number in range(3):
        box.rate(f"P{number}")
    daemon = box.daemon()
    assert heard.wait(WITHIN_S)
    assert daemon.terminate() == 0  # long before that answer's time is up
    rows = box.deliveries()
    assert {row["state"] for row in rows} == {"pending"}
    assert len({row["batch"] for row in rows}) == 1
    assert {row["last_error"] for row in rows} == {None}


def test_an_interrupt_ends_it_too(box: PadBox, city: City, online: CityServer) -> None:
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    os.kill(daemon.pid, signal.SIGINT)
    assert daemon.wait() == 0
    assert "Traceback" not in "".join(daemon.log)


def test_it_waits_for_a_ledger_that_is_not_there_yet_and_says_so_once(
    box: PadBox, city: City, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.db.close()
    for file in box.state.glob("ledger.db*"):
        file.unlink()
    code = (
        "import sys, syncd.delivery as d; d.RETRY_S = 0.1; from syncd.__main__ import run; sys.exit(run([]))"
    )
    daemon = box.daemon("-c", code)
    daemon.wait_for_log("there is no ledger yet")
    box.db = connect(box.state / "ledger.db")
    box.recorder._db = box.db
    box.rate("P0")
    city.wait_for_ratings(1)
    box.wait_until_settled()
    daemon.terminate()
    assert sum("no ledger yet" in line for line in daemon.log) == 1


def test_a_long_outage_is_two_lines_in_the_log(
    box: PadBox, city: City, start: Start, online: CityServer
) -> None:
    city.usual = says(502)
    box.rate("P0")
    daemon = box.daemon()
    city.wait_for(lambda: len(city.requests) >= 12)
    city.usual = None
    city.wait_for_ratings(1)
    daemon.wait_for_log("answers again")
    daemon.terminate()
    assert sum("no answer from the platform" in line for line in daemon.log) == 1
    assert len(daemon.log) <= 5


def test_two_at_once_are_refused(box: PadBox, city: City, online: CityServer) -> None:
    box.daemon().wait_for_log("delivering")
    for words in ([], ["--once"]):
        second = box.daemon(*words)
        assert second.wait() == 1
        assert "another syncd" in "".join(second.log)


def test_nothing_personal_and_no_secret_is_in_the_log(box: PadBox, city: City, online: CityServer) -> None:
    from pad.model import Rater

    words = (
        "张三",
        "13800000000",
        "500110199001011234",
        "等了两小时",
        city.app_word,
        city.keys.public_key[4:40],
    )
    person = Rater(words[0], words[1], "111", words[2], "")
    city.script.extend([says(500, words[0]), says(200, words[0]), says(401), says(302, words[0])])
    city.faults = {"P0": words[0]}
    box.rate("P0", comment=words[3], rater=person)
    box.rate("P1", comment=words[3], rater=person)
    daemon = box.daemon()
    box.wait_until_settled()
    daemon.terminate()
    assert len(daemon.log) > 3
    assert not [word for word in words if word in "".join(daemon.log)]


def test_a_connection_the_platform_closed_while_idle_loses_and_doubles_nothing(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.daemon().wait_for_log("delivering")
    for number in range(5):
        box.rate(f"P{number}")
        box.ring()
        city.wait_for_ratings(number + 1)
        box.wait_until_settled()
        for connection in list(online.connections):
            with suppress(OSError):  # of the round before, and gone at last
                connection.shutdown(socket.SHUT_RDWR)
    assert city.distinct == [f"P{number}" for number in range(5)]
    assert len(city.requests) == 5


def test_heartbeats_tell_what_waits(box: PadBox, city: City, itemised: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{itemised.port}", "itemised", heartbeat_s=0.2, backoff_first_s=60)
    beats = city.behave

    def takes_heartbeats_only(request: Request, line: Line) -> bytes:
        return beats(request, line) if request.path.endswith("/heartbeats") else http(502)

    city.usual = takes_heartbeats_only
    rating = box.rate("P0")
    daemon = box.daemon()
    city.wait_for(lambda: len(city.beats) >= 3)
    last = city.beats[-1]
    assert last["head"] == {"seq": 1, "hash": rating.hash}
    assert last["pending"] == 1
    assert last["oldest_pending_s"] > 0
    daemon.terminate()


def test_the_doorbell_is_answered_though_nobody_rang_before(box: PadBox, city: City, start: Start) -> None:
    """The platform is not there when syncd starts; ratings made meanwhile go when it is."""
    from pad import keys

    port = free_port()
    keys.write_secret(box.state / "keys" / "app_word", city.app_word)
    keys.write_secret(box.state / "keys" / "platform_sm2.pub", city.keys.public_key)
    box.configure(f"http://127.0.0.1:{port}")
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    box.rate("P0")
    assert doorbell.ring(box.state)
    daemon.wait_for_log("the connection was refused")
    start(port)
    city.wait_for_ratings(1)


def test_a_peer_that_hangs_up_at_every_request_does_not_end_it(
    box: PadBox, city: City, online: CityServer
) -> None:
    def hangs_up(request: Request, line: Line) -> bytes:
        raise HangUp

    city.usual = hangs_up
    box.rate("P0")
    daemon = box.daemon()
    city.wait_for(lambda: len(city.requests) >= 8)
    city.usual = None
    city.wait_for_ratings(1)
    assert daemon.terminate() == 0
