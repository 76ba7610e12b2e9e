"""Where the time goes: of one append, and of one delivery, each part as a share of the whole."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bench.ledgers import Filler
from bench.receiver import Receiver
from bench.table import Row
from pad import chain, gm
from pad.clock import SystemClock
from pad.ledger.rows import Delivery
from pad.model import DeliveryState
from pad.settings import Dialect
from sandbox.hall.stage import Plan, Stage
from syncd.__main__ import LOTS
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Answer, Parcel, Platform
from syncd.platforms.choice import platform_for
from syncd.uploader import Uploader

_ROUNDS: Final = 300
_KEY: Final = b"k" * 32


class _Watched:
    """A platform whose submissions are timed."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.took: list[float] = []
        self.heartbeat, self.look_at_clock = platform.heartbeat, platform.look_at_clock
        self.abort, self.close = platform.abort, platform.close

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send, and note how long it took."""
        started = time.perf_counter()
        answer = self._platform.submit(batch_id, parcels)
        self.took.append((time.perf_counter() - started) * 1000)
        return answer


def measure(folder: Path) -> list[Row]:
    """Medians; what is not named is statements, values and the wiring between."""
    return [*_of_an_append(folder), *_of_a_delivery(folder)]


def _of_an_append(folder: Path) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        filler = Filler(Path(name))
        db = filler.connection
        whole = [_ms(partial(filler.recorder.append, filler.tapped())) for _ in range(_ROUNDS)]
        db.execute("PRAGMA synchronous=OFF")
        unsynced = [_ms(partial(filler.recorder.append, filler.tapped())) for _ in range(_ROUNDS)]
        row = dict(db.execute("SELECT * FROM ratings WHERE seq = 1").fetchone())
        hashing = [_ms(partial(chain.link, _KEY, chain.GENESIS, row)) for _ in range(_ROUNDS)]
        db.close()
    whole_ms, unsynced_ms = statistics.median(whole), statistics.median(unsynced)
    hashing_ms = statistics.median(hashing)
    parts = {
        "waiting for the disk": max(0.0, whole_ms - unsynced_ms),
        "canonical JSON and HMAC-SM3": hashing_ms,
        "SQLite and Python besides": unsynced_ms - hashing_ms,
    }
    return [Row(f"of an append: {what}", ms, "ms", "the whole", whole_ms) for what, ms in parts.items()]


def _of_a_delivery(folder: Path) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(dialect=Dialect.ITEMISED))
        receiver = Receiver(stage.folder / "receiver.log")
        stage.settle(receiver.url, gm.sm2_generate_keypair().public_key)
        filler, configured = Filler(stage.state), stage.settings()
        clock = PlatformClock(SystemClock())
        ledger = LedgerFile(configured.state_dir, configured.ledger_path)
        watched = _Watched(platform_for(configured, clock.best))
        uploader = Uploader(configured, ledger, watched, clock, LOTS)
        steps, reads, writes = [], [], []
        try:
            filler.rate()
            uploader.step()
            watched.took.clear()
            for _ in range(_ROUNDS):
                seq = filler.rate().seq
                outbox = ledger.outbox()
                reads.append(_ms(partial(outbox.next_batch, 100)))
                steps.append(_ms(uploader.step))
                told = Delivery(
                    seq, DeliveryState.ACKNOWLEDGED, 1, settled_at="2026-01-01T00:00:00.000+08:00"
                )
                writes.append(_ms(partial(outbox.record, (told,))))
        finally:
            watched.close()
            ledger.close()
            filler.connection.close()
            receiver.close()
    step_ms = statistics.median(steps)
    parts = {
        "finding what waits": statistics.median(reads),
        "encoding, signing, round trip": statistics.median(watched.took),
        "writing the outcome, durably": statistics.median(writes),
    }
    return [Row(f"of a delivery: {what}", ms, "ms", "the whole step", step_ms) for what, ms in parts.items()]


def _ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000
