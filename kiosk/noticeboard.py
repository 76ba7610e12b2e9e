"""The noticeboard: sees in a thread of its own when another bulletin was put up, and reads it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pad import bulletin
from pad.bulletin import Bulletin, BulletinError

_log = logging.getLogger("kiosk.noticeboard")
LOOK_S = 5.0


class Noticeboard:
    """Calls ``changed`` with each bulletin that differs from the one before; a broken one is left hanging."""

    def __init__(self, state_dir: Path, changed: Callable[[Bulletin], None], look_s: float = LOOK_S) -> None:
        self._state_dir = state_dir
        self._changed = changed
        self._look_s = look_s
        self._seen: tuple[int, int, int] | None = None
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
        """Read the bulletin if another file lies there than before."""
        try:
            found = (self._state_dir / bulletin.NAME).stat()
        except OSError:
            return
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            read = bulletin.read(self._state_dir)
        except BulletinError as error:
            _log.warning("the bulletin is refused, the one before stays: %s", error)
            return
        if read != self._shown:
            self._shown = read
            self._changed(read)
