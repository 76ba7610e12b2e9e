"""A ledger of a million ratings in minutes: what the recorder and syncd would have written, row for row.

The values, rows and hashes are made by the recorder's own code; only the transactions are larger and
nothing is synced in between. ``tests/bench/test_bulk.py`` compares it with a ledger written one by one.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from uuid6 import uuid7

from pad import keys
from pad.chain import Head
from pad.codes import Level
from pad.ledger import recording
from pad.ledger.connection import connect, transaction
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.ledger.rows import Delivery, insert, visit_row
from pad.model import (
    CHINA_TIME,
    Completion,
    DeliveryState,
    Draft,
    FinishedRating,
    InputDevice,
    Instant,
    Matter,
    Visit,
    VisitEnd,
    VisitOutcome,
    iso_time,
)

OPENING: Final = datetime(2020, 1, 2, 9, 0, tzinfo=CHINA_TIME)
APART: Final = timedelta(minutes=2)
"""Day and night: a million ratings in less than four years."""
_AT_ONCE: Final = 5_000
_UNRATED_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class Made:
    """What came out at the window: a rating, or how else an invitation ended."""

    finished: FinishedRating | None
    unrated: tuple[Visit, VisitEnd] | None


def made(first: int, count: int) -> Iterator[Made]:
    """Invitations from a number on, the same each time but for the visits' ids; some lead to no rating."""
    for number in range(first, first + count):
        opened = Instant(
            OPENING + number * APART, f"boot-{number // 500}", (number % 500) * 120 * 10**9, True
        )
        matter = Matter(
            project_no=f"P{number}",
            task_name="个体工商户设立登记",
            task_code="11500222MB1234567X4000131000001",
            service_name="办结",
            area_code="500110000000",
        )
        visit = Visit(str(uuid7()), matter, opened, 60.0, "1024", "王芳")
        rated = Instant(
            opened.wall + timedelta(seconds=9), opened.boot_id, opened.monotonic_ns + 9 * 10**9, True
        )
        level = Level(1 + number % 5)
        draft = Draft(visit.id, level, InputDevice.TOUCH, opened, 900)
        yield Made(
            FinishedRating(visit, draft, (f"{level}10", f"{level}17"), "", Completion.SUBMITTED, rated, 2000),
            None,
        )
        if number % _UNRATED_EVERY == 0:
            silent = Visit(str(uuid7()), matter, opened, 60.0, "1024", "王芳")
            yield Made(None, (silent, VisitEnd(silent.id, VisitOutcome.TIMED_OUT, rated, "pad")))


def delivered(seq: int) -> Delivery:
    """What syncd writes of a rating that was taken at once."""
    at = iso_time(OPENING + seq * APART + timedelta(seconds=10))
    return Delivery(
        seq,
        DeliveryState.ACKNOWLEDGED,
        attempts=1,
        batch=str(UUID(int=seq)),
        sent_assess_time=at,
        receipt=f"R{seq}",
        settled_at=at,
    )


def fill(state: Path, ratings: int, waiting: int = 0, first: int = 0) -> None:
    """Make or go on with the ledger of a state folder; all acknowledged but for the last ``waiting``.

    :param first: how many ratings it was made with before
    """
    device_keys = keys.device_keys(state, may_create=True)
    path = state / "ledger.db"
    db = connect(path)
    recorder, outbox = Recorder(db, device_keys, "bench"), Outbox(db, device_keys)
    db.execute("PRAGMA synchronous=OFF")
    last, end = recording.head(db), first + ratings
    for start in range(first, end, _AT_ONCE):
        with transaction(db):
            last = _write(db, recorder, last, made(start, min(_AT_ONCE, end - start)))
        outbox.record(delivered(seq) for seq in range(start + 1, min(last.seq, end - waiting) + 1))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write(db: sqlite3.Connection, recorder: Recorder, last: Head, day: Iterator[Made]) -> Head:
    visits, ratings = [], []
    for each in day:
        if each.unrated is not None:
            visits.append(_visit(*each.unrated))
        elif each.finished is not None:
            end = VisitEnd(each.finished.visit.id, VisitOutcome.RATED, each.finished.rated)
            visits.append(_visit(each.finished.visit, end))
            row = recorder._rating_row(each.finished, None, last)
            last = Head(last.seq + 1, str(row["hash"]))
            ratings.append(row)
    for table, rows in (("visits", visits), ("ratings", ratings)):
        statement, _ = insert(table, rows[0])
        db.executemany(statement, [tuple(row.values()) for row in rows])
    return last


def _visit(visit: Visit, end: VisitEnd) -> dict[str, object]:
    return visit_row(visit) | {
        "outcome": str(end.outcome),
        "ended_at": iso_time(end.at.wall),
        "ended_by": end.by,
        "end_reason": end.reason,
    }
