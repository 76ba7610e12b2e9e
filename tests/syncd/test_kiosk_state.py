"""What syncd makes of the kiosk's answer, and of none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pad.settings import Counter
from syncd import kiosk_state
from syncd.kiosk_state import DOWN, STATES, UNKNOWN, DeviceSeen, KioskSeen
from tests.ports import free_port

STATE = {
    "state": "serving", "invitation": None, "staff": "007", "pending": 0, "oldest_pending_s": None,
    "versions": {"pad": "0.1.0", "indicators": "2020-05-22", "ledger": "6"},
    "devices": {"keypad": {"state": "lost", "errors": 3, "last_event_s": None}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers is heard, however busy the machine."""
    monkeypatch.setattr(kiosk_state, "ANSWER_WITHIN_S", 60.0)


@contextmanager
def kiosk(status: int, body: bytes) -> Iterator[Counter]:
    """Something that answers where the kiosk should."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/v1/state"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Counter(port=server.server_port)
        server.shutdown()
        thread.join()


def test_it_tells_state_versions_and_devices() -> None:
    with kiosk(200, json.dumps(STATE).encode()) as counter:
        seen = kiosk_state.ask(counter)
    assert seen == KioskSeen(
        "serving",
        {"pad": "0.1.0", "indicators": "2020-05-22", "ledger": "6"},
        {"keypad": DeviceSeen("lost", 3)},
    )


def test_nobody_there_is_down() -> None:
    assert kiosk_state.ask(Counter(port=free_port())) == KioskSeen(DOWN)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b'{"error": {"code": "unauthorised"}}'),
        (500, json.dumps(STATE).encode()),
        (200, b"<html>another program</html>"),
        (200, json.dumps(STATE | {"state": "something new"}).encode()),
        (200, b"[" * 60_000),
        (200, json.dumps(STATE | {"x": "y" * 100_000}).encode()),
    ],
)
def test_whoever_answers_otherwise_is_there_but_unknown(status: int, body: bytes) -> None:
    with kiosk(status, body) as counter:
        assert kiosk_state.ask(counter).state == UNKNOWN


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_the_contract_is_known(state: str) -> None:
    assert kiosk_state.read(200, json.dumps(STATE | {"state": state}).encode()).state == state
