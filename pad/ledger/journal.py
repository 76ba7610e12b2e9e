"""What is noted for the technician: one entry an event, in the table that only grows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from pad.ledger.rows import insert
from pad.model import Instant, iso_time


def write_note(db: sqlite3.Connection, kind: str, at: Instant, detail: Mapping[str, object]) -> None:
    """Add a journal entry inside a transaction; ``detail`` holds no personal data."""
    db.execute(
        *insert(
            "journal",
            {
                "at": iso_time(at.wall),
                "boot_id": at.boot_id,
                "monotonic_ns": at.monotonic_ns,
                "kind": kind,
                "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
            },
        )
    )
