"""A session played like a trace: events in, what is on the screen and on its way to disk out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from kiosk.events import Answer, Effect, Event, Invite, OpenVisit, Save, Stored, Tap, Tick
from kiosk.phases import Phase, Session
from kiosk.session import handle
from pad.codes import Level
from pad.model import CHINA_TIME, FinishedRating, Instant, Matter, Staff
from pad.settings import RatingRules

START = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA_TIME)
S = 1_000_000_000


class Trace:
    """One window; ``at`` is seconds since it started."""

    def __init__(self, **rules: object) -> None:
        self.rules = RatingRules(**rules)  # type: ignore[arg-type]
        self.session = Session(self.rules)
        self.at = 0.0
        self.effects: list[Effect] = []
        self.answer: Answer | None = None

    def phase(self) -> Phase:
        return self.session.phase

    def staff(self) -> Staff | None:
        return self.session.staff

    def now(self) -> Instant:
        return Instant(START + timedelta(seconds=self.at), "boot", int(self.at * S), trusted=True)

    def do(self, *events: Event, after: float = 1.0) -> Trace:
        """Post events, each ``after`` seconds after the one before."""
        for event in events:
            self.at += after
            step = handle(self.session, event, self.now())
            self.session, self.answer = step.session, step.answer
            self.effects.extend(step.effects)
        return self

    def invite(self, visit_id: str = "v1", project_no: str = "P1", **given: object) -> Trace:
        return self.do(Invite(visit_id, Matter(project_no=project_no), **given))  # type: ignore[arg-type]

    def tap(self, level: int, after: float = 1.0) -> Trace:
        return self.do(Tap(Level(level)), after=after)

    def stored(self) -> Trace:
        return self.do(Stored(self.saved().visit.id), after=0.01)

    def pass_time(self, seconds: float) -> Trace:
        return self.do(Tick(), after=seconds)

    def saves(self) -> list[FinishedRating]:
        return [each.rating for each in self.effects if isinstance(each, Save)]

    def saved(self) -> FinishedRating:
        """The one rating that was asked to be saved."""
        (rating,) = self.saves()
        return rating

    def opened(self) -> list[str]:
        return [each.visit.id for each in self.effects if isinstance(each, OpenVisit)]

    def unchanged_by(self, *events: Event) -> bool:
        """Whether each event, alone, changes nothing and asks for nothing."""
        for event in events:
            step = handle(self.session, event, replace(self.now()))
            if step.session != self.session or step.effects:
                return False
        return True
