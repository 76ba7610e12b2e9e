"""A ledger of a million ratings against one of a thousand: whatever is done at work, and a whole look at it.

``SCALE_RATINGS`` says how many the large one holds (a million unless told).
"""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from unittest import mock

from bench import bulk
from bench.city.clock import CityClock
from bench.city.pads import as_delivered
from bench.city.platform import CityPlatform, Connection
from bench.table import Row
from pad import keys
from pad.clock import SystemClock
from pad.ledger import retention, state
from pad.ledger.connection import connect, transaction
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from pad.ledger.verification import verify
from pad.model import FinishedRating
from syncd.__main__ import LOTS
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.uploader import Uploader

SMALL: Final = 1_000
LARGE: Final = int(os.environ.get("SCALE_RATINGS", "1000000"))
_APPENDS: Final = 400
_BACKLOG: Final = 2_000
_DUE: Final = 10_000
_MONTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A ledger on the disk, and how many ratings it was made with."""

    state: Path
    ratings: int

    @property
    def path(self) -> Path:
        """The file."""
        return self.state / "ledger.db"

    @property
    def keys(self) -> keys.DeviceKeys:
        """What it was written with."""
        return keys.device_keys(self.state, may_create=False)


def measure(folder: Path) -> list[Row]:
    """Everything, in turns where the disk's moods could favour one."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        both = []
        for ratings in (SMALL, LARGE):
            place = Path(name) / str(ratings)
            place.mkdir()
            started = time.perf_counter()
            bulk.fill(place, ratings)
            made_s = time.perf_counter() - started
            both.append(Kept(place, ratings))
        small, large = both
        size = large.path.stat().st_size
        rows = [
            Row(f"making a ledger of {LARGE:,}", made_s, "s"),
            Row("bytes a rating, delivered", size / LARGE, "B"),
            _checks(small, large),
            _opening(small, large),
            _status(small, large),
            _appends(small, large),
            _drains(small, large),
            *_housekeeping(small, large),
            _years(Path(name) / "years"),
        ]
    return rows


def _compared(
    what: str, small: Sequence[float], large: Sequence[float], unit: str, aim: str = "≤ 1.2 ×"
) -> Row:
    return Row(
        f"{what} at {LARGE:,}",
        statistics.median(large),
        unit,
        f"at {SMALL:,}",
        statistics.median(small),
        aim,
    )


def _timed_ms(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


# --- while the window is open ----------------------------------------------------------------


def _appends(small: Kept, large: Kept) -> Row:
    with ExitStack() as stack:
        at = [(stack.enter_context(closing(connect(each.path))), each) for each in (small, large)]
        recorders = [Recorder(db, each.keys, "bench") for db, each in at]
        took: tuple[list[float], list[float]] = ([], [])
        for made in _strangers(_APPENDS):
            for recorder, times in zip(recorders, took, strict=True):
                recorder.open_visit(made.visit)
                times.append(_timed_ms(partial(recorder.append, made)))
    return _compared("durable append, p50", *took, "ms")


def _strangers(count: int, first: int = 2_000_000) -> Iterator[FinishedRating]:
    return (each.finished for each in bulk.made(first, count) if each.finished is not None)


def _drains(small: Kept, large: Kept) -> Row:
    """Rates of the real uploader with a platform that answers at once: what the ledger costs of it."""
    rates: tuple[list[float], list[float]] = ([], [])
    for turn in range(3):
        for each, found in zip((small, large), rates, strict=True):
            with closing(connect(each.path)) as db:
                recorder = Recorder(db, each.keys, "bench")
                db.execute("PRAGMA synchronous=OFF")
                for made in _strangers(_BACKLOG, 3_000_000 + turn * _BACKLOG):
                    recorder.open_visit(made.visit)
                    recorder.append(made)
            found.append(_drained_a_second(each))
    return _compared(f"draining a backlog of {_BACKLOG:,}", *rates, "ratings/s", "≥ 0.83 ×")


def _drained_a_second(kept: Kept) -> float:
    clock = CityClock()
    connection = Connection(CityPlatform(clock, random.Random()), itemised=True)
    with closing(LedgerFile(kept.state, kept.path)) as ledger:
        waiting = ledger.outbox().backlog().pending
        uploader = Uploader(as_delivered(), ledger, connection, PlatformClock(clock), LOTS)
        started = time.perf_counter()
        while uploader.step() is not None:
            pass
        took_s = time.perf_counter() - started
        assert ledger.outbox().backlog().pending == 0
    return waiting / took_s


# --- at a start, and when somebody asks --------------------------------------------------------


def _opening(small: Kept, large: Kept) -> Row:
    """What a kiosk's start does with its ledger; up to 16 MiB are looked at whole, by design."""

    def open_and_recover(kept: Kept) -> None:
        now = SystemClock().read()
        with closing(open_ledger(kept.path, now)) as db:
            Recorder(db, kept.keys, "bench").recover(now, discard=False)

    return _compared("opening at a start", *_in_turns(small, large, open_and_recover), "ms", "")


def _status(small: Kept, large: Kept) -> Row:
    took = _in_turns(small, large, lambda kept: state.standing(kept.path))
    return _compared("state for counter and padctl", *took, "ms")


def _in_turns(small: Kept, large: Kept, act: Callable[[Kept], object]) -> tuple[list[float], list[float]]:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(20):
        for kept, times in zip((small, large), took, strict=True):
            times.append(_timed_ms(partial(act, kept)))
    return took


def _checks(small: Kept, large: Kept) -> Row:
    rates = []
    for kept in (small, large):
        with closing(connect(kept.path)) as db:
            started = time.perf_counter()
            _, head, broken = verify(db, kept.keys.chain)
            rates.append(kept.ratings / (time.perf_counter() - started))
            assert (head.seq, broken) == (kept.ratings, None)
    return _compared("padctl verify", rates[:1], rates[1:], "ratings/s", "≥ 0.83 ×")


# --- housekeeping ------------------------------------------------------------------------------


def _housekeeping(small: Kept, large: Kept) -> list[Row]:
    took = _in_turns(small, large, _nothing_due)
    due = bulk.OPENING + _DUE * bulk.APART
    lengths: list[float] = []
    with (
        closing(connect(large.path)) as db,
        closing(connect(large.path)) as other,
        mock.patch.object(retention, "transaction", partial(_measured, lengths)),
    ):
        done = threading.Event()
        done.set()
        alone = _waits(other, large, 4_000_000, done)
        done.clear()
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(_waits, other, large, 5_000_000, done)
            started = time.perf_counter()
            pruned = retention.prune_ratings(db, due, due, large.keys.sealing)
            visits = retention.prune_visits(db, due)
            took_s = time.perf_counter() - started
            done.set()
        assert pruned > 0.9 * _DUE
        assert visits > 0.1 * _DUE
    return [
        _compared("housekeeping with nothing due", *took, "ms"),
        Row(f"housekeeping of {pruned + visits:,} due, rests included", took_s, "s"),
        Row("its longest transaction", max(lengths), "ms"),
        Row("longest append meanwhile", max(waits.result()), "ms", "alone", max(alone)),
    ]


def _nothing_due(kept: Kept) -> None:
    before = bulk.OPENING - bulk.APART
    with closing(connect(kept.path)) as db:
        for found in (
            retention.purge_raters(db, before),
            retention.prune_ratings(db, before, before, kept.keys.sealing),
            retention.prune_visits(db, before),
        ):
            assert found == 0


@contextmanager
def _measured(lengths: list[float], db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    started = time.perf_counter()
    with transaction(db):
        yield db
    lengths.append((time.perf_counter() - started) * 1000)


def _waits(db: sqlite3.Connection, kept: Kept, first: int, done: threading.Event) -> list[float]:
    """How long ratings take to be stored, one after the other, until ``done``; a hundred at least."""
    recorder = Recorder(db, kept.keys, "bench")
    times: list[float] = []
    for made in _strangers(10_000, first):
        recorder.open_visit(made.visit)
        times.append(_timed_ms(partial(recorder.append, made)))
        if len(times) >= 100 and done.is_set():
            break
        time.sleep(0.02)
    return times


def _years(place: Path) -> Row:
    """Three years of ratings of which one is kept: the file's size at the end against that of a full year."""
    place.mkdir()
    sizes = []
    with mock.patch.object(retention, "REST_S", 0.0):
        for month in range(36):
            bulk.fill(place, _MONTH, first=month * _MONTH)
            now = bulk.OPENING + (month + 1) * _MONTH * bulk.APART
            before = now - 12 * _MONTH * bulk.APART
            with closing(connect(place / "ledger.db")) as db:
                retention.prune_ratings(db, before, now, Kept(place, 0).keys.sealing)
                retention.prune_visits(db, before)
                retention.forget_in_log(db)
            sizes.append((place / "ledger.db").stat().st_size / 2**20)
    return Row(
        "file after three years, one kept",
        sizes[-1],
        "MiB",
        "after the first and a month",
        sizes[12],
        "≤ 1.05 ×",
    )
