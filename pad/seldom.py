"""Keeps a log short: lets a few words a minute through, and counts those it holds back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Seldom:
    """At most ``most`` in any ``every_s``, counted from the first of them; from any thread."""

    def __init__(
        self, most: int = 6, every_s: float = 60.0, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most
        self._every_s = every_s
        self._now_s = now_s
        self._since_s = float("-inf")
        self._let = 0
        self._held = 0
        self._lock = threading.Lock()

    def lets(self) -> int | None:
        """Let one through: how many were held back since the last time; None to hold this one back."""
        with self._lock:
            now_s = self._now_s()
            if now_s - self._since_s >= self._every_s:
                self._since_s, self._let = now_s, 0
            if self._let >= self._most:
                self._held += 1
                return None
            self._let += 1
            held, self._held = self._held, 0
            return held
