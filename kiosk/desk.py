"""The desk: one queue of events, and the session they change.

All sources post from their own threads; the UI thread drains. What an event asks to be written
goes to the scribe; what the disk says comes back as an event. A clerk's command is answered when
what it led to is on disk.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from kiosk import session as machine
from kiosk.events import Answer, ClerkEvent, Event, RecordEffect, TechnicianEffect, Tick
from kiosk.phases import Session, next_deadline_ns
from kiosk.scribe import Job, Scribe
from pad.clock import Clock


@dataclass(frozen=True, slots=True)
class _Posted:
    event: Event
    answer: Future[Answer] | None = None


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
            self._scribe.write(Job(to_write, step.answer, posted.answer))
        elif posted.answer is not None and step.answer is not None:
            posted.answer.set_result(step.answer)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher()
