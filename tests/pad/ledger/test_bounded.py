"""With retention the file stops growing: what leaves makes room for what comes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bench import bulk
from pad import keys
from pad.ledger import retention
from pad.ledger.connection import connect
from pad.ledger.verification import verify

MONTH = 250
KEPT_MONTHS = 2


def keep_house(state: Path, rated: int) -> tuple[int, int]:
    """A month's end; the file's bytes, and how many rows of all kinds are kept."""
    now = bulk.OPENING + rated * bulk.APART
    before = now - KEPT_MONTHS * MONTH * bulk.APART
    device_keys = keys.device_keys(state, may_create=False)
    with closing(connect(state / "ledger.db")) as db:
        retention.prune_ratings(db, before, now, device_keys.sealing)
        retention.prune_visits(db, before)
        retention.forget_in_log(db)
        assert verify(db, device_keys.chain)[2] is None
        counts = [
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("ratings", "visits", "deliveries", "rater")
        ]
    return (state / "ledger.db").stat().st_size, sum(counts)


def test_month_after_month_the_file_stays_as_large_as_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "REST_S", 0.0)
    sizes, rows = [], []
    for month in range(12):
        bulk.fill(tmp_path, MONTH, first=month * MONTH)
        size, kept = keep_house(tmp_path, (month + 1) * MONTH)
        sizes.append(size)
        rows.append(kept)
    full = KEPT_MONTHS + 1
    assert sizes[full] > 1.5 * sizes[0]
    assert max(rows[full:]) <= rows[full]
    assert max(sizes[full:]) <= 1.05 * sizes[full]
