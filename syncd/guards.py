"""The guards: when the disk gets full or the machine hot, and when that is over; a pure function.

Law: a guard changes its mind only across a gap, so that a value that wavers around a limit is one
episode and not a hundred; what cannot be measured changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FREE_AGAIN: Final = 1.2
"""Room counts as enough again at so many times what was too little."""
COOL_AGAIN_C: Final = 5.0
"""And the machine as cool so far below what was too hot."""
_MIB: Final = 1024 * 1024


class Guard(StrEnum):
    """What is watched."""

    DISK = "disk"
    INODES = "inodes"
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True)
class Machine:
    """What was measured; None where this machine does not tell it. Bytes, files, °C, seconds since boot."""

    disk_free: int | None = None
    disk_size: int | None = None
    inodes_free: int | None = None
    inodes: int | None = None
    ledger: int | None = None
    temperature_c: float | None = None
    uptime_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on it is too little, or too hot."""

    disk_free: int
    inodes_free_percent: float
    temperature_c: float

    @classmethod
    def of(cls, free_warn_mib: int, min_free_mib: int, inodes_percent: float, temperature_c: float) -> Limits:
        """From settings: the early warning is never later than the end of taking ratings."""
        return cls(max(free_warn_mib, min_free_mib) * _MIB, inodes_percent, temperature_c)


def warned(machine: Machine, limits: Limits, before: Collection[Guard]) -> frozenset[Guard]:
    """Which guards warn now, given which did before."""
    return frozenset(guard for guard in Guard if _warns(guard, machine, limits, guard in before))


def _warns(guard: Guard, machine: Machine, limits: Limits, before: bool) -> bool:
    match guard:
        case Guard.DISK if machine.disk_free is not None:
            return _is_little(machine.disk_free, limits.disk_free, before)
        case Guard.INODES if machine.inodes_free is not None and machine.inodes:
            percent = 100 * machine.inodes_free / machine.inodes
            return _is_little(percent, limits.inodes_free_percent, before)
        case Guard.TEMPERATURE if machine.temperature_c is not None:
            return machine.temperature_c >= limits.temperature_c - (COOL_AGAIN_C if before else 0.0)
    return before


def _is_little(found: float, limit: float, before: bool) -> bool:
    return found < limit * (FREE_AGAIN if before else 1.0)
