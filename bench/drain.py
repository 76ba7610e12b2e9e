"""Draining a backlog: syncd against other people's durable queues, to the same receiver in one run.

Equal for all: the records' bytes, a hundred in a body, the receiver's process, ``synchronous=FULL``,
one program started for it with its start counted, nothing taken for done before the answer. Not
equal: syncd opens and encodes each rating, signs the body, writes down before sending what goes
together and afterwards what became of each record, and keeps it all.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from bench import rivals
from bench.ledgers import Filler
from bench.receiver import Receiver
from bench.table import Row
from pad import gm
from pad.settings import Dialect
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage

BACKLOG: Final = int(os.environ.get("BENCH_BACKLOG", "100000"))
"""Records; fewer for a quick look."""
_NATIONAL: Final = BACKLOG // 10
"""SM2 is encrypted in Python: enough to know its pace."""
_LIMIT_S: Final = 90.0
"""A rival that is not done by then is stopped; its pace is that of the part it has done."""
_LOOK_EVERY_S: Final = 0.05
_SYNC: Final = (("reconnect_spread_s", 0.0), ("batch", rivals.BATCH))


@dataclass(frozen=True, slots=True)
class Drain:
    """How a drain went: records a second, how much was done, the memory at tenths of it, in MiB."""

    per_s: float
    done: float
    memory: dict[int, float]
    receiver_busy: float


def measure(folder: Path) -> list[Row]:
    """Syncd first, whose records the others are then given."""
    ours, records = _of_syncd(folder, Dialect.ITEMISED, BACKLOG)
    national, _ = _of_syncd(folder, Dialect.NATIONAL, _NATIONAL)
    rows = []
    for name in rivals.RIVALS:
        other = _of_rival(folder, name, islice(cycle(records), BACKLOG))
        part = "" if other.done == 1 else f" (its first {other.done:.0%}: stopped after {_LIMIT_S:.0f} s)"
        what = f"draining a backlog of {BACKLOG}"
        rows.append(Row(what, ours.per_s, "ratings/s", name + part, other.per_s, "≥ 1 ×"))
    return [
        *rows,
        Row(f"the same in the national dialect, of {_NATIONAL}", national.per_s, "ratings/s", "itemised",
            ours.per_s),
        Row("syncd's memory with half of it drained", ours.memory[50], "MiB", "with a tenth",
            ours.memory[10], "≤ 1.1 ×"),
        Row("syncd's memory with nine tenths drained", ours.memory[90], "MiB", "with a tenth",
            ours.memory[10], "≤ 1.1 ×"),
        Row("processor time of the receiver while syncd drains", 100 * ours.receiver_busy, "%"),
    ]  # fmt: skip


def _of_syncd(folder: Path, dialect: Dialect, count: int) -> tuple[Drain, list[bytes]]:
    """The drain, and the records of its last body."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(dialect=dialect, sync=_SYNC))
        receiver = Receiver(stage.folder / "receiver.log")
        try:
            stage.settle(receiver.url, gm.sm2_generate_keypair().public_key)
            filler = Filler(stage.state)
            filler.connection.execute("PRAGMA synchronous=OFF")
            for _ in range(count):
                filler.rate()
            filler.connection.close()
            _flush()
            log = stage.folder / "once.log"
            drain = _watch(
                lambda: Program(python("syncd", "--once"), log, stage.environment), receiver, count
            )
            last: dict[str, Any] = msgspec.json.decode(receiver.last()) if dialect is Dialect.ITEMISED else {}
        finally:
            receiver.close()
    return drain, [msgspec.json.encode(each) for each in last.get("records", ())]


def _of_rival(folder: Path, name: str, records: Iterator[bytes]) -> Drain:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        home = Path(temporary)
        receiver = Receiver(home / "receiver.log")
        try:
            rivals.fill(name, home / "queue", records)
            _flush()
            words = python("bench.rivals", name, str(home / "queue"), f"{receiver.url}/plain")
            return _watch(lambda: Program(words, home / "rival.log"), receiver, BACKLOG, _LIMIT_S)
        finally:
            receiver.close()


def _flush() -> None:
    """What filling has left to be written is not to be met by the drain."""
    os.sync()


def _watch(start: Callable[[], Program], receiver: Receiver, count: int, limit_s: float = math.inf) -> Drain:
    """Let a program drain, and look at it now and then."""
    bodies = -(-count // rivals.BATCH)
    busy_s, memory = receiver.busy_s(), dict[int, float]()
    started = time.monotonic()
    program = start()
    process = psutil.Process(program.pid)
    while program.running and time.monotonic() - started < limit_s:
        tenths = 10 * receiver.bodies() // bodies
        for percent in (10, 50, 90):
            if 10 * tenths >= percent and percent not in memory:
                memory[percent] = process.memory_info().rss / 2**20
        time.sleep(_LOOK_EVERY_S)
    took_s = time.monotonic() - started
    done = min(1.0, receiver.bodies() / bodies)
    code = program.stop()
    if done < 1 and took_s < limit_s:
        raise RuntimeError(f"{program.name} ended with {code} before all was drained")
    return Drain(done * count / took_s, done, memory, (receiver.busy_s() - busy_s) / took_s)
