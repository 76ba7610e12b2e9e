"""What heartbeats tell of each pad: when it was heard, what waits on it, whether its chain holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.chains import Chain
from sandbox.store import Store

SILENT_AFTER_S: Final = 180.0
"""Three heartbeats of a pad with the settings it comes with."""


@dataclass(frozen=True, slots=True)
class Pad:
    """One pad as it was heard last."""

    device: str
    chain: Chain
    heard_at: datetime
    pending: int | None
    oldest_pending_s: float | None
    time_uncertain: bool
    version: str

    def silent_s(self, now: datetime) -> float:
        """How long ago it was heard, in seconds."""
        return max(0.0, (now - self.heard_at).total_seconds())


class Pads:
    """Every pad heard of; each heartbeat is read once, however often one asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = 0
        self._begin = ""
        self._pads: dict[str, Pad] = {}

    def all(self) -> list[Pad]:
        """The pads by name."""
        first = self._store.db.execute("SELECT at FROM heartbeats ORDER BY rowid LIMIT 1").fetchone()
        begin = first["at"] if first is not None else ""
        if begin != self._begin:  # everything was forgotten since
            self._read, self._begin, self._pads = 0, begin, {}
        rows = self._store.db.execute(
            "SELECT rowid, at, device, raw FROM heartbeats WHERE rowid > ? ORDER BY rowid", (self._read,)
        )
        for row in rows:
            self._read = row["rowid"]
            self._hear(row["device"], datetime.fromisoformat(row["at"]), json.loads(row["raw"]))
        return [self._pads[device] for device in sorted(self._pads)]

    def _hear(self, device: str, at: datetime, beat: dict[str, Any]) -> None:
        before = self._pads[device].chain if device in self._pads else Chain(device)
        pending, oldest = beat.get("pending"), beat.get("oldest_pending_s")
        versions = beat.get("versions")
        version = versions.get("pad") if isinstance(versions, dict) else ""
        self._pads[device] = Pad(
            device=device,
            chain=before.heard(beat),
            heard_at=at,
            pending=pending if isinstance(pending, int) else None,
            oldest_pending_s=float(oldest) if isinstance(oldest, int | float) else None,
            time_uncertain=beat.get("time_uncertain") is True,
            version=version if isinstance(version, str) else "",
        )
