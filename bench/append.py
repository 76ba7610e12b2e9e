"""Durable append of one rating against one 4 KiB write with fdatasync on the same disk."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from pad import keys
from pad.clock import SystemClock
from pad.codes import Level
from pad.ledger.connection import connect
from pad.ledger.recording import Recorder
from pad.model import Completion, Draft, FinishedRating, InputDevice, Matter, Visit

_ROUNDS = 300


def measure(folder: Path) -> dict[str, float]:
    """Median milliseconds of each, taken in turns so that the disk's moods meet both alike."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        state = Path(name)
        connection = connect(state / "ledger.db")
        recorder = Recorder(connection, keys.device_keys(state, may_create=True), "bench")
        ratings = [_prepared(recorder, number) for number in range(_ROUNDS)]
        block = os.urandom(4096)
        file = os.open(state / "block", os.O_CREAT | os.O_WRONLY, 0o600)
        appends, writes = [], []
        for number, rating in enumerate(ratings):
            appends.append(_timed(partial(recorder.append, rating)))
            writes.append(_timed(partial(_write, file, block, number * 4096)))
        os.close(file)
        connection.close()
    return {"append_ms": statistics.median(appends), "fdatasync_ms": statistics.median(writes)}


def _prepared(recorder: Recorder, number: int) -> FinishedRating:
    clock = SystemClock()
    visit = Visit(str(uuid7()), Matter(project_no=f"P{number}"), clock.read(), 60.0)
    recorder.open_visit(visit)
    draft = Draft(visit.id, Level(1 + number % 5), InputDevice.TOUCH, clock.read(), 900)
    return FinishedRating(visit, draft, (), "", Completion.SUBMITTED, clock.read(), 2000)


def _write(file: int, block: bytes, at: int) -> None:
    os.pwrite(file, block, at)
    os.fdatasync(file)


def _timed(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000
