"""Durable append of one rating against one 4 KiB write with fdatasync on the same disk."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.ledgers import Filler
from bench.table import Row

_ROUNDS = 400


def measure(folder: Path) -> list[Row]:
    """Medians, taken in turns so that the disk's moods meet both alike."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        filler = Filler(Path(name))
        ratings = [filler.prepare() for _ in range(_ROUNDS)]
        block = os.urandom(4096)
        file = os.open(Path(name) / "block", os.O_CREAT | os.O_WRONLY, 0o600)
        appends, writes = [], []
        for number, rating in enumerate(ratings):
            appends.append(_timed(partial(filler.recorder.append, rating)))
            writes.append(_timed(partial(_write, file, block, number * len(block))))
        os.close(file)
        filler.connection.close()
    append_ms, write_ms = statistics.median(appends), statistics.median(writes)
    return [
        Row(
            "durable append of one rating, p50",
            append_ms,
            "ms",
            "4 KiB write + fdatasync",
            write_ms,
            "≤ 1.5 ×",
        )
    ]


def _write(file: int, block: bytes, at: int) -> None:
    os.pwrite(file, block, at)
    os.fdatasync(file)


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000
