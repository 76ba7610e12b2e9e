"""The heartbeat: chain head, backlog and state of the clock, told where the dialect has a word for it."""

from __future__ import annotations

import logging
import platform as machine
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

import pad
from pad import told_head
from pad.chain import Head
from pad.clock import Anchor
from pad.ledger import flags
from pad.ledger.connection import LedgerError, LedgerUnwritable
from pad.ledger.outbox import Backlog, Outbox
from pad.model import Instant
from pad.settings import Settings
from syncd.health import Health
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import NoAnswer, Platform, Pulse

_log = logging.getLogger("syncd.heartbeat")


class Heart:
    """Beats when told to. It has its own connections: a slow delivery does not stop it.

    ``ok`` says whether the last one was taken (None where the dialect has none); ``changed`` is called
    when that is another than before.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: LedgerFile,
        platform: Platform,
        clock: PlatformClock,
        health: Callable[[], Health | None] = lambda: None,
    ) -> None:
        self._health = health
        self.ok: bool | None = None
        self.changed: Callable[[], None] = lambda: None
        self._versions = {
            "pad": pad.__version__,
            "profile": settings.profile.name,
            "python": machine.python_version(),
        }
        self._state_dir = settings.state_dir
        self._ledger = ledger
        self._platform = platform
        self._clock = clock
        self._unwritten: Anchor | None = None
        self._failing = False
        self._warned = ""
        self._stopped = False

    def beat(self) -> None:
        """Send one; whatever is in the way, the next one is the remedy."""
        try:
            outbox = self._ledger.outbox()
            pulse = self._pulse(outbox, flags.counts(self._ledger.connection()))
            heard = self._platform.heartbeat(pulse)
            if heard is not None:
                self._unwritten = self._clock.observe(heard.seen, outbox.last_trusted) or self._unwritten
            if not isinstance(heard, NoAnswer):
                self._remember(pulse)
            self._count(None if heard is None else not isinstance(heard, NoAnswer))
            self._tell(heard.why if isinstance(heard, NoAnswer) else None)
            self._write_time(outbox)
        except Exception as error:
            # the text of an exception may say more than a log should hold
            self._count(False)
            self._tell(f"unexpected {type(error).__name__}")
        finally:
            self._let_go()

    def _write_time(self, outbox: Outbox) -> None:
        """Write what time the platform told; what the disk does not take now it takes after another beat."""
        told = self._unwritten
        if told is None:
            return
        if told == self._clock.anchors.get(told.boot_id):  # or something better is known by now
            try:
                outbox.set_anchor(told)
            except LedgerUnwritable:
                return
        self._unwritten = None

    def _let_go(self) -> None:
        """Hold no ledger between two beats: one that lost its WAL is made whole when nobody holds it."""
        with suppress(LedgerError):
            self._ledger.close()

    def _count(self, ok: bool | None) -> None:
        if not self._stopped and ok is not self.ok:
            self.ok = ok
            self.changed()

    def stop(self) -> None:
        """End a beat that is under way, from any thread; there will be no other."""
        self._stopped = True
        self._platform.abort()

    def _pulse(self, outbox: Outbox, flagged: Mapping[str, int]) -> Pulse:
        backlog = outbox.backlog()
        now, true_now = self._clock.read(), self._clock.now()
        health = self._health()
        return Pulse(
            head=outbox.head(),
            pending=backlog.pending,
            oldest_pending_s=age_s(backlog, now, true_now),
            time_uncertain=true_now is None or outbox.has_uncertain_time(),
            versions=self._versions | (dict(health.versions) if health is not None else {}),
            health=health.in_heartbeat() if health is not None else {},
            earlier=self._earlier(outbox),
            flags=flagged,
        )

    def _earlier(self, outbox: Outbox) -> Head | None:
        """What the ledger says now of the head that was told last: a rewritten chain says something else."""
        told = told_head.read(self._state_dir)
        return None if told is None else outbox.row(told.seq)

    def _remember(self, pulse: Pulse) -> None:
        """Keep what was told, where the dialect has no heartbeat what was there, for ``padctl verify``.

        What the ledger contradicts stays as it is: it is the evidence.
        """
        told = told_head.read(self._state_dir)
        if against := told_head.contradiction(told, pulse.head, pulse.earlier):
            self._warn(against)
        elif told != pulse.head:
            told_head.write(self._state_dir, pulse.head)

    def _warn(self, against: str) -> None:
        if against != self._warned:
            _log.error("the ledger is not the one whose head was told: %s; run padctl verify", against)
        self._warned = against

    def _tell(self, why: str | None) -> None:
        if self._stopped:
            return
        if why is not None and not self._failing:
            _log.warning("heartbeat: %s", why)
        if why is None and self._failing:
            _log.info("heartbeat: taken again")
        self._failing = why is not None


def age_s(backlog: Backlog, now: Instant, true_now: datetime | None) -> float | None:
    """How long the oldest rating waits; None if none does, or nobody can tell."""
    oldest = backlog.oldest
    if oldest is None:
        return None
    if oldest.boot_id == now.boot_id:
        return round((now.monotonic_ns - oldest.monotonic_ns) / 1e9, 1)
    if true_now is None:
        return None
    return max(0.0, round((true_now - oldest.wall).total_seconds(), 1))
