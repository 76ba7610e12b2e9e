"""The pad's programs killed at random instants, again and again: all that was thanked for arrives, once.

Longer: ``make crash``.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from pad import keys
from pad.ledger import verification
from pad.ledger.connection import connect
from sandbox.hall.processes import Program, ProgramEnded, python
from sandbox.hall.reckoning import reckon
from sandbox.hall.stage import Plan, Stage
from tests.ports import free_port

ROUNDS: Final = int(os.environ.get("CRASH_ROUNDS", "8"))
LONGEST_S: Final = 0.8
"""A round's life, from the first rating on."""
SYNC: Final = (
    ("interval_s", 1), ("backoff_first_s", 0.05), ("backoff_cap_s", 0.2), ("reconnect_spread_s", 0),
)  # fmt: skip


class Pad:
    """Kiosk without a window, and syncd; both may die at any moment."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.thanked: dict[str, int] = {}
        self._next = 1

    def live_and_die(self, chance: random.Random) -> None:
        """Rate and deliver for a while, then be killed, each program at its own moment."""
        words = python("tests.crash.pad_without_glass", str(self._next))
        kiosk = Program(words, self.stage.folder / "kiosk.log", self.stage.environment)
        syncd = Program(python("syncd"), self.stage.folder / "syncd.log", self.stage.environment)
        try:
            self._hear(kiosk.line(lambda line: True, 60.0))
            first, second = sorted(chance.uniform(0, LONGEST_S) for _ in range(2))
            programs = [kiosk, syncd]
            chance.shuffle(programs)
            threading.Event().wait(first)
            assert programs[0].running, f"{programs[0].name} ended by itself"
            programs[0].kill()
            threading.Event().wait(second - first)
            assert programs[1].running, f"{programs[1].name} ended by itself"
            programs[1].kill()
        except BaseException:
            kiosk.stop()
            syncd.stop()
            raise
        for line in kiosk.lines_so_far():
            self._hear(line)

    def _hear(self, line: str) -> None:
        said: dict[str, Any] = json.loads(line)
        if said["promise"] == "thanked":
            self.thanked[said["project_no"]] = said["level"]
            # what was in hand when the power went may be on disk or not: its number is not used again
            self._next = max(self._next, int(said["project_no"].removeprefix("P-")) + 100)

    def start_properly(self) -> None:
        """What every start does: complete what a power cut left behind."""
        words = python("tests.crash.pad_without_glass", "--recover")
        assert Program(words, self.stage.folder / "kiosk.log", self.stage.environment).wait(60) == 0


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    plan = Plan(counter_port=free_port(), sync=SYNC)
    with_platform = Stage(tmp_path, plan)
    yield with_platform
    with_platform.stop()


@pytest.mark.timeout(300 + 10 * ROUNDS)
def test_killed_at_random_everything_thanked_for_arrives_once(stage: Stage) -> None:
    platform = stage.start_platform()
    chance, pad = random.Random(), Pad(stage)
    for _ in range(ROUNDS):
        pad.live_and_die(chance)
    pad.start_properly()
    ledger = stage.state / "ledger.db"
    db = connect(ledger)
    try:
        stored = {
            row["project_no"]: row["level"] for row in db.execute("SELECT project_no, level FROM ratings")
        }
        count = db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0]
        broken = verification.verify(db, keys.device_keys(stage.state, may_create=False).chain)[2]
        left_open = db.execute("SELECT COUNT(*) FROM visits WHERE outcome IS NULL").fetchone()[0]
    finally:
        db.close()
    assert broken is None
    assert left_open == 0
    assert len(stored) == count, "no matter has two ratings"
    assert pad.thanked.items() <= stored.items(), "whoever was thanked is in the ledger, with that level"
    assert len(stored) - len(pad.thanked) <= ROUNDS, "at most the one in hand at each kill besides"
    stage.start_syncd()
    platform.wait_for(count, within_s=60)
    with closing(sqlite3.connect(stage.platform_store)) as received:
        arrived = dict(received.execute("SELECT project_no, level FROM ratings").fetchall())
        in_order = [row[0] for row in received.execute("SELECT project_no FROM ratings ORDER BY rowid")]
    assert arrived == stored, "each with its own level"
    assert len(in_order) == count
    assert in_order == sorted(in_order), "in the order in which they were given"
    reckoning = reckon(ledger, stage.platform_store)
    assert (reckoning.lost, reckoning.twice) == (0, 0)
    assert reckoning.delivered == count
    print(
        f"\n{2 * ROUNDS} kills, {len(pad.thanked)} thanked, {count} stored, {reckoning.delivered} delivered"
    )


def test_a_program_that_is_killed_says_nothing_more(stage: Stage) -> None:
    stage.start_platform()
    program = Program(
        python("tests.crash.pad_without_glass", "1"), stage.folder / "kiosk.log", stage.environment
    )
    program.line(lambda line: "thanked" in line, 60.0)
    program.kill()
    with pytest.raises(ProgramEnded):
        program.line(lambda line: "never said" in line, 5.0)
