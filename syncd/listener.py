"""The listener: has the platform tell what phones rated, in a thread and on a connection of its own.

What it hears is in the ledger before the kiosk is rung; delivery knows nothing of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pad import doorbell
from pad.doorbell import Bell
from pad.ledger.connection import LedgerError
from pad.ledger.elsewhere import Hearsay
from pad.settings import Settings
from syncd import listening
from syncd.ledger_file import LedgerFile
from syncd.listening import Course, Decision
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import News, Telling
from syncd.policy import Lots

_log = logging.getLogger("syncd.listener")

RETRY_S: Final = 5.0
"""A ledger that is missing, locked or on a full disk is looked at again so often."""
_TOO_LATE_S: Final = 1.0


class Listener:
    """Listens from :meth:`start` to :meth:`stop`.

    ``ok`` says whether the platform answered last (None where it does not tell of phones, or was not asked
    yet); ``changed`` is called when that is another than before.
    """

    def __init__(
        self, settings: Settings, platform: Telling, ledger: LedgerFile, clock: PlatformClock, lots: Lots
    ) -> None:
        self._settings = settings
        self._platform = platform
        self._ledger = ledger
        self._clock = clock
        self._lots = lots
        self._course = Course()
        self._cut_short = False
        self._trouble: str | None = None
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="phones", daemon=True)
        self.ok: bool | None = None
        self.changed: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def line_is_up(self) -> None:
        """The platform was reached: whoever waits for the line alone asks now; from any thread."""
        if self._cut_short:
            self._woken.set()

    def stop(self) -> None:
        """End, also a question that is held; a connection being opened is not waited for long."""
        self._stopped.set()
        self._woken.set()
        self._platform.abort()
        if self._thread.ident:
            self._thread.join(_TOO_LATE_S)

    def _run(self) -> None:
        up_s = self._clock.read().monotonic_ns / 1e9
        self._stopped.wait(listening.first_after_s(self._settings.sync, self._lots, up_s=up_s))
        # one that was killed between writing and ringing has not rung
        doorbell.ring(self._settings.state_dir, Bell.KIOSK)
        while not self._stopped.is_set():
            self._woken.clear()
            wait_s = self._guarded_step()
            if not self._stopped.is_set():  # it may have been cleared from under whoever stops
                self._woken.wait(wait_s)
        self._platform.close()

    def _guarded_step(self) -> float:
        try:
            return self.step()
        except LedgerError as error:
            self._tell(str(error))
        except Exception as error:
            # a fault of ours, and no reason to end: the delivery does not need this
            self._tell(f"unexpected {type(error).__name__}")
        self._cut_short = False
        return RETRY_S

    def step(self) -> float:
        """Ask once, write what is told, ring.

        :returns: how many seconds to wait before the next step
        :raises LedgerError: if the ledger cannot be read or written; the same is asked again then
        """
        after = self._after()
        began = time.monotonic()
        answer = self._platform.phone_ratings(after, listening.HOLD_S)
        took_s = time.monotonic() - began
        fresh = self._take(answer, after) if isinstance(answer, News) else 0
        decision = listening.decide(self._course, answer, fresh, took_s, self._settings.sync, self._lots)
        self._course, self._cut_short = decision.course, decision.cut_short
        self._count(decision)
        return decision.wait_s

    def _after(self) -> int:
        """How far this ledger has heard; one that was saved from damage begins anew."""
        try:
            return Hearsay(self._ledger.connection()).cursor(self._settings.platform.url)
        finally:
            self._let_go()

    def _take(self, news: News, after: int) -> int:
        if not news.rated and news.cursor == after:
            return 0
        try:
            hearsay = Hearsay(self._ledger.connection())
            if hearsay.cursor(self._settings.platform.url) != after:
                return 0  # another ledger than when it was asked: what that one lacks comes first
            fresh = hearsay.write(news.rated, self._settings.platform.url, news.cursor, self._clock.best())
        finally:
            self._let_go()
        if fresh:
            doorbell.ring(self._settings.state_dir, Bell.KIOSK)
        return fresh

    def _let_go(self) -> None:
        """Hold no ledger while waiting: one that lost its WAL is made whole when nobody holds it."""
        with suppress(LedgerError):
            self._ledger.close()

    def _count(self, decision: Decision) -> None:
        if self._stopped.is_set():
            return
        self._tell(decision.why)
        if decision.ok is not self.ok:
            self.ok = decision.ok
            self.changed()

    def _tell(self, trouble: str | None) -> None:
        """One line when it begins to fail or fails differently, one when it goes again."""
        if self._stopped.is_set() or trouble == self._trouble:
            return
        if trouble is None:
            _log.info("phones: the platform tells what they rated again")
        elif trouble == listening.NOT_OFFERED:
            _log.info("phones: %s; it is asked again every hour", trouble)
        else:
            _log.warning("phones: %s; what they rated is known here later", trouble)
        self._trouble = trouble
