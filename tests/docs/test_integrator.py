"""The integrator's guide: every command and script in it is run, and every answer it shows is what came."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from pad.keys import write_secret
from pad.settings import Settings, writing
from tests.browser import chromium_browser
from tests.docs.guide import (
    CHINESE,
    GUIDE,
    ROOT,
    SCRIPT,
    WITHIN_S,
    Reader,
    Shell,
    Waiting,
    at,
    blocks,
    in_a_shell,
    nothing_more,
    part,
)
from tests.kiosk.conftest import Kiosk, configured, kiosk, running

__all__ = ["configured", "kiosk"]  # fixtures


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    running = Shell(tmp_path)
    yield running
    running.close()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    return Waiting(monkeypatch)


# --- the business system calls the pad --------------------------------------------------------


def test_every_command_is_answered_as_shown(kiosk: Kiosk, waiting: Waiting, shell: Shell) -> None:
    reader = in_a_shell(kiosk, waiting, shell)
    for piece in part("### With curl", "### From a page"):
        reader.read(piece, nothing_more)
    assert not reader.told
    assert reader.compared == 2 * 16
    assert [row["outcome"] for row in kiosk.db.execute("SELECT outcome FROM visits ORDER BY id")] == [
        "rated", "cancelled", "withdrawn",
    ]  # fmt: skip


class _Site(BaseHTTPRequestHandler):
    """The business system's page: nothing but the class that is to be copied."""

    def do_GET(self) -> None:
        copied = SCRIPT.read_text(encoding="utf-8").partition("// --- This page")[0]
        head = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,>"
        page = f"{head}<script>{copied}</script>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def known(configured: Settings, site: str) -> Settings:
    """A pad that lets that page call."""
    return replace(configured, counter=msgspec.structs.replace(configured.counter, origins=(site,)))


def in_a_page(kiosk: Kiosk, waiting: Waiting, page: Page) -> Reader:
    """Scripts run as in the browser's console: what one piece declares, the next has."""
    console = page.context.new_cdp_session(page)

    def run(text: str) -> None:
        given = {"expression": text, "replMode": True, "awaitPromise": True}
        answer = console.send("Runtime.evaluate", given)
        assert "exceptionDetails" not in answer, answer
        reader.told.extend(page.evaluate("printed.splice(0)"))

    return (reader := Reader(kiosk, waiting, "js", run))


def test_every_script_prints_what_is_shown(known: Settings, site: str, waiting: Waiting) -> None:
    with running(known) as kiosk, chromium_browser() as browser:
        page = browser.new_page()
        page.goto(site)
        page.evaluate("globalThis.printed = []; console.log = (value) => printed.push(value); null")
        reader = in_a_page(kiosk, waiting, page)

        def more() -> None:
            page.wait_for_function("printed.length", timeout=WITHIN_S * 1000)
            reader.told.extend(page.evaluate("printed.splice(0)"))

        for piece in part("### From a page", "### From another machine"):
            reader.read(piece, more)
        assert not reader.told
        assert reader.compared == 10


def test_a_pad_on_another_machine_is_called_over_tls_with_the_token(
    configured: Settings, waiting: Waiting, shell: Shell, tmp_path: Path
) -> None:
    pieces = part("### From another machine", "## A platform that speaks otherwise")
    made, settings_of_pad, taken, *calls = pieces
    shell.run(blocks(GUIDE)[0].text)
    fingerprint = shell.run(at(0, made.text))
    assert re.fullmatch(r"sha256 Fingerprint=([0-9A-F]{2}:){31}[0-9A-F]{2}\n", fingerprint)
    counter = tomllib.loads(settings_of_pad.text)["counter"]
    counter |= {key: str(tmp_path / counter[key]) for key in ("tls_certificate", "tls_key")}
    write_secret(configured.state_dir / "keys" / "counter_token", (tmp_path / "counter_token").read_text())
    beyond = replace(configured, counter=msgspec.structs.replace(configured.counter, **counter))
    with running(beyond) as kiosk:
        assert shell.run(at(beyond.counter.port, taken.text)) == fingerprint
        reader = in_a_shell(kiosk, waiting, shell)
        for piece in calls:
            reader.read(piece, nothing_more)
        assert (reader.compared, len(reader.told)) == (4, 0)


def test_the_settings_shown_are_settings() -> None:
    shown_settings = [tomllib.loads(each.text) for each in blocks(GUIDE) if each.kind == "toml"]
    for table in shown_settings:
        for key, value in table["counter"].items():
            assert writing.value_of(f"counter.{key}", json.dumps(value)) == value
    assert len(shown_settings) == 2


# --- a dialect -----------------------------------------------------------------------------------


def test_the_code_of_a_dialect_is_that_of_the_example() -> None:
    folder = ROOT / "tests" / "syncd" / "platforms"
    files = [(folder / name).read_text(encoding="utf-8") for name in ("form_post.py", "test_contract.py")]
    pieces = [each.text for each in blocks(GUIDE) if each.kind == "python"]
    assert len(pieces) == 5
    for piece in pieces:
        assert any(piece in file for file in files), piece


# --- the guide in Chinese -----------------------------------------------------------------------


def test_the_chinese_guide_shows_the_same() -> None:
    def pieces(file: Path) -> list[tuple[str, str]]:
        comment = re.compile(r" +(#|//) .*$", re.MULTILINE)
        return [(each.kind, comment.sub("", each.text)) for each in blocks(file)]

    assert pieces(CHINESE) == pieces(GUIDE)


def anchors(page: Path) -> set[str]:
    """What a link into a page may name, by the rule of the usual forges."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", [GUIDE, CHINESE], ids=lambda file: file.name)
def test_every_link_leads_somewhere(guide: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", guide.read_text(encoding="utf-8")):
        file, _, anchor = link.partition("#")
        target = guide.parent / file if file else guide
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
