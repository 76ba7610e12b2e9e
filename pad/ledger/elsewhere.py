"""Matters that phones rated: what the platform told of them, and how far it was listened to.

syncd writes what it hears and housekeeping lets it leave; the kiosk reads. No level is known here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pad.ledger.connection import transaction, translated
from pad.ledger.rows import insert
from pad.model import Matter, iso_time


@dataclass(frozen=True, slots=True)
class RatedElsewhere:
    """One matter a phone rated; ``project_no`` is None for an unbound one, which is its visit's alone."""

    visit_id: str
    project_no: str | None
    service_number: int
    assess_number: int
    rated_at: datetime


class Hearsay:
    """syncd's side: what was heard, in one transaction with how far."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def cursor(self, platform: str) -> int:
        """How far this platform was listened to; 0 for one that is new here."""
        with translated(self._db):
            row = self._db.execute("SELECT cursor FROM listened WHERE platform = ?", (platform,)).fetchone()
        return int(row["cursor"]) if row is not None else 0

    def write(self, heard: Iterable[RatedElsewhere], platform: str, cursor: int, now: datetime) -> int:
        """Write what was heard up to a cursor; how much of it is news."""
        with transaction(self._db) as db:
            fresh = 0
            for each in heard:
                statement, values = insert("rated_elsewhere", _row(each, now))
                fresh += db.execute(statement + " ON CONFLICT (visit_id) DO NOTHING", values).rowcount
            db.execute("INSERT OR REPLACE INTO listened VALUES (1, ?, ?)", (platform, cursor))
        return fresh


def is_rated_elsewhere(db: sqlite3.Connection, visit_id: str, matter: Matter) -> bool:
    """Whether a phone rated this visit, or its matter by a code of another visit.

    :raises LedgerError: if the ledger cannot be read
    """
    with translated(db):
        found = db.execute(
            "SELECT 1 FROM rated_elsewhere WHERE visit_id = ? UNION ALL "
            "SELECT 1 FROM rated_elsewhere WHERE project_no = ? AND service_number = ? AND assess_number = ?",
            (visit_id, matter.project_no, matter.service_number, matter.assess_number),
        ).fetchone()
    return found is not None


def _row(heard: RatedElsewhere, now: datetime) -> dict[str, object]:
    return {
        "visit_id": heard.visit_id,
        "project_no": heard.project_no,
        "service_number": heard.service_number,
        "assess_number": heard.assess_number,
        "rated_at": iso_time(heard.rated_at),
        "heard_at": iso_time(now),
    }
