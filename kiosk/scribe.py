"""The scribe: the one thread that writes to the ledger, so that no disk ever holds a finger up.

While the disk takes nothing, nothing new is begun and what a person gave stays in hand; it is looked
at again every few seconds, and what is owed is written before anything else.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kiosk import disk
from kiosk.events import (
    Answer,
    EndVisit,
    Event,
    FoundRated,
    KeepDraft,
    NoteDevice,
    NoteFlapping,
    OpenVisit,
    RatedElsewhere,
    RecordEffect,
    Save,
    StorageChanged,
    Stored,
    StoreFailed,
    UseIndicators,
)
from kiosk.ledger_file import LedgerFile
from pad import doorbell
from pad.clock import SystemClock, boot_id
from pad.ledger.connection import LedgerError, LedgerUnwritable, MatterRated, RatedOnPhone, Refusal
from pad.ledger.recording import Recorder
from pad.model import Instant, Visit, iso_time

_log = logging.getLogger("kiosk.scribe")
_LOOK_S: Final = 5.0
"""How often the disk is looked at."""
_MEND_S: Final = 300.0
"""How often a ledger in which damage was met is looked through: a disk that is dying gets no peace by it."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written together, and who waits for what answer."""

    effects: tuple[RecordEffect, ...]
    answer: Answer | None = None
    asked: Future[Answer] | None = None


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Since when no rating can be taken, and why; ``kind`` is None where the ledger itself will say it."""

    since: Instant
    kind: Refusal | None
    why: str


class Scribe:
    """Writes what it is asked to, in that order; nothing is ready until the disk has taken a first write."""

    def __init__(self, ledger: LedgerFile, clock: SystemClock, state_dir: Path, min_free_mib: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._state_dir = state_dir
        self._min_free_mib = min_free_mib
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._owed: list[Callable[[], object]] = []
        self._unopened: Visit | None = None
        self._trouble: _Trouble | None = None
        self._told_ready = True
        self._looked = 0.0
        self._mended: float | None = None
        self.report: Callable[[Event], None] = lambda _: None
        self.written: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def owe(self, write: Callable[[], object], error: Exception) -> None:
        """Have something written as soon as the disk takes it; until then no rating is taken."""
        self._owed.append(write)
        self._begin_trouble(error)
        self._tell()

    def start(self) -> None:
        """Begin to write."""
        self._look()
        self._thread.start()

    def write(self, job: Job) -> None:
        """Have effects written."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Write what was asked for so far, and end."""
        self._jobs.put(None)
        self._thread.join()
        self._ledger.close()

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

    # --- writing --------------------------------------------------------------------------

    def _do(self, job: Job) -> None:
        answer = job.answer
        for effect in job.effects:
            try:
                answer = self._write(effect) or answer
            except (LedgerError, sqlite3.Error) as error:
                answer = Answer.CANNOT_STORE
                self._failed(effect, error)
        if job.asked is not None and answer is not None:
            job.asked.set_result(answer)
        self.written()

    def _write(self, effect: RecordEffect) -> Answer | None:
        """Write it; what is to be answered, where the ledger knows better than who asked."""
        if isinstance(effect, UseIndicators):
            self._ledger.use_indicators(effect.version)
            return None
        recorder = self._ledger.recorder()
        match effect:
            case OpenVisit(visit):
                recorder.open_visit(visit)
                return self._ask_whether_rated(recorder, visit)
            case EndVisit(end):
                recorder.end_visit(end)
            case KeepDraft(draft, rater):
                self._open_after_all(recorder, draft.visit_id)
                recorder.keep_draft(draft, rater)
            case Save(rating):
                self._save(rating.visit.id, effect)
            case NoteDevice() | NoteFlapping():
                recorder.note(*_note(effect))
        return None

    def _ask_whether_rated(self, recorder: Recorder, visit: Visit) -> Answer | None:
        """What a phone rated, or was being stored here, since the clerk's call was looked into."""
        with suppress(LedgerError, sqlite3.Error):  # then the rating's own write will tell
            if recorder.is_rated_elsewhere(visit):
                self.report(RatedElsewhere(visit.id))
            elif recorder.is_rated_here(visit.matter):
                self.report(FoundRated(visit.id))
                return Answer.ALREADY_RATED
        return None

    def _open_after_all(self, recorder: Recorder, visit_id: str) -> None:
        """Who tapped before the disk had refused the invitation goes on; a draft stands on its visit."""
        visit = self._unopened
        if visit is not None and visit.id == visit_id:
            if recorder.visit(visit_id) is None:
                recorder.open_visit(visit)
            self._unopened = None

    def _save(self, visit_id: str, save: Save) -> None:
        try:
            self._ledger.recorder().append(save.rating)
        except MatterRated as error:
            self.report(FoundRated(visit_id, on_phone=isinstance(error, RatedOnPhone)))
            return
        self._ledger.hold()
        self.report(Stored(visit_id))
        doorbell.ring(self._state_dir)

    def _failed(self, effect: RecordEffect, error: Exception) -> None:
        self._begin_trouble(error)
        self._told_ready = False  # what is reported now says so
        match effect:
            case OpenVisit(visit):
                self._unopened = visit
                self.report(StoreFailed(visit.id))
            case EndVisit(end):
                self._owed.append(lambda: self._ledger.recorder().end_visit(end))
                self.report(StorageChanged(ready=False))
            case KeepDraft(draft):
                self.report(StoreFailed(draft.visit_id))
            case Save(rating):
                self.report(StoreFailed(rating.visit.id))
            case NoteDevice() | NoteFlapping():
                note = _note(effect)
                self._owed.append(lambda: self._ledger.recorder().note(*note))
                self.report(StorageChanged(ready=False))

    # --- trouble --------------------------------------------------------------------------

    def _begin_trouble(self, error: Exception) -> None:
        kind = error.why if isinstance(error, LedgerUnwritable) else None
        if kind is Refusal.FAILED and (seen := disk.refusal(self._ledger.path, self._min_free_mib)):
            kind = seen[0]  # SQLite has many words for a disk that is full or read-only
        self._in_trouble(kind, str(error) if isinstance(error, LedgerError) else type(error).__name__)

    def _in_trouble(self, kind: Refusal | None, why: str) -> None:
        if self._trouble is None:
            _log.error("%s; no rating can be taken until it can be written again", why)
            self._trouble = _Trouble(self._clock.read(), kind, why)
            doorbell.ring(self._state_dir)  # syncd looks as well, and lets go of what was deleted
        elif self._trouble.kind in (None, Refusal.FAILED) and kind is not None:
            self._trouble = replace(self._trouble, kind=kind, why=why)  # more is known of it by now

    def _look(self) -> None:
        """See whether the disk would take ratings, and whether one that refused takes them again.

        By the way it learns whether the true time of this boot has become known.
        """
        is_first, self._looked = not self._looked, time.monotonic()
        refused = disk.refusal(self._ledger.path, self._min_free_mib)
        if refused is not None:
            self._in_trouble(*refused)
        elif (moved := self._ledger.moved()) is not None:
            self._in_trouble(Refusal.WAL_GONE, moved)
            self._catch_up()
        elif self._trouble is not None or is_first or self._may_mend():
            self._catch_up()
        with suppress(LedgerError, sqlite3.Error):
            self._clock.anchor = self._ledger.recorder().anchor(boot_id())
        self._tell()

    def _catch_up(self) -> None:
        """Open the ledger where it is not, write what is owed, and only then say that all is well."""
        try:
            if self._may_mend():
                self._mended = time.monotonic()
                self._ledger.close()  # as it is opened again it is looked through, and mended
            if self._trouble is not None and self._trouble.kind is not Refusal.FULL:
                self._ledger.close()  # it may be another disk by now
            while self._owed:
                self._owed[0]()
                self._owed.pop(0)
            recorder = self._ledger.recorder()
            recorder.probe()
            if self._trouble is not None and self._trouble.kind is not None:
                detail = {"until": iso_time(self._clock.read().wall), "why": self._trouble.why}
                recorder.note(self._trouble.kind, self._trouble.since, detail)
        except (LedgerError, sqlite3.Error) as error:
            self._begin_trouble(error)
            return
        if self._trouble is not None:
            _log.warning("the disk takes ratings again")
        self._trouble = None

    def _may_mend(self) -> bool:
        """Whether damage was met, by whomever, and it is time to look the ledger through for it."""
        lately = self._mended is not None and time.monotonic() - self._mended < _MEND_S
        return self._ledger.is_suspect() and not lately

    def _tell(self) -> None:
        ready = self._trouble is None
        if ready != self._told_ready:
            self._told_ready = ready
            self.report(StorageChanged(ready))


def _note(effect: NoteDevice | NoteFlapping) -> tuple[str, Instant, dict[str, object]]:
    """What the journal is told of a device: kind, moment, detail."""
    if isinstance(effect, NoteDevice):
        return f"device_{effect.state}", effect.at, {"device": effect.name, "why": effect.why}
    counts = {str(state): count for state, count in effect.changes.items()}
    detail: dict[str, object] = {
        "device": effect.name,
        "changes": counts,
        "since": iso_time(effect.since.wall),
        "state": str(effect.state),
        "why": effect.why,
    }
    return "device_flapping", effect.at, detail
