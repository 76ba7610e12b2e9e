"""The shelf: where the platform's indicator list lies, beside the one that was installed with the settings.

Which of the two holds is decided at the start, and again whenever syncd has put another one there,
which is seen in a thread of its own. A broken one is said once and left: the one in use stays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pad import indicators
from pad.indicators import Catalogue, CatalogueError

_log = logging.getLogger("kiosk.indicators")
LOOK_S = 5.0


class Shelf:
    """Calls ``changed``, in its own thread, with the list that holds whenever that is another one."""

    def __init__(
        self,
        state_dir: Path,
        installed: Catalogue,
        changed: Callable[[Catalogue], None] = lambda _: None,
        look_s: float = LOOK_S,
    ) -> None:
        self._state_dir = state_dir
        self._installed = installed
        self.changed = changed
        self._look_s = look_s
        self._seen: tuple[int, int, int] | None = None
        self.holds = installed
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="shelf", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._look_s):
            self.look()

    def look(self) -> Catalogue:
        """Read the list if another file lies there than before; the one that holds now."""
        seen = self._file()
        if seen == self._seen:
            return self.holds
        self._seen = seen
        try:
            pulled = indicators.pulled(self._state_dir)
        except CatalogueError as error:
            _log.warning("the platform's indicator list is refused, the one before stays: %s", error)
            return self.holds
        newer = pulled is not None and indicators.is_newer(pulled, self._installed)
        found = pulled if pulled is not None and newer else self._installed
        if found != self.holds:
            self.holds = found
            _log.info("indicators: version %s", found.version)
            self.changed(found)
        return found

    def _file(self) -> tuple[int, int, int] | None:
        """Which file lies there: every write makes another one of it."""
        try:
            found = (self._state_dir / indicators.PULLED).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
