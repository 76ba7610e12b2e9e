"""A pad without its window, as a process to be killed: the real desk and scribe, made-up people.

``python -m tests.crash.pad_without_glass FIRST_NUMBER`` rates until it is killed, one matter after the
other from that number on, and prints each promise it makes, as a line of JSON, before it goes on. With
``--recover`` it only does what every start does, and ends.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

from uuid6 import uuid7

from kiosk.desk import Desk
from kiosk.events import DeclineReason, Event, Invite, Tap, ToggleIndicator, Withdraw
from kiosk.ledger_file import LedgerFile
from kiosk.phases import Phase, Rating, Resting, Session, Thanking, Withdrawn
from kiosk.scribe import Scribe
from pad import keys, settings
from pad.clock import SystemClock
from pad.codes import Level
from pad.model import Matter, Rater
from pad.settings import RatingRules


class PadWithoutGlass:
    """A kiosk's desk, and somebody who rates at it as fast as the disk allows."""

    def __init__(self) -> None:
        configured = settings.load()
        clock = SystemClock()
        device_keys = keys.device_keys(configured.state_dir, may_create=not configured.ledger_path.exists())
        ledger = LedgerFile(configured.ledger_path, device_keys, "test", clock)
        ledger.recorder().recover(clock.read(), discard=False)
        self._scribe = Scribe(ledger, clock, configured.state_dir, min_free_mib=1)
        self.desk = Desk(Session(RatingRules(settle_s=0.0, thanks_s=60.0)), clock, self._scribe)
        self._woken = threading.Event()
        self.desk.on_event(self._woken.set)
        self._scribe.start()

    def until(self, true: Callable[[], bool]) -> None:
        """Drain the desk until something is so."""
        while not true():
            self._woken.wait(0.05)
            self._woken.clear()
            self.desk.drain()

    def phase(self) -> Phase:
        return self.desk.session.phase

    def do(self, *events: Event) -> None:
        for event in events:
            self.desk.post(event)
        self.desk.drain()

    def rate(self, number: int, chance: random.Random) -> None:
        """One person: invited, a face, perhaps another, reasons, and sent or taken back."""
        visit_id, project_no = str(uuid7()), f"P-{number:06}"
        rater = Rater(name="欧阳明月", mobile="13812345678") if chance.random() < 0.3 else Rater()
        asked = self.desk.ask(Invite(visit_id, Matter(project_no=project_no), rater=rater))
        asked.add_done_callback(lambda _: self._woken.set())
        self.until(asked.done)
        level = chance.choice(list(Level))
        self.do(Tap(level, visit_id=visit_id))
        if chance.random() < 0.2:
            level = chance.choice(list(Level))
            self.do(Tap(level, visit_id=visit_id))
        if not isinstance(self.phase(), Rating):
            raise RuntimeError(f"tapped, but {self.phase()}")
        if chance.random() < 0.1:
            self.do(Withdraw())
            self.until(lambda: isinstance(self.phase(), Withdrawn))
            return
        self.do(ToggleIndicator(f"{level.value}10"), DeclineReason())
        self.until(lambda: isinstance(self.phase(), Thanking))
        promise("thanked", project_no=project_no, level=level.value)


def promise(what: str, **about: Any) -> None:
    """Say what somebody relies on from here on."""
    print(json.dumps({"promise": what} | about), flush=True)


def main(words: list[str]) -> None:
    """Rate from that number on, until killed."""
    pad = PadWithoutGlass()
    if words == ["--recover"]:
        return
    number, chance = int(words[0]), random.Random()
    promise("started")
    while True:
        pad.rate(number, chance)
        number += 1
        pad.until(lambda: True)
        if not isinstance(pad.phase(), Resting | Thanking | Withdrawn):
            raise RuntimeError(f"after a rating: {pad.phase()}")


if __name__ == "__main__":
    main(sys.argv[1:])
