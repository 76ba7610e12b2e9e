"""The port loop: whatever a line does, its thread lives on, and says what is wrong."""

from __future__ import annotations

import errno
import os
import queue
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from kiosk.drivers.codec import Heard
from kiosk.drivers.health import Health
from kiosk.drivers.port_loop import PortLoop
from kiosk.events import DeviceState
from pad.settings import SerialLine
from sandbox.devices.line import Line


class Echo:
    """A codec that says what it hears, and sends it back."""

    poll_s = None
    answers = True

    def feed(self, data: bytes, at_ns: int) -> Heard[bytes]:
        return Heard((data,), data)

    def poll(self) -> Heard[bytes]:
        return Heard()

    def __init__(self) -> None:
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1


class Running:
    """A loop, and what it tells."""

    def __init__(self, line: SerialLine) -> None:
        self.heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.changes: queue.SimpleQueue[Health] = queue.SimpleQueue()
        self.codec = Echo()
        self.loop: PortLoop[bytes] = PortLoop(
            "echo", line, self.codec, self.heard.put, lambda _, health: self.changes.put(health)
        )

    def next(self) -> Health:
        return self.changes.get(timeout=60)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path / "device") as plugged:
        yield plugged


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (termios.error(errno.EINVAL, "Invalid argument"), "it cannot do 10000 baud, 7O1"),
        (ValueError("Failed to set custom baud rate (10000)"), "Failed to set custom baud rate (10000)"),
    ],
)
def test_a_line_that_refuses_its_speed_or_frame_says_so_and_is_tried_again(
    line: Line, monkeypatch: pytest.MonkeyPatch, refusal: Exception, why: str
) -> None:
    def refuses(*_: object) -> None:
        raise refusal

    running = Running(SerialLine(port=str(line.path), baud=10_000, frame="7O1"))
    with monkeypatch.context() as patched:
        patched.setattr(serial.Serial, "open", refuses)
        running.loop.start()
        health = running.next()
    assert (health.state, health.why) == (DeviceState.LOST, why)
    assert running.next().state is DeviceState.FOUND
    running.loop.stop()


def test_an_answer_that_a_slow_line_takes_long_for_is_written_whole() -> None:
    class Slow:
        """Takes what 1200 baud take within the second that pyserial waits."""

        written = b""

        def write(self, data: bytes) -> None:
            if len(data) > 120:
                raise serial.SerialTimeoutException("Write timeout")
            self.written += data

    running = Running(SerialLine(port="/dev/slow", baud=1200))
    said, port = bytes(range(256)) * 8, Slow()
    running.loop._write(port, said)  # type: ignore[arg-type]
    assert port.written == said
    assert running.loop.health.errors == 0


def test_a_line_nobody_takes_anything_from_is_heard_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.drivers.port_loop._WRITE_WITHIN_S", 0.05)
    deaf, end = os.openpty()
    tty.setraw(end)
    running = Running(SerialLine(port=os.ttyname(end)))
    running.loop.start()
    assert running.next().state is DeviceState.FOUND
    running.loop.send(bytes(1_000_000))
    os.write(deaf, b"5")
    assert running.heard.get(timeout=60) == b"5"
    assert running.loop.health.errors >= 1
    assert running.loop.health.state is DeviceState.FOUND
    running.loop.stop()
    os.close(deaf)
    os.close(end)


def test_a_line_nobody_takes_anything_from_keeps_the_end_waiting_for_one_answer_at_most() -> None:
    running, tried = Running(SerialLine(port="/dev/deaf")), list[bytes]()

    class Deaf:
        """Takes nothing, and the pad is told to stop meanwhile."""

        in_waiting = 0

        def write(self, data: bytes) -> None:
            tried.append(data)
            running.loop._stopping.set()
            raise serial.SerialTimeoutException("Write timeout")

        def read(self, _most: int) -> bytes:
            return b""

    for number in range(5):
        running.loop.send(b"%d" % number)
    running.loop._serve(Deaf())  # type: ignore[arg-type]
    assert tried == [b"0"]


def test_what_was_meant_for_who_was_there_before_is_not_said_to_who_comes(line: Line) -> None:
    told: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    line.on_data = told.put
    line.unplug()
    running = Running(SerialLine(port=str(line.path)))
    running.loop.start()
    assert running.next().state is DeviceState.LOST
    running.loop.send(b"old")
    line.plug()
    assert running.next().state is DeviceState.FOUND
    running.loop.send(b"new")
    assert told.get(timeout=60) == b"new"
    running.loop.stop()


def test_one_that_is_still_looking_ends_at_once(tmp_path: Path) -> None:
    running = Running(SerialLine(port=str(tmp_path / "nothing")))
    running.loop.start()
    assert running.next().why.endswith("not there")
    running.loop.stop()
    assert not running.loop._thread.is_alive()


def test_it_is_looked_for_at_least_once_a_second_however_long_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known within two seconds: a pause, and opening it."""
    running = Running(SerialLine(port=str(tmp_path / "nothing")))
    pauses: list[float] = []

    def waits(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 50:
            running.loop._stopping.set()
        return True

    monkeypatch.setattr(running.loop._stopping, "wait", waits)
    running.loop.start()
    running.loop._thread.join(20)
    assert pauses[0] < pauses[-1] == max(pauses) <= 1.0


def test_on_a_line_opened_anew_the_codec_begins_from_the_beginning(line: Line) -> None:
    running = Running(SerialLine(port=str(line.path)))
    running.loop.start()
    seen = []
    for _ in range(3):
        assert running.next().state is DeviceState.FOUND
        seen.append(running.codec.resets)
        line.unplug()
        assert running.next().state is DeviceState.LOST
        line.plug()
    running.loop.stop()
    assert seen == [1, 2, 3]


def test_that_it_went_is_an_error_that_it_is_still_gone_is_none() -> None:
    health = Health().lost("not there").lost("not there").found("/dev/x").lost("hung up").lost("not there")
    assert (health.errors, health.why) == (1, "not there")
    assert health.found("/dev/x").lost("hung up").errors == 2
