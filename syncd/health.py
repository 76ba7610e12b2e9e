"""How the pad does, as one value: what the heartbeat tells the city and the metrics tell the hall.

Numbers, states and versions alone: no level, no clerk, no matter and nobody's data is in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.guards import Guard, Machine
from syncd.kiosk_state import KioskSeen
from syncd.tally import Reason


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ledger says: ratings ever stored, and how far they have come."""

    head_seq: int
    pending: int
    oldest_pending_s: float | None
    refused: int
    acknowledged_at: datetime | None
    flags: Mapping[str, int] = field(default_factory=dict)
    alerts_waiting: Mapping[str, int] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        """Ratings that are off this pad's hands: ``seq`` has no gaps, so none needs to be counted."""
        return self.head_seq - self.pending - self.refused


@dataclass(frozen=True, slots=True)
class Line:
    """How the delivery goes since syncd's start."""

    is_up: bool
    attempts: int
    failures: Mapping[Reason, int]
    heartbeat_ok: bool | None = None
    """None where the dialect has no heartbeat, or none was due yet."""
    hears_phones: bool | None = None
    """Whether the platform tells what phones rated; None where it is not asked, or has no such call."""


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """Whether the true time is known, and how far the wall clock is behind the platform's (seconds)."""

    now: datetime
    is_known: bool
    behind_s: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything; ``stored`` is None while the ledger cannot be read."""

    started: datetime
    machine: Machine
    kiosk: KioskSeen
    clock: ClockSeen
    line: Line
    stored: Stored | None
    warned: frozenset[Guard]
    versions: Mapping[str, str]
    housekept: datetime | None = None
    catalogue_refused: bool = False

    def in_heartbeat(self) -> dict[str, object]:
        """What goes out beside the chain's head and the backlog."""
        machine = self.machine
        told: dict[str, object] = {
            "uptime_s": round(machine.uptime_s),
            "disk_free_bytes": machine.disk_free,
            "disk_size_bytes": machine.disk_size,
            "ledger_bytes": machine.ledger,
            "temperature_c": _finite(machine.temperature_c),
            "kiosk": self.kiosk.state,
            "devices": {name: each.state for name, each in self.kiosk.devices.items()},
            "clock": {"known": self.clock.is_known, "behind_s": self.clock.behind_s},
            "warned": sorted(self.warned),
            "catalogue_refused": self.catalogue_refused,
        }
        return {name: value for name, value in told.items() if value is not None}


def _finite(value: float | None) -> float | None:
    return round(value, 1) if value is not None and math.isfinite(value) else None
