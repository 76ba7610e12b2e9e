"""The attendant: does in a thread of its own what the technician asks for and takes a while."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.events import (
    AskForEnrolment,
    CheckPin,
    EnrolmentTold,
    Event,
    FactsGathered,
    GatherFacts,
    PinChecked,
    StartAnew,
    TechnicianEffect,
)
from kiosk.facts import Facts
from kiosk.vital import end_this_program
from pad import pin
from pad.enrolment import Enrolment, Outcome, request
from pad.keys import SecretError
from pad.pin import Guard

_log = logging.getLogger("kiosk.technician")
ENROLS_WITHIN_S: Final = 75.0
"""How long root has for an enrolment: it asks the platform for at most 30 s."""
AT_WORK_S: Final = 180.0
"""How much longer it is listened to if it has taken the request: a slow name lookup, a slow machine."""
_LOOK_S: Final = 0.2


class Attendant:
    """Compares PINs, gathers facts, has the pad enrolled; what it finds comes back as an event."""

    def __init__(
        self,
        state_dir: Path,
        gather: Callable[[], Facts],
        report: Callable[[Event], None],
        *,
        end: Callable[[], None] = end_this_program,
        enrols_within_s: float = ENROLS_WITHIN_S,
    ) -> None:
        self._state_dir = state_dir
        self._gather = gather
        self._report = report
        self._end = end
        self._enrols_within_s = enrols_within_s
        self._ending = threading.Event()
        self._will_gather = threading.Event()
        self._guard = Guard()
        self._asked: queue.SimpleQueue[TechnicianEffect | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="attendant", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def attend(self, effect: TechnicianEffect) -> None:
        """Have something done; returns at once.

        Facts that are asked for anew before they begin to be gathered are gathered once: a device whose plug
        is loose keeps neither a PIN nor the end waiting.
        """
        if isinstance(effect, GatherFacts):
            if self._will_gather.is_set():
                return
            self._will_gather.set()
        self._asked.put(effect)

    def stop(self) -> None:
        """End after what is under way, but for an enrolment, which root goes on with."""
        self._ending.set()
        self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (effect := self._asked.get()) is not None:
            match effect:
                case CheckPin(typed):
                    self._report(self._checked(typed))
                case GatherFacts():
                    self._will_gather.clear()
                    self._report(FactsGathered(self._gather()))
                case AskForEnrolment(enrolment):
                    # meanwhile PINs are compared and facts gathered
                    threading.Thread(
                        target=self._have_enrolled, args=(enrolment,), name="enrolment", daemon=True
                    ).start()
                case StartAnew():
                    _log.info("the pad starts anew with its new settings")
                    self._end()

    def _have_enrolled(self, enrolment: Enrolment) -> None:
        place = request.folder(self._state_dir)
        try:
            asked = request.ask(place, enrolment)
        except OSError as error:
            _log.error("%s: cannot be written (%s); no enrolment from here", error.filename, error.strerror)
            self._report(EnrolmentTold(Outcome.NOBODY_THERE))
            return
        until, is_at_work = time.monotonic() + self._enrols_within_s, False
        while (result := request.result(place, asked)) is None:
            if time.monotonic() >= until:
                if not is_at_work and not request.take_back(place, asked):
                    until, is_at_work = until + AT_WORK_S, True
                    continue
                why = "nobody says what came of the request" if is_at_work else "nobody took the request"
                _log.error("%s: %s; is pad-enrol.path running?", place, why)
                self._report(EnrolmentTold(Outcome.NOBODY_THERE))
                return
            if self._ending.wait(_LOOK_S):
                return
        _log.info("enrolment: %s", result.outcome)
        self._report(EnrolmentTold(result.outcome, result.device, result.win_no))

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
