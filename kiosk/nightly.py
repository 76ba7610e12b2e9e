"""The nightly restart: when the touchscreen may start anew, so that no process has to last a year.

Law: once a day, after the time that is set, and only while nobody is asked anything and nothing has
happened for a while. How long the process has run is told by the monotonic clock: a wall clock that
starts in 1970, jumps, or stands still can bring a restart at another hour, never one after another.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Final

AGE_LEAST: Final = timedelta(hours=6)
"""A process younger than this stays, whatever the wall clock says."""
QUIET: Final = timedelta(minutes=2)
"""Nobody was asked anything for so long."""
LOOK_S: Final = 20.0
_DAY: Final = timedelta(days=1)


def is_due(at: time, wall: datetime, age: timedelta, quiet: timedelta) -> bool:
    """Whether the restart of the day is due.

    :param at: the time of day after which it is
    :param wall: now, by the wall clock
    :param age: how long this process has run
    :param quiet: how long nobody has been asked anything
    """
    if age < AGE_LEAST or quiet < QUIET:
        return False
    today = wall.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    since = wall - today if today <= wall else wall - today + _DAY
    return age > since


def restart_time(configured: str, environ: Mapping[str, str] = os.environ) -> time | None:
    """The time of day that is set; None for never, and where nobody would start the kiosk again.

    systemd does, and says so by ``INVOCATION_ID`` (systemd.exec(5)); a kiosk started by hand stays.
    """
    if not configured or not environ.get("INVOCATION_ID"):
        return None
    return time.fromisoformat(configured)


class Night:
    """Has the UI thread look now and then whether the restart is due; once it is, ``is_over`` stays true."""

    def __init__(self, at: time, wake: Callable[[], None], look_s: float = LOOK_S) -> None:
        self._at = at
        self._wake = wake
        self._look_s = look_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="night", daemon=True)
        self._began_ns: int | None = None
        self._busy_ns = 0
        self.is_over = False

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.ident:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._look_s):
            self._wake()

    def look(self, at_rest: bool, wall: datetime, monotonic_ns: int) -> bool:
        """Whether to end now; on the UI thread, whenever it has drained the desk."""
        if self._began_ns is None:
            self._began_ns = monotonic_ns
        if not at_rest:
            self._busy_ns = monotonic_ns
            return False
        age = _since(self._began_ns, monotonic_ns)
        quiet = _since(max(self._busy_ns, self._began_ns), monotonic_ns)
        self.is_over = is_due(self._at, wall, age, quiet)
        return self.is_over


def _since(then_ns: int, now_ns: int) -> timedelta:
    return timedelta(microseconds=(now_ns - then_ns) // 1000)
