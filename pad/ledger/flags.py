"""Flags in the ledger: what a look at ratings and ended invitations needs, and what it found.

Only ``flags``, ``cut_short``, ``looked`` and the journal are written; a rating is only read. Each
question costs the same at any size of the ledger.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pad.codes import Level
from pad.ledger.connection import transaction, translated
from pad.ledger.journal import write_note
from pad.ledger.rows import insert
from pad.model import Completion, Instant, iso_time, parse_iso_time
from pad.suspicion.signs import Finding, Moment, RatingSeen, VisitCutShort

NOTE: Final = "suspicious_pattern"
TrueTime = Callable[[Instant], datetime | None]

_SEEN: Final = (
    "SELECT r.seq, r.rated_at, r.boot_id, r.monotonic_ns, r.clock_trusted, r.staff_number, r.level, "
    "r.first_touch_ms, r.submitted_ms, r.completed_by, s.card_mark "
    "FROM ratings r LEFT JOIN rater s ON s.rating_id = r.id "
)
_UNKNOWN_MS: Final = -1
"""``shown_ms`` where no clock tells how long."""
_USES_MAX: Final = 1000
"""The most ``same_card_count`` may be."""
_CUT_SHORT_LOOKED_BACK: Final = 500
"""More invitations than one window has in a day."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A visit that ended without a rating here and that no look was taken at; ``n`` is 0 for a phone's."""

    n: int
    visit_id: str
    opened: Instant
    ended_wall: datetime
    staff_number: str


@dataclass(frozen=True, slots=True)
class Flag:
    """One row of ``flags``; ``seq`` is None where an invitation is marked."""

    kind: str
    seq: int | None
    visit_id: str | None
    at: str
    measured: Mapping[str, float]
    limits: Mapping[str, float]


class FlagBook:
    """One connection's way to read what is to be judged, and to write what was found.

    Every method raises as :func:`~pad.ledger.connection.translated` says.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def looked_to(self) -> int:
        """Up to which ``seq`` ratings were looked at, or have left."""
        with translated(self._db):
            row = self._db.execute(
                "SELECT MAX(COALESCE((SELECT seq FROM looked), 0), "
                "COALESCE((SELECT MIN(seq) FROM ratings), 1) - 1)"
            ).fetchone()
        return int(row[0])

    def ratings(self, first: int, most: int, true_time: TrueTime) -> tuple[RatingSeen, ...]:
        """So many ratings from ``first`` on, in their order."""
        with translated(self._db):
            rows = self._db.execute(_SEEN + "WHERE r.seq >= ? ORDER BY r.seq LIMIT ?", (first, most))
            return tuple(_seen(row, true_time) for row in rows)

    def uses_of_card(
        self, mark: str, remembered: Sequence[int], up_to: int, true_time: TrueTime
    ) -> tuple[RatingSeen, ...]:
        """The last ratings with one card, in their order.

        :param remembered: those whose mark left the ledger with the rater's data
        """
        with translated(self._db):
            seqs = {
                row["seq"]
                for row in self._db.execute(
                    "SELECT r.seq FROM rater s JOIN ratings r ON r.id = s.rating_id "
                    "WHERE s.card_mark = ? AND r.seq <= ? ORDER BY r.seq DESC LIMIT ?",
                    (mark, up_to, _USES_MAX),
                )
            }
            wanted = sorted(seqs | {seq for seq in remembered if seq <= up_to})[-_USES_MAX:]
            marks = ", ".join("?" * len(wanted))
            rows = self._db.execute(_SEEN + f"WHERE r.seq IN ({marks}) ORDER BY r.seq", wanted)
            return tuple(_seen(row, true_time) for row in rows)

    def newly_ended(self, most: int) -> tuple[Ended, ...]:
        """Invitations the clerk's side ended that no look was taken at, in the order they ended."""
        with translated(self._db):
            rows = self._db.execute(
                "SELECT c.n, v.* FROM cut_short c JOIN visits v ON v.id = c.visit_id "
                "WHERE c.shown_ms IS NULL ORDER BY c.n LIMIT ?",
                (most,),
            )
            return tuple(
                Ended(row["n"], row["id"], _opened(row), parse_iso_time(row["ended_at"]), row["staff_number"])
                for row in rows
            )

    def newly_forestalled(self, most: int) -> tuple[Ended, ...]:
        """Visits whose matter a phone rated while somebody rated here, and that bear no mark of it yet."""
        with translated(self._db):
            rows = self._db.execute(
                "SELECT v.* FROM visits v WHERE v.outcome = 'rated' AND v.ended_by = 'phone' "
                "AND v.end_reason = 'while_rating' AND NOT EXISTS (SELECT 1 FROM flags f "
                "WHERE f.visit_id = v.id AND f.kind = 'phone_while_rating') ORDER BY v.id LIMIT ?",
                (most,),
            )
            return tuple(
                Ended(0, row["id"], _opened(row), parse_iso_time(row["ended_at"]), row["staff_number"])
                for row in rows
            )

    def cut_short_before(self, n: int, staff_number: str, true_time: TrueTime) -> tuple[VisitCutShort, ...]:
        """What the same clerk ended shortly before, in that order."""
        with translated(self._db):
            rows = self._db.execute(
                "SELECT c.shown_ms, v.* FROM cut_short c JOIN visits v ON v.id = c.visit_id "
                "WHERE c.n < ? ORDER BY c.n DESC LIMIT ?",
                (n, _CUT_SHORT_LOOKED_BACK),
            ).fetchall()
        return tuple(
            VisitCutShort(
                row["id"],
                Moment(_opened(row), true_time(_opened(row))),
                staff_number,
                None if row["shown_ms"] in (None, _UNKNOWN_MS) else row["shown_ms"] / 1000,
            )
            for row in reversed(rows)
            if row["staff_number"] == staff_number
        )

    def write(
        self,
        findings: Iterable[Finding],
        now: Instant,
        at: datetime,
        *,
        looked_to: int | None = None,
        shown_s: Mapping[int, float | None] | None = None,
    ) -> int:
        """Write what was found and how far the look went, in one transaction; how many flags are new.

        The journal tells a pattern once: not again where one of its members was marked before.

        :param shown_s: by their numbers, how long invitations were shown that a look was taken at
        """
        fresh = 0
        with transaction(self._db) as db:
            for finding in findings:
                new = sum(db.execute(*_row(finding, at, *member)).rowcount for member in _members(finding))
                if new == len(finding.seqs) + len(finding.visit_ids):
                    write_note(db, NOTE, now, _told(finding))
                fresh += new
            if looked_to is not None:
                db.execute("INSERT OR REPLACE INTO looked (one, seq) VALUES (1, ?)", (looked_to,))
            db.executemany(
                "UPDATE cut_short SET shown_ms = ? WHERE n = ?",
                [
                    (_UNKNOWN_MS if each is None else round(each * 1000), n)
                    for n, each in (shown_s or {}).items()
                ],
            )
        return fresh


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many flags there are of each kind."""
    with translated(db):
        rows = db.execute("SELECT kind, COUNT(*) AS n FROM flags GROUP BY kind ORDER BY kind").fetchall()
    return {row["kind"]: row["n"] for row in rows}


def flags(db: sqlite3.Connection) -> tuple[Flag, ...]:
    """Every flag, in the order they were set."""
    with translated(db):
        rows = db.execute("SELECT * FROM flags ORDER BY id").fetchall()
    found = []
    for row in rows:
        reason = json.loads(row["reason"])
        found.append(
            Flag(row["kind"], row["seq"], row["visit_id"], row["at"], reason["measured"], reason["limits"])
        )
    return tuple(found)


def _members(finding: Finding) -> list[tuple[int | None, str | None]]:
    return [(seq, None) for seq in finding.seqs] + [(None, visit_id) for visit_id in finding.visit_ids]


def _row(
    finding: Finding, at: datetime, seq: int | None, visit_id: str | None
) -> tuple[str, tuple[object, ...]]:
    row = {
        "kind": str(finding.kind),
        "seq": seq,
        "visit_id": visit_id,
        "reason": json.dumps(_reason(finding), sort_keys=True),
        "at": iso_time(at),
    }
    return insert("flags", row, "INSERT OR IGNORE")


def _reason(finding: Finding) -> dict[str, Mapping[str, float]]:
    return {"measured": finding.measured, "limits": finding.limits}


def _told(finding: Finding) -> dict[str, object]:
    told: dict[str, object] = {"pattern": str(finding.kind), **_reason(finding)}
    return told | {"seqs": list(finding.seqs), "visits": list(finding.visit_ids)}


def _seen(row: sqlite3.Row, true_time: TrueTime) -> RatingSeen:
    at = _instant(row, "rated_at")
    return RatingSeen(
        seq=row["seq"],
        moment=Moment(at, true_time(at)),
        staff_number=row["staff_number"],
        level=Level(row["level"]),
        first_touch_ms=row["first_touch_ms"],
        submitted_ms=row["submitted_ms"],
        completion=Completion(row["completed_by"]),
        card_mark=row["card_mark"],
    )


def _opened(row: sqlite3.Row) -> Instant:
    return _instant(row, "opened_at")


def _instant(row: sqlite3.Row, wall: str) -> Instant:
    return Instant(parse_iso_time(row[wall]), row["boot_id"], row["monotonic_ns"], bool(row["clock_trusted"]))
