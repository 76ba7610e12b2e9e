"""One exchange, against servers that do everything but answer properly."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    NoAnswer,
    Reached,
    Throttled,
    TooLarge,
    Trouble,
    WholeDuplicate,
)
from syncd.platforms.deadline import Deadline
from syncd.platforms.http import ANSWER_MAX, Exchange
from syncd.platforms.judging import Reply
from tests.ports import free_port
from tests.syncd.city import City, CityServer, HangUp, Line, Request, Script, http, says
from tests.syncd.pad_box import PadBox

DATE = datetime(2026, 6, 1, 4, 0, 0, tzinfo=UTC)
SECRET = b"of a person"


@pytest.fixture
def exchange(box: PadBox, city: City, online: CityServer) -> Iterator[Exchange]:
    city.usual = says(200, "in")
    box.configure(f"http://127.0.0.1:{online.port}/gateway")
    made = Exchange(box.settings())
    yield made
    made.close()


def post(exchange: Exchange) -> Reply | Answer:
    return exchange.post("/evaluate", SECRET, {"X-Test": "1"})


def test_an_answer_with_the_platforms_clock(exchange: Exchange, city: City) -> None:
    city.script.append(lambda request, line: http(200, "hello", date=DATE))
    reply = post(exchange)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.ok) == (200, b"hello", True)
    assert reply.seen is not None
    assert reply.seen.date == DATE
    assert reply.seen.asked_ns <= reply.seen.heard_ns
    (request,) = city.requests
    assert (request.method, request.path, request.body) == ("POST", "/gateway/evaluate", SECRET)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (says(401), CredentialsRefused("HTTP 401")),
        (says(403), CredentialsRefused("HTTP 403")),
        (says(408), NoAnswer("HTTP 408")),
        (says(409), WholeDuplicate()),
        (says(413), TooLarge()),
        (says(425), NoAnswer("HTTP 425")),
        (says(429), Throttled("HTTP 429")),
        (says(429, headers={"Retry-After": "7"}), Throttled("HTTP 429", 7)),
        (says(429, headers={"Retry-After": "soon"}), Throttled("HTTP 429")),
        (says(500), NoAnswer("HTTP 500", Trouble.CHOKED)),
        (says(502), NoAnswer("HTTP 502")),
        (says(503), NoAnswer("HTTP 503")),
        (says(503, headers={"Retry-After": "9"}), Throttled("HTTP 503", 9)),
        (says(502, headers={"Retry-After": "9"}), NoAnswer("HTTP 502", retry_after_s=9)),
        (says(404), NoAnswer("HTTP 404")),
        (says(302, headers={"Location": "http://127.0.0.1:1/login"}), NoAnswer("HTTP 302")),
        (says(307, headers={"Location": "/gateway/elsewhere"}), NoAnswer("HTTP 307")),
    ],
)
def test_what_a_status_means(exchange: Exchange, city: City, script: Script, expected: Answer) -> None:
    city.tells_date = False
    city.script.append(script)
    assert post(exchange) == expected
    assert len(city.requests) == 1


def test_a_retry_after_that_is_a_date_counts_from_the_answers_own(exchange: Exchange, city: City) -> None:
    until = "Mon, 01 Jun 2026 04:02:00 GMT"
    city.script.append(lambda request, line: http(503, headers={"Retry-After": until}, date=DATE))
    answer = post(exchange)
    assert isinstance(answer, Throttled)
    assert answer.retry_after_s == 120


def closes(request: Request, line: Line) -> None:
    raise HangUp


def holds(request: Request, line: Line) -> None:
    line.hold()


def cuts_off(request: Request, line: Line) -> None:
    line.send(http(200, "a whole answer")[:-3])
    raise HangUp


def cuts_off_chunks(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    raise HangUp


def is_no_http(request: Request, line: Line) -> None:
    line.send(b"220 mail.example ESMTP\r\n")
    raise HangUp


@pytest.mark.parametrize("script", [closes, cuts_off, cuts_off_chunks, is_no_http])
def test_a_broken_connection_is_no_answer_and_is_not_tried_again(
    exchange: Exchange, city: City, script: Script
) -> None:
    city.script.append(script)
    answer = post(exchange)
    assert isinstance(answer, NoAnswer)
    assert answer.trouble is Trouble.LINE
    assert len(city.requests) == 1
    assert isinstance(post(exchange), Reply)


def drips_headers(request: Request, line: Line) -> None:
    line.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 4000)


def drips_body(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    line.drip(b"x" * 4000)


def drips_without_length(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    line.drip(b"x" * 4000)


@pytest.mark.parametrize("script", [holds, drips_headers, drips_body, drips_without_length])
def test_time_is_up_however_slowly_bytes_come(exchange: Exchange, city: City, script: Script) -> None:
    time_is_up(exchange, city, script)
    assert isinstance(post(exchange), Reply)


def time_is_up(exchange: Exchange, city: City, script: Script) -> None:
    """Half a second is all it has; whoever waited for the last byte would wait for minutes."""
    heard, limit_s = len(city.requests), exchange._answer_s
    city.script.append(script)
    exchange._answer_s = 0.5
    start = time.monotonic()
    answer = post(exchange)
    assert time.monotonic() - start < 40
    exchange._answer_s = limit_s
    assert isinstance(answer, NoAnswer)
    assert answer.trouble is Trouble.SLOW
    city.wait_for(lambda: len(city.requests) > heard)  # the script is not the next one's


def test_an_answer_may_not_be_huge(exchange: Exchange, city: City) -> None:
    city.script.append(says(200, b"x" * (ANSWER_MAX + 1)))
    answer = post(exchange)
    assert isinstance(answer, NoAnswer)
    assert isinstance(post(exchange), Reply)


def test_a_connection_is_kept_and_one_the_platform_closed_meanwhile_costs_nothing(
    exchange: Exchange, city: City, online: CityServer
) -> None:
    city.script.extend([says(200, "1"), says(200, "2")])
    post(exchange)
    (first,) = online.connections
    post(exchange)
    assert online.connections == {first}
    first.close()
    city.script.append(says(200, "3"))
    reply = post(exchange)
    assert isinstance(reply, Reply | NoAnswer)
    assert [request.body for request in city.requests] == [SECRET] * len(city.requests)
    assert len(city.requests) <= 3


def test_nobody_listens(box: PadBox, city: City) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    assert post(Exchange(box.settings())) == NoAnswer("the connection was refused")


def test_a_name_nobody_knows(box: PadBox) -> None:
    box.configure("http://nowhere.invalid")
    assert post(Exchange(box.settings())) == NoAnswer("the platform's name cannot be resolved")


def test_a_proxy_of_the_environment_is_not_used(
    exchange: Exchange, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert isinstance(post(exchange), Reply)


def test_cookies_are_not_kept(exchange: Exchange, city: City) -> None:
    city.script.append(says(200, "1", {"Set-Cookie": "who=you"}))
    post(exchange)
    post(exchange)
    assert "Cookie" not in city.requests[1].headers


def test_a_look_shows_the_clock_whatever_is_answered_and_says_nothing_of_us(
    exchange: Exchange, city: City
) -> None:
    looked = [exchange.look("/evaluate") for _ in range(2)]
    assert all(isinstance(each, Reached) and each.seen is not None for each in looked)
    assert [look.path for look in city.looks] == ["/gateway/", "/gateway/evaluate"]
    assert {name for look in city.looks for name in look.headers} == {
        "Host", "User-Agent", "Accept", "Accept-Encoding",
    }  # fmt: skip


def test_a_cached_date_is_not_taken(exchange: Exchange, city: City) -> None:
    city.script.append(lambda request, line: http(200, "old", {"Age": "3600"}, DATE))
    reply = post(exchange)
    assert isinstance(reply, Reply)
    assert reply.seen is None


def test_an_abort_from_another_thread_ends_it(exchange: Exchange, city: City) -> None:
    def aborts(request: Request, line: Line) -> None:
        exchange.abort()
        line.hold()

    city.script.append(aborts)
    answer = post(exchange)
    assert isinstance(answer, NoAnswer)
    assert answer.trouble is not Trouble.SLOW, "its time was not up"
    assert isinstance(post(exchange), NoAnswer)


def test_an_abort_just_before_the_answer_is_read_is_no_slow_answer(
    exchange: Exchange, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_s = Deadline.left_s

    def aborted_first(deadline: Deadline) -> float:
        exchange.abort()
        return left_s(deadline)

    monkeypatch.setattr(Deadline, "left_s", aborted_first)
    answer = post(exchange)
    assert isinstance(answer, NoAnswer)
    assert (answer.why, answer.trouble, answer.sent) == ("it was asked to stop", Trouble.LINE, True)


def test_a_connection_that_stands_only_after_the_abort_is_shut_before_anything_is_sent() -> None:
    deadline = Deadline()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        deadline.abort()
        deadline.watch(ours)
        with pytest.raises(BrokenPipeError):
            ours.sendall(SECRET)
        assert theirs.recv(1) == b""
        deadline.forget()


def test_no_word_of_what_was_sent_is_in_a_message(exchange: Exchange, city: City) -> None:
    for script in (closes, cuts_off, is_no_http, says(500, SECRET), says(404, SECRET), drips_body):
        city.script.append(script)
        exchange._answer_s = 0.5 if script is drips_body else exchange._answer_s
        assert SECRET.decode() not in repr(post(exchange))


def test_an_idle_connection_is_not_trusted(
    exchange: Exchange, city: City, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(exchange)
    (first,) = online.connections
    monkeypatch.setattr("syncd.platforms.http.KEEP_ALIVE_S", -1.0)
    post(exchange)
    assert online.connections - {first}
