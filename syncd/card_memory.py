"""Which ratings had the same ID card, after the ledger forgot: marks, in memory alone, for some days.

A rater's data leave the ledger when the rating is acknowledged, the card's mark with them, while
the same card may come again an hour later. What is kept is the mark, which says nothing without the
device's key, and the rating's number; it is on no disk, and a restart forgets it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

_DAY_S: Final = 86_400.0
_MOST: Final = 10_000
"""Cards in several days at one window, ten times over; beyond it the oldest go."""


def _since_boot_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class CardMemory:
    """Marks by rating; threads may share it."""

    def __init__(self, days: int, now_s: Callable[[], float] = _since_boot_s) -> None:
        self._keep_s = days * _DAY_S
        self._now_s = now_s
        self._marks: OrderedDict[int, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, marks: Iterable[tuple[int, str]]) -> None:
        """Keep ``seq`` and mark of ratings whose rater's data leave now."""
        with self._lock:
            for seq, mark in marks:
                self._marks[seq] = (mark, self._now_s())
            self._let_go()

    def mark_of(self, seq: int) -> str | None:
        """The mark of a rating's card; None if there was none, or it is no longer known."""
        with self._lock:
            self._let_go()
            known = self._marks.get(seq)
        return known[0] if known is not None else None

    def uses_of(self, mark: str) -> tuple[int, ...]:
        """The ratings known to have this card."""
        with self._lock:
            self._let_go()
            return tuple(seq for seq, (known, _) in self._marks.items() if known == mark)

    def _let_go(self) -> None:
        oldest_s = self._now_s() - self._keep_s
        while self._marks:
            seq, (_, kept_s) = next(iter(self._marks.items()))
            if kept_s >= oldest_s and len(self._marks) <= _MOST:
                return
            del self._marks[seq]
