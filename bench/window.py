"""The kiosk's start, and what it costs at rest, against a bare Kivy app on the same display."""

from __future__ import annotations

import socket
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from bench.table import Row
from sandbox.hall.glass import VirtualDisplay
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage

_STARTS = 9
_BULLETIN = b'{"notices": [{"text": {"zh_CN": "one"}}, {"text": {"zh_CN": "two"}}]}'
_REST_S = 15.0


def measure(folder: Path) -> list[Row]:
    """Starts in turns; then both at rest, one after the other."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        stage = Stage(home, Plan(counter_port=_free_port()))
        stage.settle("http://127.0.0.1:9", "04" + "0" * 128)  # the kiosk never asks whether it is there
        # with notices in turn: at rest means with everything that moves there
        (stage.state / "bulletin.json").write_bytes(_BULLETIN)
        with VirtualDisplay(home / "x.log", 1280, 800) as display:
            try:
                kiosk = python("kiosk", "--narrate")
                bare = python("bench.bare")
                environment = {**stage.environment, "DISPLAY": display.name}
                starts = [
                    (_start(kiosk, environment, home), _start(bare, environment, home))
                    for _ in range(_STARTS)
                ]
                kiosk_rest, bare_rest = _at_rest(kiosk, environment, home), _at_rest(bare, environment, home)
            finally:
                stage.stop()
    (kiosk_s, kiosk_work_s), (bare_s, bare_work_s) = (
        [statistics.median(column) for column in zip(*each, strict=True)]
        for each in zip(*starts, strict=True)
    )
    return [
        Row("kiosk start to first touchable frame", kiosk_s * 1000, "ms", "bare label app", bare_s * 1000,
            "≤ 1.3 ×"),
        Row("processor time of that start", kiosk_work_s * 1000, "ms", "bare label app", bare_work_s * 1000),
        Row("kiosk at rest: CPU", kiosk_rest[0], "%", "bare label app", bare_rest[0], "≤ 1 ×"),
        Row("kiosk at rest: memory", kiosk_rest[1], "MiB", "bare label app", bare_rest[1], "≤ 1.2 ×"),
    ]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _start(words: list[str], environment: dict[str, str], home: Path) -> tuple[float, float]:
    """Seconds until the first frame is out, and of processor time."""
    started = time.monotonic()
    program = Program(words, home / "start.log", environment)
    program.line(lambda line: line.startswith("{"), 60)
    took = time.monotonic() - started
    times = psutil.Process(program.pid).cpu_times()
    program.stop()
    return took, times.user + times.system


def _at_rest(words: list[str], environment: dict[str, str], home: Path) -> tuple[float, float]:
    program = Program(words, home / "rest.log", environment)
    program.line(lambda line: line.startswith("{"), 60)
    process = psutil.Process(program.pid)
    time.sleep(2)
    process.cpu_percent()
    time.sleep(_REST_S)
    figures = process.cpu_percent(), process.memory_info().rss / 2**20
    program.stop()
    return figures
