"""``padctl devices`` beside a running kiosk: what is there, what is not, and what to do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.drivers.health import Health
from kiosk.events import DeviceState
from pad import settings
from pad.ctl.__main__ import padctl
from sandbox.devices.table import Table
from tests.kiosk.conftest import Kiosk
from tests.ports import free_port


class Pad:
    """Settings on disk, and a kiosk that goes by them."""

    def __init__(self, folder: Path, table: Table | None) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self.file = folder / "pad.toml"
        (folder / "profile.toml").write_text('name = "x"\ndialect = "itemised"\n', encoding="utf-8")
        self.file.write_text(
            '[pad]\ndevice_id = "pad-1"\nhall_name = "大厅"\n'
            '[platform]\nurl = "https://hcp.example"\napp_mark = "pad"\nprofile = "profile.toml"\n'
            f"[counter]\nport = {free_port()}\n{'' if table is None else table.settings()}",
            encoding="utf-8",
        )
        self.kiosk = Kiosk(settings.load(self.file, {"PAD_STATE": str(self.state)}))

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(
            padctl,
            ["--config", str(self.file), "devices", *words],
            env={"PAD_STATE": str(self.state), "COLUMNS": "200"},
        )

    def told(self) -> dict[str, dict[str, Any]]:
        """What it says for programs, by device."""
        return {each["name"]: each for each in json.loads(self.run("--json").stdout)["devices"]}

    def until(self, name: str, state: str) -> dict[str, Any]:
        while self.kiosk.devices.health()[name].state != state:
            self.kiosk.changed.wait(0.01)
            self.kiosk.changed.clear()
        return self.told()[name]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with Table(tmp_path / "dev") as plugged:
        yield plugged


@pytest.fixture
def pad(tmp_path: Path, table: Table) -> Iterator[Pad]:
    one = Pad(tmp_path, table)
    one.kiosk.start()
    yield one
    one.kiosk.stop()


def test_devices_that_are_there_are_told_and_all_is_well(pad: Pad, table: Table) -> None:
    for name in table.lines:
        assert pad.until(name, "found")["port"] == str(table.lines[name].path)
    result = pad.run()
    assert result.exit_code == 0
    assert all(name in result.output for name in table.lines)


def test_a_device_pulled_out_is_named_with_what_to_do(pad: Pad, table: Table) -> None:
    table.lines["keypad"].unplug()
    told = pad.until("keypad", "lost")
    assert (told["state"], told["port"]) == ("lost", "")
    result = pad.run()
    assert result.exit_code == 1
    assert "keypad" in result.output
    assert "not there; plug it in" in result.output


def test_a_silent_device_is_named_with_what_to_do(pad: Pad, table: Table) -> None:
    table.idcard.muted = True
    assert "does not answer" in pad.until("idcard", "silent")["todo"]


def test_the_loudspeaker_is_a_device_too(pad: Pad) -> None:
    pad.kiosk.health["voice"] = Health(DeviceState.LOST, 3, why="no sound card")
    told = pad.told()["voice"]
    assert (told["state"], told["errors"]) == ("lost", 3)
    assert "docs/voice.md" in told["todo"]


def test_without_a_kiosk_it_says_so_and_what_it_can_see_itself(tmp_path: Path, table: Table) -> None:
    one = Pad(tmp_path, table)
    one.kiosk.start()
    one.kiosk.stop()
    result = one.run("--json")
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "is it running?" in result.stderr
    found = json.loads(result.stdout)["devices"]
    assert {each["name"]: each["port"] != "" for each in found} == dict.fromkeys(table.lines, True)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n<html>",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b'HTTP/1.0 200 OK\r\n\r\n{"devices": 5}',
        b'HTTP/1.0 200 OK\r\n\r\n{"devices": {"keypad": {}}}',
        b"HTTP/1.0 200 OK\r\n\r\n\xff",
        b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{}",
    ],
)
def test_where_something_else_answers_it_says_so(tmp_path: Path, table: Table, answer: bytes) -> None:
    one = Pad(tmp_path, table)
    one.kiosk.start()
    one.kiosk.stop()
    with socket.create_server(("127.0.0.1", one.kiosk.settings.counter.port)) as server:
        thread = threading.Thread(target=answer_once, args=(server, answer))
        thread.start()
        result = one.run("--json")
        thread.join()
    assert result.exit_code == 1
    assert "is no kiosk of this version" in result.stderr
    assert {each["state"] for each in json.loads(result.stdout)["devices"]} == {""}


def answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(answer)


def test_without_devices_it_says_where_they_are_named(tmp_path: Path) -> None:
    one = Pad(tmp_path, None)
    one.kiosk.start()
    result = one.run()
    one.kiosk.stop()
    assert result.exit_code == 0
    assert "no device is configured" in result.output
