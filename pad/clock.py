"""The pad's clocks: wall, boot and monotonic time read together, and whether to trust them."""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from pad.model import CHINA_TIME, Instant

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_ADJTIMEX_ERROR: Final = 5
"""``TIME_ERROR`` of adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES: Final = 512
"""More than ``sizeof(struct timex)`` on any Linux (208 on 64 bit)."""

EARLIEST: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""This program is younger than that, so a clock that tells less is wrong."""
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""No pad lives so long; clocks gone wild do tell such times."""
WALL_AGREES_S: Final = 2.0
"""An HTTP ``Date`` has whole seconds; a wall clock nearer than this to it counts as right."""


class AnchorSource(StrEnum):
    """Who told the true time."""

    PLATFORM = "platform"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The true time at one instant of one boot: it dates everything else of that boot.

    ``offset`` is true time minus the wall clock at that instant.
    """

    boot_id: str
    monotonic_ns: int
    true_time: datetime
    offset: timedelta
    source: AnchorSource

    @property
    def tells(self) -> TrueTime:
        """The time it tells, whoever told it."""
        return TrueTime(self.true_time, self.boot_id, self.monotonic_ns)

    @property
    def wall_agrees(self) -> bool:
        """Whether the wall clock was right when the anchor was taken."""
        return abs(self.offset.total_seconds()) <= WALL_AGREES_S

    def at(self, monotonic_ns: int) -> datetime:
        """The true time at another instant of the same boot."""
        return self.tells.counted_to(monotonic_ns)


@dataclass(frozen=True, slots=True)
class TrueTime:
    """A true time that is known, and when in which boot that was: it dates everything else of that boot."""

    at: datetime
    boot_id: str
    monotonic_ns: int

    def counted_to(self, monotonic_ns: int) -> datetime:
        """The true time at another instant of the same boot."""
        return self.at + timedelta(microseconds=(monotonic_ns - self.monotonic_ns) // 1000)


class Clock(Protocol):
    """Reads the pad's time."""

    def read(self) -> Instant:
        """This very moment by every clock."""
        ...


@cache
def boot_id() -> str:
    """The kernel's name for this boot."""
    return _BOOT_ID.read_text(encoding="ascii").strip()


def monotonic_ns() -> int:
    """Nanoseconds since boot, sleep included, never stepped (``CLOCK_BOOTTIME``)."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def ntp_synchronised() -> bool:
    """Whether the kernel says that something disciplines the clock (adjtimex(2), read only)."""
    state = int(_libc().adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return 0 <= state != _ADJTIMEX_ERROR


class SystemClock:
    """The machine's clocks.

    ``anchor`` may be set when the true time of this boot becomes known; a wall clock that
    agreed with it is trusted even where no NTP server exists (design §3).
    """

    def __init__(self, anchor: Anchor | None = None) -> None:
        self.anchor = anchor

    def read(self) -> Instant:
        """This very moment by every clock."""
        return Instant(
            wall=datetime.now(CHINA_TIME),
            boot_id=boot_id(),
            monotonic_ns=monotonic_ns(),
            trusted=ntp_synchronised() or self._wall_agrees_with_anchor(),
        )

    def _wall_agrees_with_anchor(self) -> bool:
        if self.anchor is None or self.anchor.boot_id != boot_id():
            return False
        now = datetime.now(CHINA_TIME)
        return abs((now - self.anchor.at(monotonic_ns())).total_seconds()) <= WALL_AGREES_S
