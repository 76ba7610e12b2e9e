"""Several programs write at once, some of them die: no gap, no fork in the chain, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pad import keys
from pad.ledger import verification
from pad.ledger.connection import connect
from pad.ledger.recording import Recorder
from tests.pad.ledger.conftest import Window, at

ROOT = Path(__file__).parents[3]
WRITING = """
import sys
from pathlib import Path
from tests.pad.ledger.conftest import Window
window = Window(Path(sys.argv[1]))
name, count = sys.argv[2], int(sys.argv[3])
window.count = int(name) * 1_000_000
sys.stdin.readline()
while count:
    print(window.rate().seq, flush=True)
    count -= 1
"""


class Writer:
    """A program of its own that rates, and says so after each."""

    def __init__(self, state: Path, name: int, count: int) -> None:
        words = [sys.executable, "-c", WRITING, str(state), str(name), str(count)]
        self._program = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def begin(self) -> None:
        assert self._program.stdin is not None
        self._program.stdin.write("\n")
        self._program.stdin.flush()

    def said(self, count: int) -> list[int]:
        assert self._program.stdout is not None
        return [int(self._program.stdout.readline()) for _ in range(count)]

    def kill(self) -> None:
        self._program.kill()

    def rest(self) -> list[int]:
        with self._program as program:
            assert program.stdout is not None
            return [int(line) for line in program.stdout.read().splitlines()]


def test_programs_that_write_at_once_and_are_killed_leave_an_unbroken_chain(tmp_path: Path) -> None:
    Window(tmp_path).db.close()
    steady, doomed = [Writer(tmp_path, name, 40) for name in (1, 2)], Writer(tmp_path, 3, -1)
    for writer in (*steady, doomed):
        writer.begin()
    reported = doomed.said(10)
    doomed.kill()
    reported += doomed.rest()
    for writer in steady:
        reported += writer.rest()
    assert len(set(reported)) == len(reported)

    db = connect(tmp_path / "ledger.db")
    device_keys = keys.device_keys(tmp_path, may_create=False)
    Recorder(db, device_keys, "x").recover(at(9000), discard=False)
    stored = [row[0] for row in db.execute("SELECT seq FROM ratings ORDER BY seq")]
    assert stored == list(range(1, len(stored) + 1))
    assert set(reported) <= set(stored)
    assert len(stored) - len(reported) <= 1  # what was cut off between the disk and the report
    _start, head, broken = verification.verify(db, device_keys.chain)
    assert (head.seq, broken) == (len(stored), None)
    db.close()
