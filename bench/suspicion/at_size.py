"""What a look costs in a ledger of a thousand and of a million ratings, and how fast it catches up."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.ledgers import Filler
from bench.table import Row
from pad.clock import SystemClock
from pad.ledger.flags import FlagBook
from pad.model import Instant
from pad.settings import Suspicion
from syncd.card_memory import CardMemory
from syncd.ledger_file import LedgerFile
from syncd.lookout import Lookout
from syncd.platform_clock import PlatformClock

SMALL: Final = 1_000
LARGE: Final = 1_000_000
_LOOKS: Final = 50
_CATCH_UPS: Final = 5


class _Right:
    """The machine's clock, taken to be right whether or not this machine has a time server."""

    def read(self) -> Instant:
        """This very moment."""
        return replace(SystemClock().read(), trusted=True)


def measure(folder: Path) -> list[Row]:
    """A look at one new rating, at both sizes; then ratings a second of catching up."""
    small_ms, _ = _cost(folder, SMALL)
    large_ms, caught_up = _cost(folder, LARGE)
    return [
        Row(f"a look at {LARGE} stored ratings, p50", large_ms, "ms", f"at {SMALL}", small_ms, "≤ 1.2 ×"),
        Row("an old ledger is caught up with", caught_up, "ratings/s of work"),
    ]


def _cost(folder: Path, size: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        filler = Filler(Path(name))
        filler.rate()
        _clone(filler.connection, size)
        # one more than is rated here: what is measured is looking, not the disk that takes a finding
        limits = Suspicion(opening_hours=("00:00-00:00",), open_on_rest_days=True, burst_count=_LOOKS + 2)
        clock = PlatformClock(_Right())
        with closing(LedgerFile(Path(name), Path(name) / "ledger.db")) as ledger:
            started = time.perf_counter()
            catching_up = Lookout(limits, ledger, clock, CardMemory(1))
            for _ in range(_CATCH_UPS):
                catching_up.look()
            looked = FlagBook(filler.connection).looked_to()
            caught_up = looked / (time.perf_counter() - started)
            now = clock.read()
            FlagBook(filler.connection).write((), now, now.wall, looked_to=size + 1)
        with closing(LedgerFile(Path(name), Path(name) / "ledger.db")) as ledger:
            lookout = Lookout(limits, ledger, clock, CardMemory(1))
            lookout.look()
            took = []
            for _ in range(_LOOKS):
                filler.rate()
                started = time.perf_counter()
                lookout.look()
                took.append((time.perf_counter() - started) * 1000)
        filler.connection.close()
    return statistics.median(took), caught_up


def _clone(db: sqlite3.Connection, count: int) -> None:
    """The first rating and its visit so often again, a minute apart; nothing but SQL is fast enough."""
    visit, rating = (_columns(db, table) for table in ("visits", "ratings"))
    numbers = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
    own = {"id": "'clone-' || i", "project_no": "'C' || i"}
    db.execute("PRAGMA synchronous=OFF")
    db.execute("BEGIN")
    for table, columns, other in (
        ("visits", visit, own),
        (
            "ratings",
            rating,
            own
            | {
                "seq": "i",
                "visit_id": "'clone-' || i",
                "monotonic_ns": "monotonic_ns - (10000000 - i) * 60000000000",
            },
        ),
    ):
        values = ", ".join(other.get(name, f"t.{name}") for name in columns)
        source = "WHERE t.seq = 1" if table == "ratings" else "WHERE t.id NOT LIKE 'clone-%'"
        db.execute(
            f"{numbers} INSERT INTO {table} SELECT {values} FROM n, {table} t {source} ORDER BY i",  # noqa: S608
            (count + 1,),
        )
    db.execute("COMMIT")
    db.execute("PRAGMA synchronous=FULL")


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]
