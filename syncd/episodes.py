"""The journal's words for what the guards warn of: one entry when it begins, one when it is over."""

from __future__ import annotations

import sqlite3
from typing import Final

from pad.ledger.connection import transaction, translated
from pad.ledger.journal import write_note
from pad.model import Instant
from syncd.guards import Guard, Machine

KINDS: Final = {
    Guard.DISK: ("disk_low", "disk_well"),
    Guard.INODES: ("inodes_low", "inodes_well"),
    Guard.TEMPERATURE: ("too_hot", "cooled"),
}
"""By guard: begun, over."""


def going_on(db: sqlite3.Connection) -> frozenset[Guard]:
    """Which episodes the journal has begun and not ended: a restart in the middle of one is not another."""
    return frozenset(guard for guard, kinds in KINDS.items() if _last(db, kinds) == kinds[0])


def note(db: sqlite3.Connection, guard: Guard, machine: Machine, now: Instant, *, begun: bool) -> None:
    """Write that an episode began or is over, with what was measured."""
    with transaction(db):
        write_note(db, KINDS[guard][0 if begun else 1], now, _measured(guard, machine))


def _measured(guard: Guard, machine: Machine) -> dict[str, object]:
    match guard:
        case Guard.DISK:
            return {"free_bytes": machine.disk_free}
        case Guard.INODES:
            return {"free": machine.inodes_free, "of": machine.inodes}
        case Guard.TEMPERATURE:
            return {"celsius": machine.temperature_c}


def _last(db: sqlite3.Connection, kinds: tuple[str, str]) -> str | None:
    with translated(db):
        row = db.execute(
            "SELECT kind FROM journal WHERE kind IN (?, ?) ORDER BY id DESC LIMIT 1", kinds
        ).fetchone()
    return None if row is None else str(row["kind"])
