"""What codecs make of noise, against the fastest line; how soon a device's coming and going is known."""

from __future__ import annotations

import logging
import os
import queue
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.table import Row
from kiosk.drivers.codec import Codec
from kiosk.drivers.counter_line import SHAPE, CounterLine
from kiosk.drivers.health import Health
from kiosk.drivers.idcard import SHAPE as CARD_SHAPE
from kiosk.drivers.idcard import IdCard
from kiosk.drivers.keypad import KeyPad
from kiosk.drivers.port_loop import PortLoop
from kiosk.drivers.scanner import Scanner
from kiosk.events import DeviceState, Key
from pad.codes import Level
from pad.settings import Keypad
from sandbox.devices.keypad import KeyPad as PractisePad
from sandbox.devices.line import Line

NOISE: Final = 10 * 1024 * 1024
"""Bytes."""
FALSE: Final = 1024 * 1024
"""Bytes of nothing but beginnings of frames."""
_PORTION: Final = 4096
_LINE_MB_S: Final = 921_600 / 10 / 1e6
"""The fastest line a setting allows: ten bits a byte."""
_ROUNDS: Final = 10
_MS: Final = 1000.0


def measure(folder: Path) -> list[Row]:
    """Every codec over noise, and a real line pulled out and plugged in."""
    codecs: dict[str, Callable[[], Codec[Any]]] = {
        "keypad": lambda: KeyPad(Keypad().bytes_of(), 150),
        "idcard": IdCard,
        "scanner": Scanner,
        "serial counter": CounterLine,
    }
    noise = os.urandom(NOISE)
    rows = [_row(f"{name}: 10 MB of noise", _mb_s(make(), noise)) for name, make in codecs.items()]
    for name, shape in (("idcard", CARD_SHAPE), ("serial counter", SHAPE)):
        beginnings = (shape.preamble + (shape.longest - 8).to_bytes(2, "big")) * (FALSE // (shape.head))
        rows.append(_row(f"{name}: nothing but beginnings of frames", _mb_s(codecs[name](), beginnings)))
    return [*rows, *_plugging()]


def _row(what: str, mb_s: float) -> Row:
    return Row(what, mb_s, "MB/s", "a line at 921 600 baud", _LINE_MB_S, "≥ 3 ×")


def _mb_s(codec: Codec[Any], data: bytes) -> float:
    started = time.perf_counter()
    for at in range(0, len(data), _PORTION):
        codec.feed(data[at : at + _PORTION], 0)
    return len(data) / 1e6 / (time.perf_counter() - started)


def _plugging() -> list[Row]:
    changes: queue.SimpleQueue[tuple[DeviceState, float]] = queue.SimpleQueue()
    presses: queue.SimpleQueue[float] = queue.SimpleQueue()

    def changed(_name: str, health: Health) -> None:
        changes.put((health.state, time.perf_counter()))

    def pressed(_key: Key) -> None:
        presses.put(time.perf_counter())

    lost, found, heard = [], [], []
    logging.getLogger("kiosk.devices").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, Line(Path(folder) / "keypad") as line:
        settings = Keypad(port=str(line.path), debounce_ms=0)
        loop = PortLoop("keypad", settings, KeyPad(settings.bytes_of(), 0), pressed, changed)
        loop.start()
        _until(changes, DeviceState.FOUND)
        pad = PractisePad(line)
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            pad.press(Level.VERY_SATISFIED)
            heard.append((presses.get() - started) * _MS)
            started = time.perf_counter()
            line.unplug()
            lost.append((_until(changes, DeviceState.LOST) - started) * _MS)
            started = time.perf_counter()
            line.plug()
            found.append((_until(changes, DeviceState.FOUND) - started) * _MS)
        loop.stop()
    return [
        Row("a key pressed until it is heard (median)", statistics.median(heard), "ms"),
        Row("a device pulled out until it is known (worst)", max(lost), "ms", "two seconds", 2000.0, "≤ 1 ×"),
        Row(
            "a device plugged in until it is known (worst)", max(found), "ms", "two seconds", 2000.0, "≤ 1 ×"
        ),
    ]


def _until(changes: queue.SimpleQueue[tuple[DeviceState, float]], wanted: DeviceState) -> float:
    while True:
        state, at = changes.get()
        if state is wanted:
            return at
