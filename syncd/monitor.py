"""The monitor: looks at the pad's health in a thread of its own, writes the metrics, and keeps the guards.

Delivery neither waits for it nor knows of it: it reads counters, has its own way to the ledger, and
whatever is in its way ends nothing.
"""

from __future__ import annotations

import logging
import os
import platform as python
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pad
from pad import bulletin, whole_file
from pad.bulletin import BulletinError
from pad.keys import SecretError
from pad.ledger import alerts, flags
from pad.ledger.connection import LedgerError, one_moment
from pad.ledger.state import acknowledged_at
from pad.settings import Settings
from syncd import episodes, housekeeping, kiosk_state, machine, metrics
from syncd.guards import Guard, Limits, Machine, warned
from syncd.health import ClockSeen, Health, Line, Stored
from syncd.heartbeat import age_s
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.monitor")

EVERY_S: Final = 15.0
"""node_exporter is commonly asked this often."""
LEAST_S: Final = 1.0
"""A line that comes and goes must not make the pad write all the time."""
READABLE_BY_ALL: Final = 0o644
"""node_exporter runs as a user of its own."""
_TOO_LATE_S: Final = 5.0


class Monitor:
    """Looks, tells and warns, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        settings: Settings,
        ledger: LedgerFile,
        clock: PlatformClock,
        line: Callable[[], Line],
        catalogue_refused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._catalogue_refused = catalogue_refused
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._line = line
        self._started = clock.best()
        rules = settings.monitoring
        self._limits = Limits.of(
            rules.free_warn_mib,
            settings.ledger.min_free_mib,
            rules.inodes_warn_percent,
            rules.temperature_warn_c,
        )
        self._warned: frozenset[Guard] = frozenset()
        self._noted: frozenset[Guard] | None = None
        self._file_trouble = ""
        self._looked = threading.Event()
        self._health: Health | None = None
        self._nudged = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a look that is under way is not waited for long."""
        self._stopped.set()
        self._nudged.set()
        if self._thread.ident:
            self._thread.join(_TOO_LATE_S)

    def nudge(self) -> None:
        """Something changed: tell it now; from any thread."""
        self._nudged.set()

    def health(self) -> Health | None:
        """The last look; the first is waited for, as long as it may take."""
        self._looked.wait(_TOO_LATE_S)
        return self._health

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._nudged.clear()
            if self._stopped.is_set():
                break  # its nudge may just have been cleared
            began = time.monotonic()
            try:
                self.look()
            except Exception as error:
                # a fault of ours, and no reason to end: the delivery does not need this
                self._tell_of_file(f"unexpected {type(error).__name__}")
            self._stopped.wait(LEAST_S)
            self._nudged.wait(max(0.0, EVERY_S - (time.monotonic() - began)))

    def look(self) -> None:
        """Look once, tell and warn."""
        seen = machine.look(self._settings.state_dir, self._settings.ledger_path)
        try:
            self._guard(seen)
            self._health = self._gather(seen)
        finally:
            self._let_go()
        self._looked.set()
        self._write(self._health)

    def _let_go(self) -> None:
        """Hold no ledger between two looks: one that lost its WAL is made whole when nobody holds it."""
        with suppress(LedgerError):
            self._ledger.close()

    # --- gathering ------------------------------------------------------------------------

    def _gather(self, seen: Machine) -> Health:
        kiosk = kiosk_state.ask(self._settings.counter)
        clock = self._clock_seen()
        versions = {
            "pad": pad.__version__,
            "profile": self._settings.profile.name,
            "python": python.python_version(),
            "bulletin": self._bulletin(),
        }
        shown = {name: kiosk.versions[name] for name in ("indicators", "ledger") if name in kiosk.versions}
        if "pad" in kiosk.versions:
            shown["kiosk"] = kiosk.versions["pad"]
        return Health(
            self._started,
            seen,
            kiosk,
            clock,
            self._line(),
            self._stored(clock),
            self._warned,
            versions | shown,
            housekeeping.last_done(self._settings.state_dir),
            self._catalogue_refused(),
        )

    def _clock_seen(self) -> ClockSeen:
        now, true_now = self._clock.read(), self._clock.now()
        anchor = self._clock.anchors.get(now.boot_id)
        behind = None if anchor is None else (anchor.at(now.monotonic_ns) - now.wall).total_seconds()
        return ClockSeen(
            self._clock.best(), true_now is not None, None if behind is None else round(behind, 3)
        )

    def _bulletin(self) -> str:
        with suppress(BulletinError):
            return bulletin.read(self._settings.state_dir).version
        return ""

    def _stored(self, clock: ClockSeen) -> Stored | None:
        """What the ledger says at one moment; None while it cannot be read."""
        try:
            outbox = self._ledger.outbox()
            with one_moment(self._ledger.connection()) as db:
                backlog = outbox.backlog()
                return Stored(
                    outbox.head().seq,
                    backlog.pending,
                    age_s(backlog, self._clock.read(), clock.now if clock.is_known else None),
                    outbox.refused(),
                    acknowledged_at(db),
                    flags.counts(db),
                    {each.target: each.waiting for each in alerts.backlogs(db)},
                )
        except (LedgerError, SecretError):
            return None  # the delivery loop says why

    # --- telling --------------------------------------------------------------------------

    def _write(self, health: Health) -> None:
        if not self._settings.monitoring.textfile:
            return
        path = Path(self._settings.monitoring.textfile)
        try:
            whole_file.put(path, metrics.exposition(health), mode=READABLE_BY_ALL, durable=False)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            self._tell_of_file(f"{path}: {reason}; the folder has to be there, and writable for group pad")
        else:
            self._tell_of_file("")

    def _tell_of_file(self, trouble: str) -> None:
        """One line when it begins to fail or fails differently, one when it goes again."""
        if trouble and trouble != self._file_trouble:
            _log.warning("metrics are not written: %s", trouble)
        elif self._file_trouble and not trouble:
            _log.info("metrics are written again")
        self._file_trouble = trouble

    def _guard(self, seen: Machine) -> None:
        self._take_up_episodes()
        before = self._warned
        self._warned = warned(seen, self._limits, before)
        for guard in self._warned - before:
            _log.warning("%s", _words(guard, seen))
        for guard in before - self._warned:
            _log.info("%s: well again", guard)
        self._note(seen)

    def _take_up_episodes(self) -> None:
        """At the first look: go on with what the journal began."""
        if self._noted is None:
            with suppress(LedgerError, SecretError):
                self._warned = self._noted = episodes.going_on(self._ledger.connection())

    def _note(self, seen: Machine) -> None:
        """Bring the journal to what is warned of; what the disk does not take now it takes later."""
        if self._noted is None or self._noted == self._warned:
            return
        with suppress(LedgerError, SecretError):
            db, now = self._ledger.connection(), self._clock.read()
            for guard in sorted(self._noted ^ self._warned):
                episodes.note(db, guard, seen, now, begun=guard in self._warned)
                self._noted ^= {guard}


def _words(guard: Guard, seen: Machine) -> str:
    match guard:
        case Guard.DISK:
            free = (seen.disk_free or 0) // (1024 * 1024)
            return f"the ledger's disk has {free} MiB free: make room before it takes no ratings"
        case Guard.INODES:
            return f"the ledger's disk can hold {seen.inodes_free} more files: make room"
        case Guard.TEMPERATURE:
            return f"the machine has {seen.temperature_c:.0f} °C: see that air gets to it"
