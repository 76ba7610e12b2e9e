"""Power comes back, or the disk does: every tap is completed, noted or taken back, and nothing stops."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from pad.codes import Level
from pad.ledger import verification
from pad.ledger.connection import LedgerUnwritable, MatterRated
from pad.model import InputDevice, Matter, VisitEnd, VisitOutcome
from tests.pad.ledger.conftest import PERSON, Window, at


def outcomes(window: Window) -> dict[str, tuple[str, str, str]]:
    rows = window.db.execute("SELECT id, outcome, ended_by, end_reason FROM visits")
    return {row["id"]: (row["outcome"], row["ended_by"] or "", row["end_reason"] or "") for row in rows}


def given_up(window: Window) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        str(window.value("SELECT detail FROM journal WHERE kind = 'draft_given_up'"))
    )
    return found


# --- after a power cut -----------------------------------------------------------------


def test_the_last_face_tapped_counts_with_the_evidence_of_how_it_came_about(window: Window) -> None:
    visit = window.visit("P1")
    draft = window.draft(visit, 5)
    last = replace(
        draft, level=Level(2), input_device=InputDevice.KEYPAD, tapped=at(9, trusted=False), changes=3
    )
    window.recorder.keep_draft(last, PERSON)
    rating = window.recorder.recover(at(100, boot="boot-2"), discard=False)
    assert rating is not None
    assert (rating.level, rating.pf, rating.changes, rating.project_no) == (2, "5", 3, "P1")
    assert (rating.boot_id, rating.monotonic_ns, rating.clock_trusted) == ("boot-1", 9 * 10**9, False)
    assert (rating.staff_number, rating.staff_name) == ("1024", "王芳")
    assert (rating.recovered, rating.reason_given, rating.comment) == (True, False, "")
    assert outcomes(window) == {"v1": ("rated", "", "")}


def test_only_the_visit_with_a_draft_is_rated_the_others_are_cancelled(window: Window) -> None:
    first, second, third = window.visit(), window.visit(), window.visit()
    window.recorder.end_visit(VisitEnd(first.id, VisitOutcome.SUPERSEDED, at(50), "counter"))
    window.draft(second, 4)
    window.recorder.recover(at(100), discard=False)
    assert outcomes(window) == {
        first.id: ("superseded", "counter", ""),
        second.id: ("rated", "", ""),
        third.id: ("cancelled", "pad", "restart"),
    }


def test_a_discarded_draft_takes_the_persons_data_with_it(window: Window) -> None:
    window.draft(window.visit(rater=PERSON), 1)
    assert window.recorder.recover(at(100), discard=True) is None
    assert outcomes(window) == {"v1": ("timed_out", "pad", "restart")}
    assert window.value("SELECT COUNT(*) FROM draft") == 0
    assert window.value("SELECT COUNT(*) FROM rater") == 0


def test_a_second_power_cut_while_starting_rates_nothing_twice(window: Window) -> None:
    window.draft(window.visit(), 3)
    window.visit()
    assert window.recorder.recover(at(100), discard=False) is not None
    for _ in range(3):
        assert window.recorder.recover(at(101), discard=False) is None
    assert window.value("SELECT COUNT(*) FROM ratings") == 1
    assert window.value("SELECT COUNT(*) FROM journal") == 0


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("UPDATE draft SET input_device = 'a device of a later version'", "not a valid InputDevice"),
        ("UPDATE draft SET tapped_at = 'yesterday'", "yesterday"),
        ("UPDATE draft SET visit_id = 'nowhere'", "not there"),
        ("UPDATE visits SET outcome = 'withdrawn', ended_at = ''", "its visit ended: withdrawn"),
    ],
)
def test_a_draft_that_cannot_become_a_rating_is_noted_and_stops_nothing(
    window: Window, spoil: str, why: str
) -> None:
    window.draft(window.visit(rater=PERSON), 1)
    window.db.execute("PRAGMA foreign_keys = OFF")
    window.db.execute(spoil)
    assert window.recorder.recover(at(100), discard=False) is None
    assert window.value("SELECT COUNT(*) FROM draft") == 0
    assert given_up(window)["level"] == 1
    assert why in str(given_up(window)["why"])
    assert window.rate().seq == 1


def test_a_matter_that_cannot_be_read_stops_nothing(window: Window) -> None:
    window.draft(window.visit(), 1)
    window.db.execute("DROP TRIGGER visits_keep_what_they_were")
    window.db.execute("UPDATE visits SET matter = '{'")
    assert window.recorder.recover(at(100), discard=False) is None
    assert outcomes(window) == {"v1": ("cancelled", "pad", "restart")}


# --- after a disk that took nothing ----------------------------------------------------


def test_a_rating_whose_invitation_was_never_written_is_stored_with_it(window: Window) -> None:
    finished = window.finished(rater=PERSON)
    unwritten = replace(finished.visit, id="unwritten", matter=Matter(project_no="P77"))
    rating = window.recorder.append(
        replace(finished, visit=unwritten, draft=replace(finished.draft, visit_id="unwritten"))
    )
    assert (rating.project_no, rating.visit_id) == ("P77", "unwritten")
    assert outcomes(window)["unwritten"] == ("rated", "", "")
    assert window.outbox.rater(rating) == PERSON


@pytest.mark.parametrize("project_no", ["P1", None])
def test_a_rating_that_was_written_after_all_is_not_written_again(
    window: Window, project_no: str | None
) -> None:
    finished = window.finished(project_no)
    first = window.recorder.append(finished)
    assert window.recorder.append(finished) == first
    assert window.value("SELECT COUNT(*) FROM ratings") == 1


def test_neither_excuses_a_matter_that_is_rated(window: Window) -> None:
    window.rate(project_no="P1")
    finished = window.finished("P2")
    again = replace(finished, visit=replace(finished.visit, id="unwritten", matter=Matter(project_no="P1")))
    with pytest.raises(MatterRated):
        window.recorder.append(again)
    assert window.value("SELECT COUNT(*) FROM ratings") == 1


def test_a_full_disk_refuses_what_it_refuses_whole_and_takes_it_later(window: Window) -> None:
    ratings = [window.finished(rater=PERSON) for _ in range(40)]
    visits = [window.visit() for _ in range(40)]
    unwritten = [replace(visit, id=f"{visit.id}-new") for visit in visits]
    long = "错" * 99
    attempts: dict[str, list[Callable[[], object]]] = {
        "rate": [partial(window.recorder.append, rating) for rating in ratings],
        "open": [partial(window.recorder.open_visit, visit) for visit in unwritten],
        "end": [
            partial(window.recorder.end_visit, VisitEnd(visit.id, VisitOutcome.CANCELLED, at(0), "", long))
            for visit in visits
        ],
        "note": [partial(window.recorder.note, "test", at(0), {"x": "y" * 999})] * 40,
    }  # fmt: skip
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.db.execute(f"PRAGMA max_page_count = {window.value('PRAGMA page_count')}")

    def stored() -> list[tuple[object, ...]]:
        tables = ("visits", "ratings", "rater", "draft", "journal")
        return [tuple(row) for table in tables for row in window.db.execute(f"SELECT * FROM {table}")]

    refused: dict[str, Callable[[], object]] = {}
    for kind, each in attempts.items():
        for attempt in each:
            before = stored()
            try:
                attempt()
            except LedgerUnwritable:
                refused[kind] = attempt
                assert stored() == before
                assert not window.db.in_transaction
    assert set(refused) == set(attempts)
    window.db.execute("PRAGMA max_page_count = 100000")
    window.recorder.probe()
    for attempt in refused.values():
        attempt()
    assert verification.verify(window.db, window.keys.chain)[2] is None
