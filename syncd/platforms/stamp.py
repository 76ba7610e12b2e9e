"""By which time a question is signed: ours, or the platform's where it refuses ours and shows another.

A signature's time only says that the question is fresh, so a platform whose clock is wrong is given its own;
what is *in* the question, the times of ratings above all, stays the true one. What it shows is not followed
unasked: it may be a gateway's clock, with a right one behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from syncd.platforms.base import CredentialsRefused, Seen

_R = TypeVar("_R")
_SHOWS: Final = timedelta(seconds=0.5)
"""Half of what a ``Date`` can tell apart."""
TELLING: Final = timedelta(seconds=2)
"""A time that is no further off is not why a signature was refused."""


class Stamp:
    """The time for one connection's signatures; ``clock`` gives the best that is known."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._off = timedelta(0)

    def time(self) -> datetime:
        """The time to sign with."""
        return self._clock() + self._off

    def signed(self, ask: Callable[[], _R]) -> _R:
        """Ask; once more by the platform's clock, where it refuses the signature and shows another time."""
        answer = ask()
        if isinstance(answer, CredentialsRefused) and self._turns_to(answer.seen):
            answer = ask()
            if isinstance(answer, CredentialsRefused):
                self._off = timedelta(0)
        return answer

    def _turns_to(self, seen: Seen | None) -> bool:
        if seen is None:
            return False
        before, ours = self._off, self._clock()
        off = seen.date + _SHOWS - ours
        self._off = off if abs(off) > TELLING else timedelta(0)
        return abs(self._off - before) > TELLING
