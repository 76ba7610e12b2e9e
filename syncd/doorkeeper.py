"""Hears the kiosk's doorbell in a thread of its own, and hangs it anew where it is not there any more.

A full or read-only disk takes no doorbell, and a folder that is put back from a copy has another or none:
ratings leave at the interval then, and at once again as soon as the disk takes one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pad import doorbell
from pad.doorbell import Doorbell

_log = logging.getLogger("syncd")

LOOK_S: Final = 15.0
"""So often it is seen to that the doorbell hangs."""
_TOO_LATE_S: Final = 1.0


class Doorkeeper:
    """Calls ``rung`` at every ring, from :meth:`start` to :meth:`stop`."""

    def __init__(self, state_dir: Path, rung: Callable[[], None], look_s: float = LOOK_S) -> None:
        self._state_dir = state_dir
        self._rung = rung
        self._look_s = look_s
        self._bell: Doorbell | None = None
        self._is_deaf = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)

    def start(self) -> None:
        """Begin; whoever rings from now on is heard, where the disk takes a doorbell."""
        self._bell = self._hung()
        self._thread.start()

    def stop(self) -> None:
        """End; not waited for long where the bell is gone that would wake it."""
        self._stopped.set()
        doorbell.ring(self._state_dir)
        if self._thread.ident:
            self._thread.join(_TOO_LATE_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._bell is None or not self._bell.hangs:
                self._let_go()
                self._bell = self._hung()
                if self._bell is not None:
                    self._rung()  # whoever rang meanwhile was not heard
            if self._heard():
                self._rung()
        self._let_go()

    def _heard(self) -> bool:
        if self._bell is None:
            self._stopped.wait(self._look_s)
            return False
        try:
            return self._bell.wait(self._look_s)
        except OSError as error:
            self._let_go()
            self._tell_deaf(error)
            self._stopped.wait(self._look_s)
            return False

    def _hung(self) -> Doorbell | None:
        try:
            bell = Doorbell(self._state_dir)
        except OSError as error:
            self._tell_deaf(error)
            return None
        if self._is_deaf:
            _log.info("the doorbell is heard again")
        self._is_deaf = False
        return bell

    def _let_go(self) -> None:
        if self._bell is not None:
            self._bell.close()
            self._bell = None

    def _tell_deaf(self, error: OSError) -> None:
        if not self._is_deaf:
            _log.warning(
                "the doorbell cannot be heard (%s); ratings leave at the interval", type(error).__name__
            )
        self._is_deaf = True
