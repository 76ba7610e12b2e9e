"""A ledger on a real disk, and ratings to put into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pad import keys
from pad.codes import Level
from pad.ledger.connection import connect
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.ledger.rows import Delivery
from pad.model import (
    CHINA_TIME,
    Completion,
    DeliveryState,
    Draft,
    FinishedRating,
    InputDevice,
    Instant,
    Matter,
    Rater,
    Rating,
    Visit,
    iso_time,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA_TIME)
NOBODY = Rater()
PERSON = Rater(name="欧阳娜娜", mobile="13987654321", cert_key="110101199003070134")


def at(seconds: float, *, boot: str = "boot-1", trusted: bool = True) -> Instant:
    return Instant(START + timedelta(seconds=seconds), boot, int(seconds * 1e9), trusted)


class Window:
    """A ledger as the kiosk and syncd see it."""

    def __init__(self, state: Path) -> None:
        self.path = state / "ledger.db"
        self.keys = keys.device_keys(state, may_create=True)
        self.db: sqlite3.Connection = connect(self.path)
        self.recorder = Recorder(self.db, self.keys, "2020-05-22")
        self.outbox = Outbox(self.db, self.keys)
        self.count = 0

    def visit(self, project_no: str | None = "", rater: Rater = NOBODY) -> Visit:
        """An invitation that is written; a new matter each time unless one is given."""
        self.count += 1
        matter = Matter(project_no=f"P{self.count}" if project_no == "" else project_no)
        visit = Visit(f"v{self.count}", matter, at(self.count), 60.0, "1024", "王芳", rater)
        self.recorder.open_visit(visit)
        return visit

    def draft(self, visit: Visit, level: int = 5) -> Draft:
        draft = Draft(visit.id, Level(level), InputDevice.TOUCH, at(self.count + 0.2), 200)
        self.recorder.keep_draft(draft, visit.rater)
        return draft

    def finished(
        self,
        project_no: str | None = "",
        level: int = 5,
        rater: Rater = NOBODY,
        rated: Instant | None = None,
    ) -> FinishedRating:
        visit = self.visit(project_no, rater)
        draft = self.draft(visit, level)
        moment = rated or at(self.count + 0.5)
        return FinishedRating(visit, draft, (), "", Completion.SUBMITTED, moment, 500, rater)

    def rate(self, level: int = 5, **given: object) -> Rating:
        return self.recorder.append(self.finished(level=level, **given))  # type: ignore[arg-type]

    def settle(self, *seqs: int, state: DeliveryState = DeliveryState.ACKNOWLEDGED) -> None:
        settled = iso_time(at(1000).wall)
        self.outbox.record(Delivery(seq, state, attempts=1, settled_at=settled) for seq in seqs)

    def leave_pending(self, *seqs: int, batch: str | None) -> None:
        self.outbox.record(
            replace(Delivery(seq, DeliveryState.PENDING, attempts=1), batch=batch) for seq in seqs
        )

    def value(self, sql: str) -> object:
        return self.db.execute(sql).fetchone()[0]


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    found = Window(tmp_path)
    yield found
    found.db.close()
