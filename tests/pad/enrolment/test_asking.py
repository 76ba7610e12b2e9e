"""One call for an enrolment, against servers that answer anything but properly."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pad.enrolment.asking import Enroller, NoAnswer
from pad.enrolment.wire import Answer, Refusal, Refused, Request
from tests.pad.enrolment.test_wire import OTHER, example
from tests.ports import free_port
from tests.syncd.city import City, CityServer, HangUp, Line, Script, http, says
from tests.syncd.city import Request as Heard
from tests.syncd.test_tls import certificates as certificates  # noqa: PLC0414 - a fixture

REQUEST = Request("ABCD-EFGH", "SN-1", OTHER.public_key, {"pad": "0.1.0"})
ANSWER = json.loads(example("answer"))


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def server(city: City) -> Iterator[CityServer]:
    started = CityServer(city)
    yield started
    started.end()


def enroller(server: CityServer, within_s: float = 60.0) -> Enroller:
    return Enroller(f"http://127.0.0.1:{server.port}/gateway/", within_s=within_s)


def test_a_platform_enrols(city: City, server: CityServer) -> None:
    city.usual = says(201, ANSWER)
    answer = enroller(server).ask(REQUEST)
    assert isinstance(answer, Answer)
    assert answer.device == "pad-0001"
    (heard,) = city.requests
    assert (heard.method, heard.path) == ("POST", "/gateway/v1/enrolments")
    assert heard.json["code"] == "ABCD-EFGH"


def test_a_platform_refuses(city: City, server: CityServer) -> None:
    city.usual = says(410, {"error": {"code": "expired_code", "message": "过期"}})
    assert enroller(server).ask(REQUEST) == Refused(Refusal.EXPIRED_CODE, "过期")


def _hangs_up(_heard: Heard, _line: Line) -> bytes | None:
    raise HangUp


def _half(_heard: Heard, line: Line) -> bytes | None:
    whole = http(201, ANSWER)
    line.send(whole[: len(whole) - 20])
    raise HangUp


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (says(200, ANSWER), "HTTP 200"),
        (says(200, "<title>上网认证</title>"), "log-in"),
        (says(302, b"", {"Location": "/elsewhere"}), "HTTP 302"),
        (says(404, "not here"), "HTTP 404"),
        (says(500, {"error": {"code": "used_code"}}), "HTTP 500"),
        (says(201, "<html>"), "it is not JSON"),
        (says(201, ANSWER | {"device": 7}), "device: found 7"),
        (says(201, b"x" * 70_000), "more than"),
        (_hangs_up, "the connection broke"),
        (_half, "the connection broke"),
    ],
)
def test_anything_else_is_no_answer(city: City, server: CityServer, script: Script, said: str) -> None:
    city.usual = script
    with pytest.raises(NoAnswer) as raised:
        enroller(server).ask(REQUEST)
    assert said in str(raised.value)
    assert "ABCD" not in str(raised.value)
    assert len(city.requests) == 1, "neither followed nor repeated by itself"


def _drips(_heard: Heard, line: Line) -> bytes | None:
    line.drip(http(201, ANSWER))
    raise HangUp


def test_the_limit_holds_also_where_a_byte_comes_now_and_then(city: City, server: CityServer) -> None:
    city.usual = _drips
    with pytest.raises(NoAnswer, match=r"no whole answer within 0.3 s"):
        enroller(server, within_s=0.3).ask(REQUEST)


def test_no_proxy_of_the_environment_is_used(
    city: City, server: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    city.usual = says(201, ANSWER)
    assert isinstance(enroller(server).ask(REQUEST), Answer)


def test_nobody_there() -> None:
    with pytest.raises(NoAnswer, match="refused"):
        Enroller(f"http://127.0.0.1:{free_port()}").ask(REQUEST)


@pytest.mark.parametrize("address", ["http://10.0.0.1/gateway", "http://platform.example", "ftp://127.0.0.1"])
def test_a_code_goes_over_https_or_stays_on_this_machine(address: str) -> None:
    with pytest.raises(NoAnswer, match="allowed is an https address"):
        Enroller(address)


def test_only_the_named_authority_counts(city: City, certificates: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "right.pem", certificates / "right.key")
    city.usual = says(201, ANSWER)
    server = CityServer(city, tls=context)
    try:
        address = f"https://127.0.0.1:{server.port}"
        assert isinstance(Enroller(address, certificates / "right.pem").ask(REQUEST), Answer)
        for authority in (None, certificates / "other.pem"):
            with pytest.raises(NoAnswer, match="cannot be verified"):
                Enroller(address, authority).ask(REQUEST)
        with pytest.raises(NoAnswer, match="a PEM file of certificates is needed"):
            Enroller(address, certificates / "right.key")
    finally:
        server.end()
    assert len(city.requests) == 1, "nobody else was told the code"


def test_the_whole_call_is_bounded_also_while_it_waits_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()

    def nobody_answers(*_args: object, **_more: object) -> None:
        told.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr("socket.getaddrinfo", nobody_answers)
    with pytest.raises(NoAnswer, match="within"):
        Enroller("https://platform.example", within_s=0.05).ask(REQUEST)
    told.set()
    for thread in threading.enumerate():
        if thread.name == "asking":
            thread.join()
