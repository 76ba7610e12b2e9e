"""``padctl alerts`` and what ``padctl status`` says of them, as the technician sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pad import keys
from pad.ledger.alerts import AlertBook
from pad.model import CHINA_TIME, Instant
from tests.pad.ledger.conftest import Window
from tests.pad.test_settings import SMALLEST, written


@pytest.fixture
def robot() -> Iterator[tuple[str, list[str]]]:
    """Robots that take every message whose address has ``good`` in it."""
    told: list[str] = []

    class Robot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            good = "good" in self.path
            if good:
                told.append(body.decode())
            answer = json.dumps({"errcode": 0 if good else 93000}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Robot)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    thread.join()
    server.server_close()


def padctl(folder: Path, *words: str) -> tuple[int, str]:
    environment = {**os.environ, "PAD_STATE": str(folder), "PAD_CONFIG": str(folder / "pad.toml")}
    ran = subprocess.run(
        [sys.executable, "-m", "pad.ctl", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_everybody_gets_a_test_message_and_each_answer_is_told(
    tmp_path: Path, robot: tuple[str, list[str]]
) -> None:
    address, told = robot
    written(tmp_path, SMALLEST + "[alerts]\nwecom = true\ndingtalk = true\n")
    keys.write_secret(tmp_path / "keys" / "alert_wecom", f"{address}/?key=s3cret")
    keys.write_secret(tmp_path / "keys" / "alert_dingtalk", f"{address}/?access_token=good")
    code, said = padctl(tmp_path, "alerts", "test")
    assert code == 1
    assert said == (
        "wecom     it refuses the message (code 93000: its address is not, or no longer, a robot's: "
        "check keys/alert_wecom)\ndingtalk  told\n"
    )
    (text,) = told
    assert "测试消息，无需处理" in text
    keys.write_secret(tmp_path / "keys" / "alert_wecom", f"{address}/?key=good", replace=True)
    assert padctl(tmp_path, "alerts", "test") == (0, "wecom     told\ndingtalk  told\n")
    code, said = padctl(tmp_path, "alerts", "test", "--json")
    good = [{"name": name, "told": True, "why": ""} for name in ("wecom", "dingtalk")]
    assert (code, json.loads(said)) == (0, {"targets": good})


def test_nobody_to_test_and_a_missing_secret_are_said(tmp_path: Path) -> None:
    written(tmp_path)
    code, said = padctl(tmp_path, "alerts", "test")
    assert (code, "nobody is told" in said) == (1, True)
    written(tmp_path, SMALLEST + "[alerts]\nfeishu = true\n")
    code, said = padctl(tmp_path, "alerts", "test")
    assert (code, "keys/alert_feishu: missing or empty" in said) == (1, True)


@pytest.fixture
def told_and_waiting(tmp_path: Path) -> Window:
    """Three ratings of which two are bad; WeCom was told of one, mail of none."""
    window = Window(tmp_path)
    written(tmp_path)
    now = Instant(datetime.now(CHINA_TIME), "boot", 1, trusted=True)
    books = [AlertBook(window.db, name) for name in ("wecom", "smtp")]
    for book in books:
        book.begin(now, from_here=True)
    for level in (1, 5, 2):
        window.rate(level=level)
    for book in books:
        book.enlist()
    books[0].told([1], datetime(2026, 3, 2, 9, 1, tzinfo=CHINA_TIME))
    books[1].telling([1])
    books[1].not_told([1], "the mail server is away", now.wall + timedelta(seconds=5))
    return window


def test_the_status_says_what_waits_and_why(tmp_path: Path, told_and_waiting: Window) -> None:
    told_and_waiting.db.close()
    code, said = padctl(tmp_path, "status")
    assert code == 1  # no kiosk runs here
    for words in ("2 bad ratings wait for smtp: the mail server is away", "1 bad ratings wait for wecom"):
        assert words in said
    assert said.count("→ see padctl alerts test") == 2


def test_bad_ratings_are_listed_with_the_day_they_are_to_be_handled_by(
    tmp_path: Path, told_and_waiting: Window
) -> None:
    told_and_waiting.db.close()
    code, said = padctl(tmp_path, "alerts", "list", "--days", "3660")
    assert code == 0
    first, second = said.strip().split("\n")
    code, as_json = padctl(tmp_path, "alerts", "list", "--days", "3660", "--json")
    (one, other) = json.loads(as_json)["bad_ratings"]
    assert (code, one["seq"], one["told"]["smtp"], one["handle_by"]) == (0, 1, None, "2026-03-09")
    assert other["told"] == {"smtp": None, "wecom": None}
    assert "level 1  window -  handle by 2026-03-09  told to smtp waits, wecom 2026-03-02 09:01" in first
    assert "level 2  window -  handle by 2026-03-09  told to smtp waits, wecom waits" in second
