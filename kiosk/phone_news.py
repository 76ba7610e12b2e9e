"""Hears that a phone rated the matter on the glass: syncd rings once it is in the ledger.

A ring may be lost, so while somebody is asked the ledger is looked at every few seconds as well.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from kiosk.events import RatedElsewhere
from pad import doorbell
from pad.doorbell import Bell, Doorbell
from pad.ledger.connection import LedgerError
from pad.ledger.elsewhere import is_rated_elsewhere
from pad.ledger.following import Following
from pad.model import Visit

_log = logging.getLogger("kiosk.phone_news")
LOOK_S: Final = 5.0


class PhoneNews:
    """Posts what is heard of the visit that is going on, in a thread of its own."""

    def __init__(
        self,
        state_dir: Path,
        ledger_path: Path,
        visit: Callable[[], Visit | None],
        post: Callable[[RatedElsewhere], None],
        look_s: float = LOOK_S,
    ) -> None:
        self._state_dir = state_dir
        self._ledger = Following(ledger_path)
        self._visit = visit
        self._post = post
        self._look_s = look_s
        self._is_deaf = False
        self._bell = self._hung()
        self._one_look = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="phone news", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        doorbell.ring(self._state_dir, Bell.KIOSK)
        self._thread.join(2 * self._look_s)

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._bell = self._bell or self._hung()
            self._wait()
            self.look()
        if self._bell is not None:
            self._bell.close()

    def _hung(self) -> Doorbell | None:
        """The doorbell; None while a full or read-only disk does not take it: no rating needs it."""
        try:
            bell = Doorbell(self._state_dir, Bell.KIOSK)
        except OSError as error:
            self._tell_deaf(error)
            return None
        self._is_deaf = False
        return bell

    def _wait(self) -> None:
        if self._bell is not None:
            try:
                self._bell.wait(self._look_s)
            except OSError as error:
                self._tell_deaf(error)
            else:
                return
        self._stopped.wait(self._look_s)

    def _tell_deaf(self, error: OSError) -> None:
        if not self._is_deaf:
            _log.warning("the doorbell is deaf (%s); the ledger is looked at now and then", error.strerror)
        self._is_deaf = True

    def look(self) -> None:
        """See whether the visit that is going on was rated on a phone."""
        with self._one_look:  # a connection is one thread's at a time
            self._look()

    def _look(self) -> None:
        visit = self._visit()
        if visit is None or self._stopped.is_set():
            return
        # what the ledger cannot tell now it tells at the next look, or as the rating is to be stored
        with suppress(LedgerError, sqlite3.Error):
            if is_rated_elsewhere(self._ledger.connection(), visit.id, visit.matter):
                self._post(RatedElsewhere(visit.id))
        # held open it would keep a ledger that lost its WAL from being made whole
        with suppress(LedgerError, sqlite3.Error):
            self._ledger.close()
