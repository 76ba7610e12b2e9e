"""The desk: one queue of events, the session they change, and the thread that writes to disk.

All sources post from their own threads; the UI thread drains. What an event asks to be written
goes to the scribe, a thread of its own, so that no disk ever holds a finger up; what the disk
says comes back as an event. A clerk's command is answered when what it led to is on disk.
"""

from __future__ import annotations

import logging
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from kiosk import session as machine
from kiosk.events import (
    Answer,
    ClerkEvent,
    EndVisit,
    Event,
    FoundRated,
    KeepDraft,
    NoteDevice,
    OpenVisit,
    RecordEffect,
    Save,
    StorageChanged,
    Stored,
    StoreFailed,
    TechnicianEffect,
    Tick,
)
from kiosk.phases import Session, next_deadline_ns
from pad import doorbell
from pad.clock import Clock, SystemClock, boot_id
from pad.ledger.connection import LedgerDamaged, LedgerUnwritable, MatterRated
from pad.ledger.recording import Recorder

_log = logging.getLogger("kiosk.desk")
_MIB: Final = 1024 * 1024
_LOOK_S: Final = 5.0
"""How often the free room on the disk is looked at."""


@dataclass(frozen=True, slots=True)
class _Posted:
    event: Event
    answer: Future[Answer] | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    effects: tuple[RecordEffect, ...]
    answer: Answer | None = None
    asked: Future[Answer] | None = None


class Desk:
    """Holds the session; :meth:`drain` belongs to the UI thread, everything else to any."""

    def __init__(self, session: Session, clock: Clock, scribe: Scribe) -> None:
        self.session = session
        self._clock = clock
        self._scribe = scribe
        self._queue: queue.SimpleQueue[_Posted] = queue.SimpleQueue()
        self._wake: Callable[[], None] = lambda: None
        self._watchers: list[Callable[[], None]] = []
        self._attend: Callable[[TechnicianEffect], None] = lambda _: None
        scribe.report = self.post

    def on_event(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called, from any thread, when there is something to drain."""
        self._wake = wake

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Have ``watcher`` called, from any thread, when a state others may ask for has changed."""
        self._watchers.append(watcher)
        self._scribe.written = self._changed

    def on_technician(self, attend: Callable[[TechnicianEffect], None]) -> None:
        """Have ``attend`` called with what the technician asks for; it must not wait for anything."""
        self._attend = attend

    def post(self, event: Event) -> None:
        """Tell what happened."""
        self._queue.put(_Posted(event))
        self._wake()

    def ask(self, event: ClerkEvent) -> Future[Answer]:
        """Tell a clerk's command; the answer comes once what it led to is on disk."""
        answer: Future[Answer] = Future()
        # from here nobody who hangs up can cancel it: what was asked happens, and is answered
        answer.set_running_or_notify_cancel()
        self._queue.put(_Posted(event, answer))
        self._wake()
        return answer

    def drain(self) -> bool:
        """Handle all that was posted, and the time that has passed; True if the session changed."""
        before = self.session
        while True:
            try:
                posted = self._queue.get_nowait()
            except queue.Empty:
                break
            self._handle(posted)
        self._handle(_Posted(Tick()))
        changed = self.session is not before
        if changed:
            self._changed()
        return changed

    def next_deadline_ns(self) -> int | None:
        """When :meth:`drain` is due by itself, on the clock of :func:`pad.clock.monotonic_ns`."""
        return next_deadline_ns(self.session)

    def _handle(self, posted: _Posted) -> None:
        step = machine.handle(self.session, posted.event, self._clock.read())
        self.session = step.session
        to_write = tuple(each for each in step.effects if isinstance(each, RecordEffect))
        for effect in step.effects:
            if isinstance(effect, TechnicianEffect):
                self._attend(effect)
        if to_write:
            self._scribe.write(_Job(to_write, step.answer, posted.answer))
        elif posted.answer is not None and step.answer is not None:
            posted.answer.set_result(step.answer)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher()


class Scribe:
    """The one thread that writes to the ledger, in the order it was asked to."""

    def __init__(self, recorder: Recorder, clock: SystemClock, state_dir: Path, min_free_mib: int) -> None:
        self._recorder = recorder
        self._clock = clock
        self._state_dir = state_dir
        self._min_free = min_free_mib * _MIB
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._owed: list[Callable[[], object]] = []
        self._ready = True
        self._looked = 0.0
        self.report: Callable[[Event], None] = lambda _: None
        self.written: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def owe(self, write: Callable[[], object]) -> None:
        """Have something written as soon as the disk takes it; until then no rating is taken."""
        self._owed.append(write)
        self._ready = False
        self.report(StorageChanged(ready=False))

    def start(self) -> None:
        """Begin to write."""
        self._look()
        self._thread.start()

    def write(self, job: _Job) -> None:
        """Have effects written."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Write what was asked for so far, and end."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_LOOK_S)
            except queue.Empty:
                self._look()
                continue
            if job is None:
                return
            self._do(job)
            if time.monotonic() - self._looked > _LOOK_S:
                self._look()

    def _do(self, job: _Job) -> None:
        answer = job.answer
        for effect in job.effects:
            try:
                self._write(effect)
            except (LedgerUnwritable, LedgerDamaged, sqlite3.Error) as error:
                answer = Answer.CANNOT_STORE
                self._failed(effect, error)
        if job.asked is not None and answer is not None:
            job.asked.set_result(answer)
        self.written()

    def _write(self, effect: RecordEffect) -> None:
        match effect:
            case OpenVisit(visit):
                self._recorder.open_visit(visit)
            case EndVisit(end):
                self._recorder.end_visit(end)
            case KeepDraft(draft, rater):
                self._recorder.keep_draft(draft, rater)
            case Save(rating):
                self._save(rating.visit.id, effect)
            case NoteDevice(at, name, state, why):
                self._recorder.note(f"device_{state}", at, {"device": name, "why": why})

    def _save(self, visit_id: str, save: Save) -> None:
        try:
            self._recorder.append(save.rating)
        except MatterRated:
            self.report(FoundRated(visit_id))
            return
        self.report(Stored(visit_id))
        doorbell.ring(self._state_dir)

    def _failed(self, effect: RecordEffect, error: Exception) -> None:
        if self._ready:
            _log.error("%s; no rating can be taken until it can be written again", error)
        self._ready = False
        match effect:
            case OpenVisit(visit):
                self.report(StoreFailed(visit.id))
            case EndVisit(end):
                self.owe(partial(self._recorder.end_visit, end))
            case KeepDraft(draft):
                self.report(StoreFailed(draft.visit_id))
            case Save(rating):
                self.report(StoreFailed(rating.visit.id))

    def _look(self) -> None:
        """See whether there is room for ratings, and whether a disk that refused takes them again.

        By the way it learns whether the true time of this boot has become known.
        """
        self._looked = time.monotonic()
        with suppress(LedgerUnwritable, LedgerDamaged, sqlite3.Error):
            self._clock.anchor = self._recorder.anchor(boot_id())
        ready = self._has_room()
        if ready and not self._ready:
            ready = self._catch_up()
        if ready != self._ready:
            _log.warning(
                "the disk %s",
                "takes ratings again"
                if ready
                else f"has less than {self._min_free // _MIB} MiB free; no rating can be taken",
            )
            self._ready = ready
            self.report(StorageChanged(ready))

    def _has_room(self) -> bool:
        try:
            return shutil.disk_usage(self._state_dir).free >= self._min_free
        except OSError:
            return False

    def _catch_up(self) -> bool:
        try:
            while self._owed:
                self._owed[0]()
                self._owed.pop(0)
            self._recorder.probe()
        except (LedgerUnwritable, LedgerDamaged, sqlite3.Error):
            return False
        return True
