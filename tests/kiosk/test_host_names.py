"""By which names the counter service may be called."""

from __future__ import annotations

import socket

import pytest

from kiosk.host_names import is_ours
from tests.kiosk.conftest import Kiosk

OURS = [
    None, "",
    "127.0.0.1:27100", "127.0.0.1", "localhost:27100", "LocalHost", "localhost.:27100", "[::1]:27100",
    "[::1]", "::1", "pad-7:27100", "192.168.1.7", "counter.localhost", "pad.example.gov.cn:443",
    "PAD.example.gov.cn",
]  # fmt: skip
FOREIGN = [
    "evil.example:27100", "evil.example", "evil.example.", "127.0.0.1.nip.io:27100", "localhost.evil.example",
    "pad.example.gov.cn.evil.example", "127.1.1", "evil.local", "a.b:c:d",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_addresses_names_without_a_dot_and_those_of_the_settings_are_ours(host: str | None) -> None:
    assert is_ours(host, ("pad.example.gov.cn",))


@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_somebody_may_own_is_not(host: str) -> None:
    assert not is_ours(host, ("pad.example.gov.cn",))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/state"),
        ("GET", "/v1/events"),
        ("POST", "/v1/invitations"),
        ("DELETE", "/v1/staff"),
        ("OPTIONS", "/v1/state"),
        ("GET", "/nothing"),
    ],
)
def test_a_page_whose_name_was_made_to_point_here_learns_nothing(
    kiosk: Kiosk, method: str, path: str
) -> None:
    """What a browser sends then: no origin, for to it the page and the pad are one."""
    answer = kiosk.call(method, path, headers={"Host": "evil.example:27100"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "unknown_host")
    assert "counter.names" in answer.json()["error"]["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_whoever_keeps_to_the_contract_is_answered(kiosk: Kiosk, host: str) -> None:
    assert kiosk.call("GET", "/v1/state", headers={"Host": f"{host}:27100"}).status_code == 200
    assert kiosk.call("GET", "/v1/state", headers={"Host": host}).status_code == 200


def test_a_caller_of_http_1_0_without_a_host_is_answered(kiosk: Kiosk) -> None:
    with socket.create_connection(("127.0.0.1", kiosk.settings.counter.port), 10) as line:
        line.sendall(b"GET /v1/state HTTP/1.0\r\n\r\n")
        assert line.recv(64).startswith(b"HTTP/1.0 200")
