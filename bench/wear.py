"""What a rating writes to the disk, counted by strace: bytes and syncs, by path.

``python -m bench.wear STATE`` rates, and is what strace counts. Counted is what SQLite hands to the
kernel for the ledger's own files; what the file system adds is its own.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.delivery import acknowledged_ms
from bench.ledgers import Filler
from bench.receiver import Receiver
from bench.table import Row
from pad import chain, gm
from pad.ledger.connection import connect
from pad.settings import Dialect
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage

_RATINGS: Final = 1000
_ONLINE: Final = 200
_STRACE: Final = ("strace", "-D", "-f", "-y", "-qq", "-e", "trace=pwrite64,ftruncate,fsync,fdatasync", "-o")
_CALL: Final = re.compile(r"(pwrite64|fsync|fdatasync)\(\d+<[^>]*/ledger\.db[^>]*>.* = (\d+)$")
_WITHIN_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Wear:
    """What was written for so many ratings."""

    bytes: int
    syncs: int
    ratings: int

    def rows(self, path: str, record: int) -> list[Row]:
        """As rows."""
        return [
            Row(f"written per rating, {path}", self.bytes / self.ratings / 1024, "KiB",
                "the row itself", record / 1024),
            Row(f"syncs per rating, {path}", self.syncs / self.ratings, "syncs"),
        ]  # fmt: skip


def measure(folder: Path) -> list[Row]:
    """The kiosk's side, then syncd's: one by one, and a backlog."""
    if shutil.which("strace") is None:
        print("bench: wear is left out: there is no strace (apt-get install strace)", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(dialect=Dialect.ITEMISED, sync=(("reconnect_spread_s", 0.0),)))
        receiver = Receiver(stage.folder / "receiver.log")
        try:
            stage.settle(receiver.url, gm.sm2_generate_keypair().public_key)
            rating = _counted(stage, python("bench.wear", str(stage.state)), _RATINGS)
            backlog = _counted(stage, python("syncd", "--once"), _RATINGS)
            online = _online(stage)
            with closing(connect(stage.state / "ledger.db")) as ledger:
                row = dict(ledger.execute("SELECT * FROM ratings WHERE seq = 1").fetchone())
        finally:
            stage.stop()
            receiver.close()
    record = len(chain.canonical_json(row))
    return [
        *rating.rows("kiosk: invited, tapped, submitted", record),
        *online.rows("syncd: online, one by one", record),
        *backlog.rows("syncd: a backlog, by the hundred", record),
    ]


def _counted(stage: Stage, words: Sequence[str], ratings: int) -> Wear:
    trace = stage.folder / "trace"
    program = Program([*_STRACE, str(trace), *words], stage.folder / "counted.log", stage.environment)
    program.wait(_WITHIN_S)
    return read(trace, ratings)


def _online(stage: Stage) -> Wear:
    trace = stage.folder / "trace"
    words = [*_STRACE, str(trace), *python("syncd")]
    syncd = Program(words, stage.folder / "counted.log", stage.environment)
    filler = Filler(stage.state, after=_RATINGS)
    for _ in range(_ONLINE):
        acknowledged_ms(stage.state, filler)
    filler.connection.close()
    syncd.stop()
    return read(trace, _ONLINE)


def read(trace: Path, ratings: int) -> Wear:
    """What stands in a trace, once strace has let go of it."""
    size = -1
    while size != (size := trace.stat().st_size):
        time.sleep(0.2)
    calls = [found for line in trace.read_text().splitlines() if (found := _CALL.search(line))]
    return Wear(
        bytes=sum(int(call[2]) for call in calls if call[1] == "pwrite64"),
        syncs=sum(call[1] != "pwrite64" for call in calls),
        ratings=ratings,
    )


if __name__ == "__main__":
    rated = Filler(Path(sys.argv[1]))
    for _ in range(_RATINGS):
        rated.recorder.append(rated.tapped())
    rated.connection.close()
