"""From a rating on disk to its acknowledgement, with the real syncd and a receiver that costs nothing."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

import requests

from bench.ledgers import Filler
from bench.receiver import Receiver
from bench.table import Row
from pad import doorbell, gm
from pad.settings import Dialect
from sandbox.hall.stage import Plan, Stage

_RATINGS: Final = 300
_LOOK_EVERY_S: Final = 0.0002
_QUIET_S: Final = 0.002
"""Between what asks for the body and what is timed: a rating, too, finds the receiver at rest."""
_PATHS: Final = {Dialect.ITEMISED: "/itemised/v1/batches", Dialect.NATIONAL: "/national/"}
_ACKNOWLEDGED: Final = "SELECT 1 FROM deliveries WHERE seq = ? AND state = 'acknowledged'"
_SYNC: Final = (("interval_s", 5.0), ("reconnect_spread_s", 0.0))


def measure(folder: Path) -> list[Row]:
    """Both dialects, one after the other."""
    return [row for dialect in (Dialect.ITEMISED, Dialect.NATIONAL) for row in _of_dialect(folder, dialect)]


def _of_dialect(folder: Path, dialect: Dialect) -> list[Row]:
    """Ratings and round trips in turns; the round trip carries the body the rating just had."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(dialect=dialect, sync=_SYNC))
        receiver = Receiver(stage.folder / "receiver.log")
        stage.settle(receiver.url, gm.sm2_generate_keypair().public_key)
        filler = Filler(stage.state)
        lags, trips = [], []
        try:
            stage.start_syncd()
            acknowledged_ms(stage.state, filler)
            with requests.Session() as session:
                session.trust_env = False
                for _ in range(_RATINGS):
                    lags.append(acknowledged_ms(stage.state, filler))
                    body = receiver.last()
                    time.sleep(_QUIET_S)
                    trips.append(_round_trip_ms(session, receiver.url + _PATHS[dialect], body))
        finally:
            filler.connection.close()
            stage.stop()
            receiver.close()
    return [
        Row(f"{dialect}: on disk to acknowledged, p50", statistics.median(lags), "ms",
            "one HTTP round trip, same body", statistics.median(trips), "≤ 3 ×"),
        Row(f"{dialect}: on disk to acknowledged, p99", statistics.quantiles(lags, n=100)[98], "ms",
            aim="≤ 250 ms"),
    ]  # fmt: skip


def acknowledged_ms(state: Path, filler: Filler) -> float:
    """One rating, from its append's return to its row in deliveries."""
    rating = filler.rate()
    started = time.perf_counter()
    doorbell.ring(state)
    while filler.connection.execute(_ACKNOWLEDGED, (rating.seq,)).fetchone() is None:
        time.sleep(_LOOK_EVERY_S)
    return (time.perf_counter() - started) * 1000


def _round_trip_ms(session: requests.Session, url: str, body: bytes) -> float:
    started = time.perf_counter()
    session.post(url, data=body, timeout=10).raise_for_status()
    return (time.perf_counter() - started) * 1000
