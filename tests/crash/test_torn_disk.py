"""Power cuts at every sync, whatever became of what was not synced: nothing promised is lost.

Longer and with more chance: ``make crash``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from pad import keys
from pad.ledger import verification
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from tests.crash.at_the_window import (
    DELIVERED,
    INVITED,
    LEDGER,
    TAKEN_BACK,
    TAPPED,
    THANKED,
    Told,
    a_day,
    new_ledger,
)
from tests.crash.torn_disk import Crash, Fate, Promise, Step, Sync, Write, crashes
from tests.syncd.pad_box import FixedClock

SEEDS: Final = range(int(os.environ.get("CRASH_DAYS", "6")))
PEOPLE: Final = int(os.environ.get("CRASH_PEOPLE", "20"))
FATES: Final = (*Fate, *[Fate.SOME, Fate.TORN] * int(os.environ.get("CRASH_REPEATS", "0")))


def after_the_power_cut(state: Path, crash: Crash, folder: Path) -> None:
    """Start again on what is left, and see that everything promised is there and nothing else."""
    for name, content in crash.files.items():
        (folder / name).write_bytes(content)
    clock = FixedClock()
    device_keys = keys.device_keys(state, may_create=False)
    db = open_ledger(folder / LEDGER, clock.read())
    try:
        Recorder(db, device_keys, "test").recover(clock.read(), discard=False)
        assert not list(folder.glob("*damaged*")), "a power cut damages nothing"
        assert verification.verify(db, device_keys.chain)[2] is None
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        ratings = {row["visit_id"]: row for row in db.execute("SELECT * FROM ratings")}
        outcomes = {row["id"]: row["outcome"] for row in db.execute("SELECT id, outcome FROM visits")}
        acknowledged = {
            row["visit_id"]
            for row in db.execute(
                "SELECT visit_id FROM ratings r JOIN deliveries d ON d.seq = r.seq"
                " WHERE d.state = 'acknowledged'"
            )
        }
    finally:
        db.close()
    thanked, going_on, taken_back, delivered = promised(crash.promises)
    at_the_window = next((each.about for each in reversed(crash.promises) if each.what == INVITED), None)
    for visit_id, told in thanked.items():
        assert ratings[visit_id]["level"] == told.level, "whoever was thanked is in the ledger"
        assert ratings[visit_id]["completed_by"] == "submitted"
    for visit_id in taken_back:
        assert visit_id not in ratings, "what was taken back does not count"
        assert outcomes[visit_id] == "withdrawn"
    if going_on is not None:
        # the next tap, the withdrawal or the submission may have been on disk already
        assert going_on.visit_id in ratings or outcomes[going_on.visit_id] == "withdrawn"
    assert delivered <= acknowledged, "what was delivered is not sent again"
    assert set(ratings) - set(thanked) <= {at_the_window}, "nobody else has rated"
    assert None not in outcomes.values(), "no visit stays open"


def promised(
    promises: tuple[Promise, ...],
) -> tuple[dict[str, Told], Told | None, set[str], set[str]]:
    """Who was thanked, who had tapped and was still there, who took it back, what was delivered."""
    thanked: dict[str, Told] = {}
    taken_back: set[str] = set()
    delivered: set[str] = set()
    going_on: Told | None = None
    for promise in promises:
        match promise:
            case Promise(what, str(visit_id)) if what == DELIVERED:
                delivered.add(visit_id)
            case Promise(what, Told() as told) if what == THANKED:
                thanked[told.visit_id], going_on = told, None
            case Promise(what, Told() as told) if what == TAPPED:
                going_on = told
            case Promise(what, Told() as told) if what == TAKEN_BACK:
                taken_back.add(told.visit_id)
                going_on = None
    return thanked, going_on, taken_back, delivered


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_disk_forgets_tears_or_reorders_nothing_promised_is_lost(
    tmp_path: Path, seed: int
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    before = new_ledger(state)
    log = a_day(state, PEOPLE, seed)
    syncs = sum(isinstance(step, Sync) for step in log)
    tried = 0
    for crash in crashes(before, log, FATES, seed):
        folder = tmp_path / f"crash-{tried}"
        folder.mkdir()
        try:
            after_the_power_cut(state, crash, folder)
        except BaseException as error:
            error.add_note(
                f"seed {seed}, crash at step {crash.at} of {len(log)}, unsynced writes {crash.fate}"
            )
            raise
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        tried += 1
    assert tried == syncs * (len(FATES) + 1)
    assert syncs > 2 * PEOPLE
    print(f"\n{tried} crash points at {syncs} syncs")


def test_the_disk_remembers_what_it_was_told_and_a_checkpoint_is_among_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    new_ledger(state)
    log = a_day(state, PEOPLE, 0)
    written = {step.file for step in log if isinstance(step, Write)}
    assert written == {LEDGER, f"{LEDGER}-wal"}
    assert {step.file for step in log if isinstance(step, Sync)} == written


def test_a_disk_that_lies_about_syncs_is_noticed_by_this_test(tmp_path: Path) -> None:
    """The check can fail: a sync that does nothing loses somebody who was thanked."""
    state = tmp_path / "state"
    state.mkdir()
    before = new_ledger(state)
    log: list[Step] = [step for step in a_day(state, PEOPLE, 0) if not isinstance(step, Sync)]
    log.append(Sync("nothing"))
    *_, last = crashes(before, log, [Fate.FORGOTTEN], 0)
    with pytest.raises((AssertionError, KeyError)):
        after_the_power_cut(state, last, tmp_path)
