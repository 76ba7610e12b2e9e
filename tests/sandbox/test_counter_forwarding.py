"""The page's clerk: calls go on to the pad's counter service as they are, and its answers come back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import Sandbox


class Counter(ThreadingHTTPServer):
    """A counter service that remembers what it was asked, and refuses every invitation."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Counter

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, body))
        status, told = (
            (200, {"state": "idle"}) if self.command == "GET" else (409, {"error": {"code": "busy"}})
        )
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names the library looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def counter() -> Iterator[Counter]:
    server = Counter()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clerk(counter: Counter, tmp_path: Path) -> Iterator[str]:
    sandbox = Sandbox(tmp_path, counter_url=f"http://127.0.0.1:{counter.server_address[1]}")
    yield f"{sandbox.control_url}/counter"
    sandbox.close()


def test_a_call_goes_on_with_its_method_path_query_and_body(counter: Counter, clerk: str) -> None:
    body = {"matter": {"project_no": "P1", "task_name": "登记"}}
    requests.post(f"{clerk}/v1/invitations", json=body, timeout=10)
    requests.get(f"{clerk}/v1/invitations/i-1", params={"wait": "5"}, timeout=10)
    requests.delete(f"{clerk}/v1/invitations/i-1", json={"by": "1024", "reason": "撤回"}, timeout=10)
    requests.put(f"{clerk}/v1/service", json={"state": "paused"}, timeout=10)
    assert [(method, path) for method, path, _ in counter.asked] == [
        ("POST", "/v1/invitations"),
        ("GET", "/v1/invitations/i-1?wait=5"),
        ("DELETE", "/v1/invitations/i-1"),
        ("PUT", "/v1/service"),
    ]
    assert json.loads(counter.asked[0][2]) == body
    assert json.loads(counter.asked[2][2])["reason"] == "撤回"


def test_an_answer_comes_back_with_its_status(clerk: str) -> None:
    assert requests.get(f"{clerk}/v1/state", timeout=10).json() == {"state": "idle"}
    refused = requests.post(f"{clerk}/v1/invitations", json={}, timeout=10)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "busy")
