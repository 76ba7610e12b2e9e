"""The delivery loop: step after step, waiting where the policy says so, and never giving up.

A ring means "look now" and is heard at once, but for a wait the policy imposed: that is kept
however often somebody rings. What is passed by for a while imposes none on what comes after it,
and who waits for the time alone waits no longer once it is told.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from syncd.notify import Notifier
from syncd.uploader import Uploader

_log = logging.getLogger("syncd.delivery")

RETRY_S: Final = 5.0
"""A ledger that is missing, locked or on a full disk is looked at again so often."""
WAKE_S: Final = 10.0
"""The longest sleep: a watchdog of any use is longer, and a stepped clock is noticed by then."""


class DeliveryLoop:
    """Runs an uploader for as long as the daemon lives, in a thread of its own."""

    def __init__(
        self,
        uploader: Uploader,
        notifier: Notifier,
        first_attempt_after_s: Callable[[], float],
        on_wake: Callable[[], None],
    ) -> None:
        self._uploader = uploader
        self._notifier = notifier
        self._first_attempt_after_s = first_attempt_after_s
        self._on_wake = on_wake
        self._rung = threading.Event()
        self._stop = threading.Event()
        self._trouble: str | None = None

    def nudge(self) -> None:
        """Look at the ledger now, unless a wait is on; from any thread."""
        self._rung.set()

    def stop(self) -> None:
        """End after the step that is under way; from any thread."""
        self._stop.set()
        self._rung.set()

    def run(self) -> None:
        """Deliver until :meth:`stop`."""
        not_before = time.monotonic() + self._first_attempt_after_s()
        while not self._stop.is_set():
            self._on_wake()
            self._notifier.alive()
            left_s = not_before - time.monotonic()
            if left_s > 0 and not self._uploader.was_told_the_time:
                self._stop.wait(min(left_s, self._nap_s))
                continue
            self._rung.clear()
            if self._stop.is_set():
                break  # its ring may just have been cleared
            wait_s = self._step()
            self._tell(wait_s)
            if wait_s is None:
                self._idle()
            else:
                not_before = time.monotonic() + wait_s

    @property
    def _nap_s(self) -> float:
        watchdog_s = self._notifier.watchdog_s
        return WAKE_S if watchdog_s is None else min(WAKE_S, watchdog_s / 3)

    def _idle(self) -> None:
        """Wait for a ring, or for what is passed by; who stays unheard for long is heard at the interval."""
        while (due_s := self._due_s()) > 0 and not self._rung.wait(min(due_s, self._nap_s)):
            self._on_wake()
            self._notifier.alive()

    def _due_s(self) -> float:
        due_s = self._uploader.due_s
        return math.inf if due_s is None else due_s

    def _step(self) -> float | None:
        try:
            wait_s = self._uploader.step()
        except (LedgerError, SecretError) as error:
            return self._in_trouble(str(error))
        except Exception as error:
            # a fault of ours; what its text says may be of a person
            return self._in_trouble(f"unexpected {type(error).__name__}")
        if self._trouble is not None:
            _log.info("the delivery goes on")
            self._trouble = None
        return wait_s

    def _in_trouble(self, what: str) -> float:
        if self._trouble is None:
            _log.warning("%s; nothing can be delivered, it is tried again and again", what)
        self._trouble = what
        return RETRY_S

    def _tell(self, wait_s: float | None) -> None:
        reason = self._trouble or self._uploader.why
        if reason is not None:
            self._notifier.status(f"ratings wait: {reason}")
        else:
            self._notifier.status("nothing waits" if wait_s is None else "delivering")
