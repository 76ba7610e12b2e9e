"""How the ledger stands is read beside its writers, and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pad.ledger.connection import SCHEMA_VERSION, LedgerDamaged, LedgerError, transaction
from pad.ledger.state import age_s, standing
from pad.model import DeliveryState
from tests.pad.ledger.conftest import START, Window, at


def test_a_new_ledger_has_nothing_to_tell(window: Window) -> None:
    found = standing(window.path)
    assert (found.backlog.pending, found.refused, found.rated_at, found.acknowledged_at) == (0, 0, None, None)
    assert found.schema == SCHEMA_VERSION


def test_what_waits_what_was_refused_and_what_the_platform_has(window: Window) -> None:
    for _ in range(4):
        window.rate()
    window.settle(1)
    window.settle(2, state=DeliveryState.REFUSED)
    found = standing(window.path)
    assert (found.backlog.pending, found.refused) == (2, 1)
    assert found.rated_at == START + timedelta(seconds=4.5)
    assert found.acknowledged_at == START + timedelta(seconds=1000)


def test_it_is_read_while_somebody_writes(window: Window) -> None:
    window.rate()
    with transaction(window.db) as db:
        db.execute("DELETE FROM draft")
        assert standing(window.path).backlog.pending == 1


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger yet; start the kiosk first"):
        standing(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_ledger_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no ledger" * 1000)
    with pytest.raises(LedgerDamaged):
        standing(tmp_path / "ledger.db")


def test_within_a_boot_the_wall_clock_has_no_say_in_an_age() -> None:
    assert age_s(at(10), at(70)) == 60


def test_across_a_restart_an_age_is_the_wall_clocks_and_never_negative() -> None:
    assert age_s(at(10, boot="before"), at(70)) == 60
    assert age_s(at(70, boot="before"), at(10)) == 0
