"""The noticeboard: sees in a thread of its own when another bulletin was put up, and reads it.

A notice hangs until the end of its last day. A broken bulletin is said once and left; one that is
taken away is taken down.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from pad import bulletin
from pad.bulletin import Bulletin, BulletinError
from pad.model import CHINA_TIME

_log = logging.getLogger("kiosk.noticeboard")
LOOK_S = 5.0


def _today() -> date:
    return datetime.now(CHINA_TIME).date()


class Noticeboard:
    """Calls ``changed``, in its own thread, with what hangs here whenever that is something else."""

    def __init__(
        self,
        state_dir: Path,
        changed: Callable[[Bulletin], None],
        look_s: float = LOOK_S,
        today: Callable[[], date] = _today,
    ) -> None:
        self._state_dir = state_dir
        self._changed = changed
        self._look_s = look_s
        self._today = today
        self._seen: tuple[int, int, int] | None = None
        self._read = Bulletin()
        self._shown = Bulletin()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="noticeboard", daemon=True)

    @property
    def version(self) -> str:
        """The version shown now."""
        return self._shown.version

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self.look()
            if self._stopped.wait(self._look_s):
                return

    def look(self) -> None:
        """Read the bulletin if another file lies there than before, and show what holds today."""
        seen = self._file()
        if seen != self._seen:
            self._seen = seen
            try:
                self._read = bulletin.read(self._state_dir)
            except BulletinError as error:
                _log.warning("the bulletin is refused, the one before stays: %s", error)
        hanging = self._read.on(self._today())
        if hanging != self._shown:
            self._shown = hanging
            self._changed(hanging)

    def _file(self) -> tuple[int, int, int] | None:
        """Which file lies there: every write makes another one of it."""
        try:
            found = (self._state_dir / bulletin.NAME).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
