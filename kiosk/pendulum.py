"""The pendulum: wakes the desk when time alone will change something."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pad.clock import monotonic_ns

_S = 1_000_000_000


class Pendulum:
    """Calls ``wake`` from its own thread once the time it was set to has come."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._due_ns: int | None = None
        self._stopped = False
        self._set = threading.Condition()
        self._thread = threading.Thread(target=self._swing, name="pendulum", daemon=True)

    def start(self) -> None:
        """Begin to swing."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        with self._set:
            self._stopped = True
            self._set.notify()
        self._thread.join()

    def due(self, at_ns: int | None) -> None:
        """Have ``wake`` called at ``at_ns`` (see :func:`pad.clock.monotonic_ns`); None for not at all."""
        with self._set:
            if at_ns != self._due_ns:
                self._due_ns = at_ns
                self._set.notify()

    def _swing(self) -> None:
        with self._set:
            while not self._stopped:
                due = self._due_ns
                if due is None:
                    self._set.wait()
                elif (left_ns := due - monotonic_ns()) > 0:
                    self._set.wait(left_ns / _S)
                else:
                    self._due_ns = None
                    self._wake()
