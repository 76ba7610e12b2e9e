"""A day at the window, made up by chance: what the kiosk and syncd write, and what they promise of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from pad import keys
from pad.codes import Level
from pad.ledger.connection import connect
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.model import (
    Completion,
    DeliveryState,
    Draft,
    FinishedRating,
    InputDevice,
    Matter,
    Rater,
    Visit,
    VisitEnd,
    VisitOutcome,
    iso_time,
)
from tests.crash.torn_disk import Connection, Step
from tests.syncd.pad_box import FixedClock

INVITED, THANKED, TAPPED, TAKEN_BACK, DELIVERED = "invited", "thanked", "tapped", "taken back", "delivered"
LEDGER: Final = "ledger.db"


@dataclass(frozen=True)
class Told:
    """Whom a promise is about: the visit, its matter, and the level that was tapped."""

    visit_id: str
    project_no: str
    level: Level


def new_ledger(state: Path) -> dict[str, bytes]:
    """An empty ledger, all of it on the disk."""
    keys.device_keys(state, may_create=True)
    connect(state / LEDGER).close()
    return {LEDGER: (state / LEDGER).read_bytes()}


def a_day(state: Path, people: int, seed: int) -> list[Step]:
    """Play it on a disk that remembers; what was written and promised, in order."""
    chance, clock = random.Random(seed), FixedClock()
    db = Connection(state / LEDGER)
    device_keys = keys.device_keys(state, may_create=False)
    recorder = Recorder(cast(Any, db), device_keys, "test")
    outbox = Outbox(cast(Any, db), device_keys)
    try:
        for number in range(people):
            _one_person(db, recorder, clock, chance, number)
            if chance.random() < 0.4:
                _deliver(db, outbox, clock)
    finally:
        db.close()
    return db.log


def _one_person(
    db: Connection, recorder: Recorder, clock: FixedClock, chance: random.Random, number: int
) -> None:
    visit_id, project_no = f"visit-{number:04}", f"P-{number:04}"
    rater = Rater(name="欧阳明月", mobile="13812345678") if chance.random() < 0.3 else Rater()
    visit = Visit(visit_id, Matter(project_no=project_no), clock.read(), 60.0, "1024", "王芳", rater)
    db.promise(INVITED, visit_id)
    recorder.open_visit(visit)
    clock.go_on(timedelta(seconds=chance.uniform(1, 9)))
    if chance.random() < 0.15:
        recorder.end_visit(VisitEnd(visit_id, VisitOutcome.TIMED_OUT, clock.read(), "pad"))
        return
    level = chance.choice(list(Level))
    draft = Draft(visit_id, level, InputDevice.TOUCH, clock.read(), 1200)
    recorder.keep_draft(draft, rater)
    db.promise(TAPPED, Told(visit_id, project_no, level))
    while chance.random() < 0.3:
        level = chance.choice(list(Level))
        draft = replace(draft, level=level, tapped=clock.read(), changes=draft.changes + 1)
        recorder.keep_draft(draft, rater)
        db.promise(TAPPED, Told(visit_id, project_no, level))
    clock.go_on(timedelta(seconds=chance.uniform(1, 9)))
    if chance.random() < 0.15:
        recorder.end_visit(VisitEnd(visit_id, VisitOutcome.WITHDRAWN, clock.read(), "rater"))
        db.promise(TAKEN_BACK, Told(visit_id, project_no, level))
        return
    finished = FinishedRating(
        visit, draft, (f"{level.value}10",), "", Completion.SUBMITTED, clock.read(), 4000, rater
    )
    recorder.append(finished)
    db.promise(THANKED, Told(visit_id, project_no, level))


def _deliver(db: Connection, outbox: Outbox, clock: FixedClock) -> None:
    batch = outbox.next_batch(3)
    now = iso_time(clock.read().wall)
    done = [
        replace(each.delivery, state=DeliveryState.ACKNOWLEDGED, attempts=1, settled_at=now) for each in batch
    ]
    outbox.record(done)
    for each in batch:
        db.promise(DELIVERED, each.rating.visit_id)
