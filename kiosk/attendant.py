"""The attendant: does in a thread of its own what the technician asks for and takes a while."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.events import CheckPin, Event, FactsGathered, GatherFacts, PinChecked, TechnicianEffect
from kiosk.facts import Facts
from pad import pin
from pad.keys import SecretError
from pad.pin import Guard

_log = logging.getLogger("kiosk.technician")


class Attendant:
    """Compares PINs and gathers facts; what it finds comes back as an event."""

    def __init__(self, state_dir: Path, gather: Callable[[], Facts], report: Callable[[Event], None]) -> None:
        self._state_dir = state_dir
        self._gather = gather
        self._report = report
        self._guard = Guard()
        self._asked: queue.SimpleQueue[TechnicianEffect | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="attendant", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def attend(self, effect: TechnicianEffect) -> None:
        """Have something done; returns at once."""
        self._asked.put(effect)

    def stop(self) -> None:
        """End after what is under way."""
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (effect := self._asked.get()) is not None:
            match effect:
                case CheckPin(typed):
                    self._report(self._checked(typed))
                case GatherFacts():
                    self._report(FactsGathered(self._gather()))

    def _checked(self, typed: str) -> PinChecked:
        now_s = time.monotonic()
        wait_s = self._guard.wait_s(now_s)
        if wait_s > 0:
            return PinChecked(right=False, wait_s=wait_s)
        try:
            stored = pin.stored_pin(self._state_dir)
        except SecretError as error:
            _log.error("%s", error)
            stored = None
        if stored is None:
            return PinChecked(right=False, unset=True)
        if pin.is_right(typed, stored):
            _log.info("the technician is in")
            self._guard = Guard()
            return PinChecked(right=True)
        self._guard = self._guard.after_wrong(now_s)
        _log.warning("a wrong PIN, %d in a row", self._guard.wrong)
        return PinChecked(right=False, wait_s=self._guard.wait_s(now_s))
