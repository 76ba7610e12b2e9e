"""The one door between ledger rows and values."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final

import msgspec

from pad.clock import Anchor, AnchorSource
from pad.codes import Level
from pad.model import (
    Completion,
    DeliveryState,
    Draft,
    InputDevice,
    Instant,
    Matter,
    Rating,
    Visit,
    VisitOutcome,
    iso_time,
    parse_iso_time,
)

RATING_COLUMNS: Final = tuple(field.name for field in fields(Rating))
_FLAGS: Final = ("unbound", "reason_given", "recovered", "clock_trusted")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of ``deliveries``. Times are ISO 8601 in China time; None where not yet so."""

    seq: int
    state: DeliveryState
    attempts: int = 0
    batch: str | None = None
    next_attempt_at: str | None = None
    last_error: str | None = None
    sent_assess_time: str | None = None
    time_uncertain: bool = False
    receipt: str | None = None
    platform_code: str | None = None
    platform_message: str | None = None
    settled_at: str | None = None
    exported_at: str | None = None


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """A stored visit with its end, if it has one."""

    visit: Visit
    outcome: VisitOutcome | None


DELIVERY_COLUMNS: Final = tuple(field.name for field in fields(Delivery))


def rating_from(row: sqlite3.Row) -> Rating:
    """A row of ``ratings`` as a value; what a join adds to it is left aside.

    :raises ValueError: if it holds a level, completion or device this version does not know
    """
    return rating_of({name: row[name] for name in RATING_COLUMNS})


def rating_of(columns: Mapping[str, Any]) -> Rating:
    """The columns of a row of ``ratings``, all of them, as a value; raises as :func:`rating_from` does."""
    return Rating(
        **{
            **columns,
            **{name: bool(columns[name]) for name in _FLAGS},
            "level": Level(columns["level"]),
            "indicators": tuple(filter(None, columns["indicators"].split(","))),
            "completed_by": Completion(columns["completed_by"]),
            "input_device": InputDevice(columns["input_device"]),
        }
    )


def delivery_from(row: sqlite3.Row) -> Delivery:
    """A row of ``deliveries`` as a value."""
    found: dict[str, Any] = {name: row[name] for name in DELIVERY_COLUMNS}
    return Delivery(
        **found | {"state": DeliveryState(found["state"]), "time_uncertain": bool(found["time_uncertain"])}
    )


def visit_from(row: sqlite3.Row) -> VisitRecord:
    """A row of ``visits`` as a value (without the rater, which no visit row holds)."""
    return VisitRecord(
        visit=Visit(
            id=row["id"],
            matter=msgspec.json.decode(row["matter"], type=Matter),
            opened=_instant(row, "opened_at"),
            timeout_s=row["timeout_s"],
            staff_number=row["staff_number"],
            staff_name=row["staff_name"],
        ),
        outcome=VisitOutcome(row["outcome"]) if row["outcome"] else None,
    )


def visit_row(visit: Visit) -> dict[str, object]:
    """A visit as the row that is inserted when it opens."""
    return {
        "id": visit.id,
        "opened_at": iso_time(visit.opened.wall),
        "boot_id": visit.opened.boot_id,
        "monotonic_ns": visit.opened.monotonic_ns,
        "clock_trusted": int(visit.opened.trusted),
        "project_no": visit.matter.project_no,
        "service_number": visit.matter.service_number,
        "matter": msgspec.json.encode(visit.matter).decode(),
        "staff_number": visit.staff_number,
        "staff_name": visit.staff_name,
        "timeout_s": visit.timeout_s,
    }


def draft_from(row: sqlite3.Row) -> Draft:
    """The row of ``draft`` as a value."""
    return Draft(
        visit_id=row["visit_id"],
        level=Level(row["level"]),
        input_device=InputDevice(row["input_device"]),
        tapped=_instant(row, "tapped_at"),
        first_touch_ms=row["first_touch_ms"],
        changes=row["changes"],
    )


def draft_row(draft: Draft, rater_sealed: bytes | None) -> dict[str, object]:
    """A draft as its row."""
    return {
        "one": 1,
        "visit_id": draft.visit_id,
        "level": int(draft.level),
        "input_device": str(draft.input_device),
        "tapped_at": iso_time(draft.tapped.wall),
        "boot_id": draft.tapped.boot_id,
        "monotonic_ns": draft.tapped.monotonic_ns,
        "clock_trusted": int(draft.tapped.trusted),
        "first_touch_ms": draft.first_touch_ms,
        "changes": draft.changes,
        "rater_sealed": rater_sealed,
    }


def anchor_from(row: sqlite3.Row) -> Anchor:
    """A row of ``anchors`` as a value."""
    return Anchor(
        boot_id=row["boot_id"],
        monotonic_ns=row["monotonic_ns"],
        true_time=parse_iso_time(row["true_time"]),
        offset=timedelta(microseconds=row["offset_us"]),
        source=AnchorSource(row["source"]),
    )


def anchor_row(anchor: Anchor) -> dict[str, object]:
    """An anchor as its row."""
    return {
        "boot_id": anchor.boot_id,
        "monotonic_ns": anchor.monotonic_ns,
        "true_time": iso_time(anchor.true_time),
        "offset_us": anchor.offset // timedelta(microseconds=1),
        "source": str(anchor.source),
    }


def insert(table: str, row: Mapping[str, object], verb: str = "INSERT") -> tuple[str, tuple[object, ...]]:
    """The statement and values that put a row into a table of ours (names are never input)."""
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    return f"{verb} INTO {table} ({columns}) VALUES ({marks})", tuple(row.values())


def _instant(row: sqlite3.Row, wall: str) -> Instant:
    return Instant(
        wall=parse_iso_time(row[wall]),
        boot_id=row["boot_id"],
        monotonic_ns=row["monotonic_ns"],
        trusted=bool(row["clock_trusted"]),
    )
