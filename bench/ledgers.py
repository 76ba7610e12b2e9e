"""Ratings for measuring: a ledger filled through the recorder, as the kiosk fills it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from uuid6 import uuid7

from pad import keys
from pad.clock import SystemClock
from pad.codes import Level
from pad.ledger.connection import connect
from pad.ledger.recording import Recorder
from pad.model import Completion, Draft, FinishedRating, InputDevice, Matter, Rating, Visit


class Filler:
    """Puts ratings into the ledger of a state folder; ``after`` as many that are in it already."""

    def __init__(self, state: Path, after: int = 0) -> None:
        self.connection: sqlite3.Connection = connect(state / "ledger.db")
        self.recorder = Recorder(self.connection, keys.device_keys(state, may_create=True), "bench")
        self._clock = SystemClock()
        self._count = after

    def prepare(self, level: Level | None = None) -> FinishedRating:
        """A rating up to the moment it is submitted; levels go round, unless one is given."""
        self._count += 1
        matter = Matter(
            project_no=f"P{self._count}",
            task_name="个体工商户设立登记",
            task_code="11500222MB1234567X4000131000001",
            service_name="办结",
            area_code="500110000000",
        )
        visit = Visit(str(uuid7()), matter, self._clock.read(), 60.0)
        self.recorder.open_visit(visit)
        level = level or Level(1 + self._count % 5)
        draft = Draft(visit.id, level, InputDevice.TOUCH, self._clock.read(), 900)
        return FinishedRating(visit, draft, (), "", Completion.SUBMITTED, self._clock.read(), 2000)

    def tapped(self) -> FinishedRating:
        """The same with what the kiosk keeps from the first tap on: its draft is on disk."""
        finished = self.prepare()
        self.recorder.keep_draft(finished.draft, finished.rater)
        return finished

    def rate(self, level: Level | None = None) -> Rating:
        """One whole rating."""
        return self.recorder.append(self.prepare(level))
