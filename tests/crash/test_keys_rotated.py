"""New keys while people rate and syncd delivers, all as processes: nothing is lost, nobody's name either."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from sandbox.hall.processes import Program, python
from sandbox.hall.reckoning import reckon
from sandbox.hall.stage import Plan, Stage
from tests.crash.test_killed import SYNC
from tests.ports import free_port

ROTATIONS: Final = 3
BETWEEN: Final = 4
"""So many ratings are thanked for between two rotations."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, Plan(counter_port=free_port(), sync=SYNC))
    yield made
    made.stop()


def padctl(stage: Stage, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "pad.ctl", *words],
        env={**stage.environment, "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def rate_and_rotate(stage: Stage) -> int:
    """How many were thanked; each rotation falls among them, and no program is told of it."""
    kiosk = Program(
        python("tests.crash.pad_without_glass", "1"), stage.folder / "kiosk.log", stage.environment
    )
    thanked = 0
    try:
        kiosk.line(lambda line: "started" in line, 60.0)
        for _ in range(ROTATIONS):
            for _ in range(BETWEEN):
                kiosk.line(lambda line: "thanked" in line, 60.0)
            assert "nothing needs a restart" in padctl(stage, "keys", "rotate")
        for _ in range(BETWEEN):
            kiosk.line(lambda line: "thanked" in line, 60.0)
        thanked = (ROTATIONS + 1) * BETWEEN
    finally:
        kiosk.kill()
    return thanked + sum("thanked" in line for line in kiosk.lines_so_far())


@pytest.mark.parametrize("online", [True, False], ids=["online", "after an outage"])
def test_rotation_among_ratings_loses_neither_a_rating_nor_what_is_known_of_the_person(
    stage: Stage, online: bool
) -> None:
    platform = stage.start_platform()
    ledger = stage.state / "ledger.db"
    syncd = Program(python("syncd"), stage.folder / "syncd.log", stage.environment) if online else None
    try:
        thanked = rate_and_rotate(stage)
        syncd = syncd or Program(python("syncd"), stage.folder / "syncd.log", stage.environment)
        with closing(sqlite3.connect(ledger)) as db:
            stored, named = db.execute("SELECT COUNT(*), SUM(rater_sm3 != '') FROM ratings").fetchone()
            notes = db.execute("SELECT detail FROM journal WHERE kind = 'keys_rotated'").fetchall()
        platform.wait_for(stored, within_s=60)
    finally:
        if syncd is not None:
            syncd.stop()
    assert stored >= thanked
    starts = [json.loads(note[0])["from"] for note in notes]
    assert len(set(starts)) == ROTATIONS, "each in the middle of the ratings"
    said = padctl(stage, "verify")
    assert f"to row {stored}" in said
    assert [f"at row {start}" in said for start in starts] == [True] * ROTATIONS
    with closing(sqlite3.connect(stage.platform_store)) as received:
        told = [json.loads(row[0]) for row in received.execute("SELECT raw FROM ratings")]
    with_name = [each for each in told if each["name"] == "欧阳明月" and each["mobile"] == "13812345678"]
    assert len(with_name) == named > 0
    reckoning = reckon(ledger, stage.platform_store)
    assert (reckoning.delivered, reckoning.lost, reckoning.twice) == (stored, 0, 0)
    assert "sent_without_rater" not in (stage.folder / "syncd.log").read_text()
    with closing(sqlite3.connect(ledger)) as db:
        assert not db.execute("SELECT 1 FROM journal WHERE kind = 'sent_without_rater'").fetchall()
