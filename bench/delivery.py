"""From a rating on disk to its acknowledgement, and draining a backlog, with the real syncd and platform."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import psutil
import requests

from bench.ledgers import Filler
from bench.table import Row
from pad import doorbell
from pad.settings import Dialect
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage

_ONLINE = 100
_BACKLOG = 5000
_QUICK = (("interval_s", 5.0), ("reconnect_spread_s", 0.0), ("batch", 100))


def measure(folder: Path) -> list[Row]:
    """Both dialects, one after the other."""
    return [row for dialect in Dialect for row in _of_dialect(folder, dialect)]


def _of_dialect(folder: Path, dialect: Dialect) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(dialect=dialect, sync=_QUICK))
        platform = stage.start_platform()
        filler = Filler(stage.state)
        try:
            stage.start_syncd()
            filler.rate()
            platform.wait_for(1)
            lags = [_lag_ms(stage, filler) for _ in range(_ONLINE)]
            trips = _round_trips_ms(stage.settings().platform.url)
            assert stage.syncd is not None
            memory_before = psutil.Process(stage.syncd.pid).memory_info().rss
            stage.syncd.stop()
            for _ in range(_BACKLOG):
                filler.rate()
            started = time.monotonic()
            once = Program(python("syncd", "--once"), stage.folder / "once.log", stage.environment)
            memory = _peak_memory(once)
            once.wait(600)
            took_s = time.monotonic() - started
        finally:
            filler.connection.close()
            stage.stop()
    trip_ms = statistics.median(trips)
    return [
        Row(f"{dialect}: on disk to acknowledged, p50", statistics.median(lags), "ms",
            "one HTTP round trip, same body", trip_ms, "≤ 3 ×"),
        Row(f"{dialect}: on disk to acknowledged, p99", statistics.quantiles(lags, n=100)[98], "ms",
            aim="≤ 250 ms"),
        Row(f"{dialect}: draining a backlog of {_BACKLOG}", _BACKLOG / took_s, "ratings/s"),
        Row(f"{dialect}: syncd's memory while draining", memory / 2**20, "MiB", "online",
            memory_before / 2**20),
    ]  # fmt: skip


def _lag_ms(stage: Stage, filler: Filler) -> float:
    """One rating, from its append's return to its row in deliveries."""
    rating = filler.rate()
    started = time.perf_counter()
    doorbell.ring(stage.state)
    sql = "SELECT 1 FROM deliveries WHERE seq = ? AND state = 'acknowledged'"
    while filler.connection.execute(sql, (rating.seq,)).fetchone() is None:
        time.sleep(0.0005)
    return (time.perf_counter() - started) * 1000


def _round_trips_ms(url: str) -> list[float]:
    """Round trips of a body of a rating's size that the platform turns away at the door."""
    trips = []
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(_ONLINE):
            started = time.perf_counter()
            session.post(f"{url}/none", data=b"x" * 1500, timeout=10)
            trips.append((time.perf_counter() - started) * 1000)
    return trips


def _peak_memory(program: Program) -> int:
    peak = 0
    process = psutil.Process(program.pid)
    while program.running:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(0.05)
    return peak
