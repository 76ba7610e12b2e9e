"""Matters for which two voices came that differ: the first counts, the later one is evidence."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from pad.codes import Level
from sandbox.store import PHONE

_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice: its level, whether a phone brought it, when it was given and when it arrived."""

    level: Level
    by_phone: bool
    given: str
    arrived: str


@dataclass(frozen=True, slots=True)
class TwoVoices:
    """A matter's rating that counts, and one of another level that came later."""

    number: int
    project_no: str
    window: str
    first: Voice
    later: Voice


def differing(db: sqlite3.Connection, number: int | None = None) -> tuple[TwoVoices, ...]:
    """Those that came last, of all ratings or of one."""
    rows = db.execute(
        "SELECT r.rowid AS number, r.project_no, r.window,"
        " r.level AS first, r.dialect AS first_by, r.assess_time AS first_given, r.received_at AS first_at,"
        " v.level AS later, v.dialect AS later_by, v.assess_time AS later_given, v.at AS later_at"
        " FROM later_voices v JOIN ratings r ON r.rowid = v.rating"
        " WHERE v.level <> r.level AND (? IS NULL OR r.rowid = ?) ORDER BY v.rowid DESC LIMIT ?",
        (number, number, _MOST),
    ).fetchall()
    return tuple(
        TwoVoices(row["number"], row["project_no"], row["window"], _voice(row, "first"), _voice(row, "later"))
        for row in rows
    )


def _voice(row: sqlite3.Row, which: str) -> Voice:
    by_phone = row[f"{which}_by"] == PHONE
    return Voice(Level(row[which]), by_phone, row[f"{which}_given"], row[f"{which}_at"])
