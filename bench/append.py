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

_ROUNDS = 1000
_BLOCK = 4096


def measure(folder: Path) -> list[Row]:
    """Medians, taken in turns so that the disk's moods meet all alike.

    The write it is held against lengthens its file, as a log is lengthened; one in place, which has
    no length to keep, and an append that waits for no disk are told beside it.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        filler = Filler(home)
        block = os.urandom(_BLOCK)
        growing, standing = (os.open(home / each, os.O_CREAT | os.O_WRONLY, 0o600) for each in ("a", "b"))
        _write(standing, block, 0)
        appends, longer, in_place = [], [], []
        for number in range(_ROUNDS):
            appends.append(_timed(partial(filler.recorder.append, filler.tapped())))
            longer.append(_timed(partial(_write, growing, block, number * _BLOCK)))
            in_place.append(_timed(partial(_write, standing, block, 0)))
        os.close(growing)
        os.close(standing)
        filler.connection.execute("PRAGMA synchronous=OFF")
        work = [_timed(partial(filler.recorder.append, filler.tapped())) for _ in range(_ROUNDS)]
        filler.connection.close()
    append_ms, longer_ms = statistics.median(appends), statistics.median(longer)
    return [
        Row("durable append of one rating, p50", append_ms, "ms", "4 KiB appended + fdatasync", longer_ms,
            "≤ 1.5 ×"),
        Row("the same, against a write in place", append_ms, "ms", "4 KiB in place + fdatasync",
            statistics.median(in_place)),
        Row("the same append without its sync (synchronous=OFF)", statistics.median(work), "ms",
            "with it", append_ms),
    ]  # fmt: skip


def _write(file: int, block: bytes, at: int) -> None:
    os.pwrite(file, block, at)
    os.fdatasync(file)


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000
