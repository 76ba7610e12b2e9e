"""What comes from outside cannot fill the log: a flood of bad requests, a plug that is loose."""

from __future__ import annotations

import logging
import socket

import pytest

from kiosk.drivers.health import Health
from kiosk.drivers.keypad import KeyPad
from kiosk.drivers.port_loop import PortLoop
from kiosk.events import DeviceState
from pad import settings
from tests.kiosk.conftest import Kiosk

MANY = 300


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /v1/invitations HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{",
        b"PUT /v1/service HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_bad_requests_in_a_flood_are_answered_and_not_logged_one_by_one(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture, bytes_sent: bytes
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(MANY):
        with socket.create_connection(("127.0.0.1", kiosk.settings.counter.port)) as line:
            line.sendall(bytes_sent)
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
    assert kiosk.call("GET", "/v1/state").status_code == 200
    assert len(caplog.records) <= 6


def test_a_loose_plug_is_a_few_lines_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    changes: list[DeviceState] = []
    keypad = settings.Keypad(port="/dev/pad/none")
    codec = KeyPad(keypad.bytes_of(), keypad.debounce_ms)
    loop = PortLoop("keypad", keypad, codec, lambda _: None, lambda _, health: changes.append(health.state))
    for _ in range(MANY):
        loop._changed(Health(DeviceState.FOUND, port="/dev/pad/none"))
        loop._changed(Health(DeviceState.LOST, why="not there"))
    assert len(changes) == 2 * MANY  # the screen and the counter hear of each
    assert 0 < len(caplog.records) <= 12
