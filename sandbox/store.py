"""The practice platform's file, in SQLite: what it received, and what became of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.checks import wire_moment

_SCHEMA = """
CREATE TABLE IF NOT EXISTS ratings (
    project_no TEXT, service_number INTEGER, assess_number INTEGER, level INTEGER, indicators TEXT,
    comment TEXT, pf TEXT, assess_time TEXT, dialect TEXT, device TEXT, rating_id TEXT,
    time_uncertain INTEGER, raw TEXT,
    received_at TEXT, arrivals INTEGER DEFAULT 1,
    window TEXT DEFAULT '', staff_number TEXT DEFAULT '', staff_name TEXT DEFAULT '', visit TEXT DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS one_per_matter
    ON ratings (project_no, service_number, assess_number) WHERE project_no <> '';
CREATE UNIQUE INDEX IF NOT EXISTS one_per_id ON ratings (rating_id) WHERE rating_id <> '';
CREATE INDEX IF NOT EXISTS per_level ON ratings (level, arrivals);
CREATE TABLE IF NOT EXISTS services (
    project_no TEXT, service_number INTEGER, service_time TEXT, raw TEXT,
    PRIMARY KEY (project_no, service_number));
CREATE TABLE IF NOT EXISTS refusals (at TEXT, dialect TEXT, project_no TEXT, level TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS heartbeats (at TEXT, device TEXT, raw TEXT);
CREATE TABLE IF NOT EXISTS requests (
    at TEXT, method TEXT, path TEXT, records INTEGER, status INTEGER, did TEXT);
CREATE TABLE IF NOT EXISTS case_steps (
    rating INTEGER, kind TEXT, at TEXT, by TEXT, text TEXT, result TEXT, day TEXT);
CREATE INDEX IF NOT EXISTS per_case ON case_steps (rating);
CREATE TABLE IF NOT EXISTS publications (at TEXT, by TEXT, first TEXT, last TEXT, figures TEXT);
CREATE TABLE IF NOT EXISTS later_voices (
    rating INTEGER, at TEXT, assess_time TEXT, dialect TEXT, device TEXT, rating_id TEXT, pf TEXT,
    level INTEGER, indicators TEXT, comment TEXT,
    UNIQUE (rating, dialect, device, rating_id, level, indicators, comment));
CREATE TABLE IF NOT EXISTS phone_ratings (
    cursor INTEGER PRIMARY KEY, device TEXT, visit TEXT, rating INTEGER, rated_at TEXT);
CREATE INDEX IF NOT EXISTS per_device ON phone_ratings (device, cursor);
"""
_ADDED = ("window", "staff_number", "staff_name", "visit")
"""Columns that stores made by earlier versions lack."""
_ON_ADDED = """
CREATE UNIQUE INDEX IF NOT EXISTS one_per_visit
    ON ratings (visit) WHERE project_no = '' AND visit <> '';
"""
PHONE = "phone"
"""The dialect of a rating that no pad sent: it came by the phone page."""
_VOICES_MAX = 20
"""Later voices kept for one matter: whoever holds its code could else fill the disk."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A rating as it came in: by which dialect, from which device, under which id (if any)."""

    record: Mapping[str, Any]
    dialect: str
    device: str = ""
    rating_id: str = ""
    time_uncertain: bool = False
    staff_number: str = ""
    staff_name: str = ""
    visit: str = ""

    @property
    def matter(self) -> tuple[str, int, int]:
        """What may be rated once."""
        record = self.record
        return record["projectNo"], int(record["serviceNumber"]), int(record["assessNumber"])


class Store:
    """The platform's file; one transaction a request."""

    def __init__(self, folder: Path) -> None:
        file = folder / "platform.db"
        file.touch(mode=0o600)  # it holds names and numbers of persons; SQLite's side files follow it
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        there = {row["name"] for row in self._db.execute("PRAGMA table_info(ratings)")}
        for column in _ADDED:
            if column not in there:
                self._db.execute(f"ALTER TABLE ratings ADD COLUMN {column} TEXT DEFAULT ''")
        self._db.executescript(_ON_ADDED)

    @property
    def db(self) -> sqlite3.Connection:
        """The open file, for what reads other sums from it or keeps other tables in it."""
        return self._db

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def known(self, arrival: Arrival) -> sqlite3.Row | None:
        """The rating that is stored under this id, else the one of this matter.

        What is no matter's is its visit's, where that is told: one visit, one rating.
        """
        project_no, service_number, assess_number = arrival.matter
        row: sqlite3.Row | None = self._db.execute(
            "SELECT rowid, * FROM ratings WHERE (project_no = ? AND service_number = ? AND assess_number = ?"
            " AND project_no <> '') OR (rating_id = ? AND rating_id <> '')"
            " OR (visit = ? AND visit <> '' AND project_no = '')"
            " ORDER BY rating_id = ? DESC LIMIT 1",
            (
                project_no, service_number, assess_number, arrival.rating_id,
                arrival.visit if not project_no else "", arrival.rating_id,
            ),
        ).fetchone()  # fmt: skip
        return row

    def arrived_again(self, row: sqlite3.Row) -> None:
        """Count another arrival of a rating that is stored."""
        self._db.execute("UPDATE ratings SET arrivals = arrivals + 1 WHERE rowid = ?", (row["rowid"],))

    def came_later(self, row: sqlite3.Row, arrival: Arrival, at: datetime) -> None:
        """Keep a voice for a matter that has its rating beside that one, as evidence; it counts nowhere.

        The same said again, as after a lost answer, is kept once; nothing of the person is kept.
        """
        record = arrival.record
        self._db.execute(
            "INSERT OR IGNORE INTO later_voices SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
            " WHERE (SELECT COUNT(*) FROM later_voices WHERE rating = ?) < ?",
            (
                row["rowid"], at.isoformat("T", "milliseconds"), record["assessTime"], arrival.dialect,
                arrival.device, arrival.rating_id, record["pf"], int(record["satisfaction"]),
                record["evalDetail"], record["writingEvaluation"], row["rowid"], _VOICES_MAX,
            ),
        )  # fmt: skip

    def add(self, arrival: Arrival, at: datetime) -> int:
        """Store a rating; its number."""
        record = arrival.record
        cursor = self._db.execute(
            "INSERT INTO ratings (project_no, service_number, assess_number, level, indicators, comment, pf,"
            " assess_time, dialect, device, rating_id, time_uncertain, raw, received_at,"
            " window, staff_number, staff_name, visit)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *arrival.matter, int(record["satisfaction"]), record["evalDetail"],
                record["writingEvaluation"], record["pf"], record["assessTime"], arrival.dialect,
                arrival.device, arrival.rating_id, int(arrival.time_uncertain),
                json.dumps(record, ensure_ascii=False), at.isoformat("T", "milliseconds"),
                str(record.get("winNo", "")), arrival.staff_number, arrival.staff_name, arrival.visit,
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)

    def service_time(self, project_no: str, service_number: int) -> tuple[bool, datetime | None]:
        """Whether the service record of a matter is there, and its time."""
        row = self._db.execute(
            "SELECT service_time FROM services WHERE project_no = ? AND service_number = ?",
            (project_no, service_number),
        ).fetchone()
        return row is not None, wire_moment(row["service_time"]) if row is not None else None

    def service(self, project_no: str, service_number: int) -> dict[str, Any]:
        """The service record of a matter; empty if there is none."""
        row = self._db.execute(
            "SELECT raw FROM services WHERE project_no = ? AND service_number = ?",
            (project_no, service_number),
        ).fetchone()
        found: dict[str, Any] = json.loads(row["raw"]) if row is not None else {}
        return found

    def add_service(self, record: Mapping[str, Any]) -> bool:
        """Store a service record; False if it is there already."""
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO services VALUES (?, ?, ?, ?)",
            (
                record["projectNo"],
                int(record["serviceNumber"]),
                record.get("serviceTime", ""),
                json.dumps(record, ensure_ascii=False),
            ),
        )
        return cursor.rowcount == 1

    def refuse(self, record: Mapping[str, Any], dialect: str, reason: str, at: datetime) -> None:
        """Note a refusal; nothing of the person."""
        values = (
            at.isoformat(),
            dialect,
            str(record.get("projectNo")),
            str(record.get("satisfaction")),
            reason,
        )
        self._db.execute("INSERT INTO refusals VALUES (?, ?, ?, ?, ?)", values)

    def add_heartbeat(self, device: str, body: object, at: datetime) -> None:
        """Store a heartbeat."""
        self._db.execute(
            "INSERT INTO heartbeats VALUES (?, ?, ?)", (at.isoformat(), device, json.dumps(body))
        )

    def log(self, at: datetime, method: str, path: str, records: int, status: int, did: str) -> None:
        """Note a request: nothing of what it carried."""
        values = (at.isoformat(), method, path, records, status, did)
        self._db.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", values)

    def count(self) -> int:
        """How many ratings are stored: asked at every arrival by those who wait, so never by counting.

        Ratings are never deleted but all at once, so the last row's number is how many there are.
        """
        return int(self._db.execute("SELECT COALESCE(MAX(rowid), 0) FROM ratings").fetchone()[0])

    def received(self, most: int = 1000) -> list[dict[str, Any]]:
        """The ratings last stored, oldest first, without what is known of persons."""
        rows = self._db.execute(
            "SELECT project_no, service_number, assess_number, level, indicators, comment, pf, assess_time,"
            " dialect, device, rating_id, time_uncertain, received_at, arrivals"
            " FROM ratings ORDER BY rowid DESC LIMIT ?",
            (most,),
        ).fetchall()
        return [dict(row) for row in reversed(rows)]

    def summary(self) -> dict[str, Any]:
        """Counts of what came in."""
        levels = self._db.execute(
            "SELECT level, COUNT(*), SUM(arrivals) FROM ratings GROUP BY level"  # from its index alone
        ).fetchall()
        refused = self._db.execute("SELECT reason, COUNT(*) FROM refusals GROUP BY reason").fetchall()
        return {
            "distinct": sum(row[1] for row in levels),
            "arrivals": sum(row[2] for row in levels),
            "levels": {str(level): 0 for level in (5, 4, 3, 2, 1)} | {str(row[0]): row[1] for row in levels},
            "refusals": {row[0]: row[1] for row in refused},
            "heartbeats": self._db.execute("SELECT COUNT(*) FROM heartbeats").fetchone()[0],
        }

    def table(self, name: str, most: int = 200) -> list[dict[str, Any]]:
        """The last rows of ``requests``, ``refusals`` or ``heartbeats``."""
        sql = {
            "requests": "SELECT * FROM requests ORDER BY rowid DESC LIMIT ?",
            "refusals": "SELECT * FROM refusals ORDER BY rowid DESC LIMIT ?",
            "heartbeats": "SELECT * FROM heartbeats ORDER BY rowid DESC LIMIT ?",
        }[name]
        rows = [dict(row) for row in reversed(self._db.execute(sql, (most,)).fetchall())]
        if name == "heartbeats":
            return [row | {"health": json.loads(row["raw"]).get("health", {})} for row in rows]
        return rows

    def beats(self) -> list[tuple[str, dict[str, Any]]]:
        """Every heartbeat with its device, oldest first."""
        rows = self._db.execute("SELECT device, raw FROM heartbeats ORDER BY rowid").fetchall()
        return [(row["device"], json.loads(row["raw"])) for row in rows]

    def clear(self) -> None:
        """Forget everything received, and with it what became of it; what was published stays published."""
        with self.transaction():
            for table in (
                "ratings", "services", "refusals", "heartbeats", "requests", "case_steps",
                "later_voices", "phone_ratings",
            ):  # fmt: skip
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
