"""Frames in a stream of bytes that may hold noise: each found within its own length. Pure.

A frame is ``preamble ‖ length (2 bytes, big-endian) ‖ contents ‖ check``.

Theory of operation
-------------------
Noise can look like a preamble with a long length behind it, and a receiver that waits for such a
frame to fill up is deaf to the true one inside. So every preamble opens a *candidate* that has an
end of its own, and every candidate whose check is right is a frame, also where it overlaps another:
noise may complete a sound frame with the first bytes of the true one, which must not be lost.
Checks of overlapping candidates must not cost their lengths each time, or a few kilobytes of
preambles would take minutes: the check of any stretch is worked out from the running check at its
two ends (:class:`Check`), so that each byte is looked at once.

Held are at most one longest frame's bytes, and one candidate for each preamble in them.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor
from typing import Final, Protocol

LENGTH_BYTES: Final = 2


class Check(Protocol):
    """A check that can be taken over a stretch from the running values at its ends."""

    @property
    def size(self) -> int:
        """How many bytes it has in the frame."""
        ...

    def run(self, value: int, data: bytes | bytearray) -> int:
        """The running value after ``data``; it starts as 0."""
        ...

    def between(self, start: int, end: int, length: int) -> int:
        """The check of ``length`` bytes between two running values."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What frames look like on one line.

    ``longest`` bounds what ``length`` counts: the contents, and the check behind them where
    ``counts_check``. The check is taken over the contents, and the length where ``checks_length``.
    """

    preamble: bytes
    longest: int
    check: Check
    counts_check: bool = False
    checks_length: bool = False

    @property
    def head(self) -> int:
        """How many bytes stand before the contents."""
        return len(self.preamble) + LENGTH_BYTES


class _Mark(IntEnum):
    """What becomes known of a candidate at a place; of two at one place the first comes first."""

    CHECK_BEGINS = 0
    CONTENTS_BEGIN = 1
    CONTENTS_END = 2


@dataclass(slots=True)
class _Candidate:
    """What may be a frame, its places absolute; ``over`` once it is none."""

    start: int
    contents: int
    running: int = 0
    end: int = 0
    over: bool = False


_Due = tuple[int, _Mark, int, _Candidate]
"""A place, the mark that is reached there, and its candidate behind where that starts: a plain tuple, for
nothing else is compared as fast."""


class Frames:
    """Takes bytes in any portions and gives the contents of whole, sound frames."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._portion = shape.longest + shape.head
        self.errors = 0
        """How many stretches of bytes were no frame."""
        self.reset()

    def reset(self) -> None:
        """Forget what is held."""
        self._held = bytearray()
        self._base = 0  # the absolute place of the first byte held
        self._looked = 0  # every preamble that begins before here is known
        self._checked, self._running = 0, 0
        self._due: list[_Due] = []
        self._candidates: deque[_Candidate] = deque()
        self._accounted = 0  # up to here every byte was of a frame, or is known to be noise
        self._in_noise = False

    def feed(self, data: bytes) -> list[bytes]:
        """The contents of every frame that is whole now, in the order in which they end."""
        found: list[bytes] = []
        # portion by portion, so that what is held stays short however much comes at once
        for at in range(0, len(data), self._portion):
            self._held += data[at : at + self._portion]
            self._take(found)
            self._drop()
        return found

    # --- parts --------------------------------------------------------------------------

    def _take(self, found: list[bytes]) -> None:
        end_of_held = self._base + len(self._held)
        preamble = self._preamble()
        while True:
            due = self._due[0] if self._due else None
            if preamble is not None and (due is None or preamble < due[0]):
                self._open(preamble)
                preamble = self._preamble()
                continue
            if due is None:
                return
            place, mark, _, candidate = due
            if place + (self._shape.check.size if mark is _Mark.CONTENTS_END else 0) > end_of_held:
                return
            heapq.heappop(self._due)
            if self._reach(place, mark, candidate):
                found.append(self._accept(candidate))

    def _preamble(self) -> int | None:
        """Where the next one begins, absolutely."""
        at = self._held.find(self._shape.preamble, self._looked - self._base)
        if at < 0:
            self._looked = max(self._looked, self._base + len(self._held) - self._begun())
            return None
        return self._base + at

    def _begun(self) -> int:
        """How many of the last bytes may be the beginning of a preamble."""
        preamble = self._shape.preamble
        return next(
            (count for count in range(len(preamble) - 1, 0, -1) if self._held.endswith(preamble[:count])), 0
        )

    def _open(self, start: int) -> None:
        shape = self._shape
        self._looked = start + 1
        candidate = _Candidate(start, start + shape.head)
        self._candidates.append(candidate)
        begins = candidate.contents - (LENGTH_BYTES if shape.checks_length else 0)
        heapq.heappush(self._due, (begins, _Mark.CHECK_BEGINS, start, candidate))
        heapq.heappush(self._due, (candidate.contents, _Mark.CONTENTS_BEGIN, start, candidate))

    def _reach(self, place: int, mark: _Mark, candidate: _Candidate) -> bool:
        """Whether a mark ends a sound frame."""
        shape = self._shape
        match mark:
            case _Mark.CHECK_BEGINS:
                candidate.running = self._run_to(place)
            case _Mark.CONTENTS_BEGIN:
                at = candidate.contents - self._base
                counted = int.from_bytes(self._held[at - LENGTH_BYTES : at], "big")
                length = counted - (shape.check.size if shape.counts_check else 0)
                if length < 0 or counted > shape.longest:
                    candidate.over = True
                    return False
                candidate.end = candidate.contents + length
                heapq.heappush(self._due, (candidate.end, _Mark.CONTENTS_END, candidate.start, candidate))
            case _Mark.CONTENTS_END:
                candidate.over = True
                at = candidate.end - self._base
                told = int.from_bytes(self._held[at : at + shape.check.size], "big")
                checked = candidate.end - candidate.contents + (LENGTH_BYTES if shape.checks_length else 0)
                return shape.check.between(candidate.running, self._run_to(candidate.end), checked) == told
        return False

    def _run_to(self, place: int) -> int:
        """The running check up to ``place``; marks are reached in their order."""
        stretch = self._held[self._checked - self._base : place - self._base]
        self._running, self._checked = self._shape.check.run(self._running, stretch), place
        return self._running

    def _accept(self, candidate: _Candidate) -> bytes:
        self._account(candidate.start)
        self._accounted = max(self._accounted, candidate.end + self._shape.check.size)
        self._in_noise = False
        return bytes(self._held[candidate.contents - self._base : candidate.end - self._base])

    def _drop(self) -> None:
        while self._candidates and self._candidates[0].over:
            self._candidates.popleft()
        keep = self._candidates[0].start if self._candidates else self._looked
        # nobody asks for the check of what goes
        self._checked = max(self._checked, keep)
        self._account(keep)
        del self._held[: keep - self._base]
        self._base = keep

    def _account(self, place: int) -> None:
        """What comes before ``place`` and is no frame's is noise."""
        if place > self._accounted:
            self.errors += not self._in_noise
            self._in_noise = True
            self._accounted = place


def frame(shape: Shape, contents: bytes) -> bytes:
    """A frame with these contents.

    :raises ValueError: if they are longer than a frame may be
    """
    counted = len(contents) + (shape.check.size if shape.counts_check else 0)
    if counted > shape.longest:
        raise ValueError(f"{counted} bytes would be counted; at most {shape.longest} are allowed")
    length = counted.to_bytes(LENGTH_BYTES, "big")
    checked = length + contents if shape.checks_length else contents
    check = shape.check.between(0, shape.check.run(0, checked), len(checked))
    return shape.preamble + length + contents + check.to_bytes(shape.check.size, "big")


@dataclass(frozen=True, slots=True)
class Xor:
    """One byte: all bytes XORed (GA 450)."""

    size: int = 1

    def run(self, value: int, data: bytes | bytearray) -> int:
        """XOR on."""
        return reduce(xor, data, value)

    def between(self, start: int, end: int, length: int) -> int:
        """What was XORed between; its length does not matter."""
        return start ^ end
