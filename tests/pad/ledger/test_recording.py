"""The kiosk's side: what its calls have written is there, whole, whatever comes after."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pad.ledger import verification
from pad.ledger.connection import LedgerUnwritable, MatterRated, connect
from pad.ledger.recording import Recorder
from pad.ledger.rows import rating_from
from pad.ledger.state import is_rated
from pad.model import Rater, VisitEnd, VisitOutcome
from tests.pad.ledger.conftest import PERSON, Window, at

KILLED_WHILE_RATING = """
import sys
from pathlib import Path
from tests.pad.ledger.conftest import Window
window = Window(Path(sys.argv[1]))
while True:
    print(window.rate(1 + window.count % 5).seq, flush=True)
"""


def verified(window: Window) -> int:
    _start, head, broken = verification.verify(window.db, window.keys.chain)
    assert broken is None, broken
    return head.seq


def test_a_rating_has_all_its_parts_in_one_transaction(window: Window) -> None:
    rating = window.rate(2, rater=PERSON)
    assert (rating.seq, rating.level, rating.clock_trusted) == (1, 2, True)
    assert rating.pf == "4"
    assert window.value("SELECT outcome FROM visits") == "rated"
    assert window.value("SELECT COUNT(*) FROM draft") == 0
    assert window.outbox.rater(rating) == PERSON
    assert verified(window) == 1


def test_the_rating_that_is_returned_is_the_one_that_is_stored(window: Window) -> None:
    returned = window.rate(2, rater=PERSON)
    assert rating_from(window.db.execute("SELECT * FROM ratings").fetchone()) == returned


def test_a_rating_is_read_from_a_row_that_a_join_has_made_longer(window: Window) -> None:
    returned = window.rate(2)
    row = window.db.execute("SELECT r.*, v.outcome, v.id FROM ratings r JOIN visits v ON v.id = r.visit_id")
    assert rating_from(row.fetchone()) == returned


def test_seq_counts_without_gaps(window: Window) -> None:
    assert [window.rate().seq for _ in range(5)] == [1, 2, 3, 4, 5]
    assert verified(window) == 5


def test_a_matter_is_rated_once_and_the_second_visit_is_ended(window: Window) -> None:
    window.rate(5, project_no="P1")
    with pytest.raises(MatterRated):
        window.rate(1, project_no="P1")
    assert window.value("SELECT level FROM ratings") == 5
    row = window.db.execute("SELECT outcome, ended_by, end_reason FROM visits WHERE id = 'v2'").fetchone()
    assert tuple(row) == ("cancelled", "pad", "already_rated")
    assert window.value("SELECT COUNT(*) FROM draft") == 0


def test_unbound_ratings_are_marked_and_do_not_meet(window: Window) -> None:
    first, second = window.rate(project_no=None), window.rate(project_no=None)
    assert first.unbound
    assert second.seq == 2


def test_a_visit_ends_once(window: Window) -> None:
    visit = window.visit()
    window.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.WITHDRAWN, at(9), "rater"))
    window.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.CANCELLED, at(10), "1024", "x"))
    record = window.recorder.visit(visit.id)
    assert record is not None
    assert (record.outcome, record.visit.matter, record.visit.rater) == (
        VisitOutcome.WITHDRAWN, visit.matter, Rater(),
    )  # fmt: skip
    assert window.recorder.visit("none") is None


def test_whether_a_matter_is_rated_is_known(window: Window) -> None:
    visit = window.visit("P1")
    assert not is_rated(window.db, visit.matter)
    window.rate(project_no="P1")
    assert is_rated(window.db, visit.matter)


# --- power cuts ------------------------------------------------------------------------


def test_a_draft_is_completed_at_the_next_start_marked_and_without_a_reason(window: Window) -> None:
    window.draft(window.visit(rater=PERSON), 1)
    rating = window.recorder.recover(at(100, boot="boot-2"), discard=False)
    assert rating is not None
    assert (rating.level, rating.recovered, rating.reason_given, rating.indicators) == (1, True, False, ())
    assert (rating.boot_id, rating.rated_at) == ("boot-1", "2026-03-02T09:00:01.200+08:00")
    assert window.outbox.rater(rating) == PERSON
    assert window.recorder.recover(at(101), discard=False) is None
    assert verified(window) == 1


def test_where_the_city_discards_them_a_draft_is_no_rating(window: Window) -> None:
    window.draft(window.visit(), 1)
    assert window.recorder.recover(at(100), discard=True) is None
    assert window.value("SELECT outcome FROM visits") == "timed_out"
    assert window.value("SELECT (SELECT COUNT(*) FROM ratings) + (SELECT COUNT(*) FROM draft)") == 0


def test_an_untouched_invitation_is_ended_at_the_next_start(window: Window) -> None:
    window.visit()
    window.recorder.recover(at(100), discard=False)
    row = window.db.execute("SELECT outcome, ended_by, end_reason FROM visits").fetchone()
    assert tuple(row) == ("cancelled", "pad", "restart")


def test_a_draft_whose_matter_was_rated_meanwhile_does_not_stop_the_start(window: Window) -> None:
    visit = window.visit("P1")
    window.rate(project_no="P1")
    window.draft(visit, 1)
    assert window.recorder.recover(at(100), discard=False) is None
    assert window.value("SELECT COUNT(*) FROM draft") == 0


def test_killed_at_any_moment_every_rating_it_reported_is_there(tmp_path: Path) -> None:
    words = [sys.executable, "-c", KILLED_WHILE_RATING, str(tmp_path)]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert program.stdout is not None
    reported = [int(program.stdout.readline()) for _ in range(60)]
    program.send_signal(signal.SIGKILL)
    reported += [int(line) for line in program.stdout.read().splitlines()]
    program.wait()
    program.stdout.close()
    window = Window(tmp_path)
    window.recorder.recover(at(100), discard=False)
    assert verified(window) >= reported[-1]
    window.db.close()


# --- many at once, and a disk that is full ---------------------------------------------


def test_writers_at_once_leave_no_gap(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pad.ledger.connection._BUSY_S", 60.0)  # SQLite is not fair to who waits
    ratings = [window.finished() for _ in range(40)]

    def write(mine: list[object]) -> None:
        connection = connect(window.path)
        recorder = Recorder(connection, window.keys, "x")
        for rating in mine:
            recorder.append(rating)  # type: ignore[arg-type]
        connection.close()

    threads = [threading.Thread(target=write, args=(ratings[part::4],)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verified(window) == 40


def test_a_full_disk_is_said_and_nothing_of_the_rating_is_there(window: Window) -> None:
    window.rate()
    rating = window.finished()
    pages = window.value("PRAGMA page_count")
    window.db.execute(f"PRAGMA max_page_count = {pages}")

    def fill_up() -> None:
        for _ in range(500):
            window.recorder.note("filler", at(0), {"x": "y" * 500})

    def rate_until_full() -> None:
        window.recorder.append(rating)
        for _ in range(50):
            window.rate()

    for write in (fill_up, rate_until_full):
        with pytest.raises(LedgerUnwritable, match="full"):
            write()
    before = window.value("SELECT COUNT(*) FROM journal")
    count = window.value("SELECT COUNT(*) FROM ratings")
    window.db.execute("PRAGMA max_page_count = 1000000")
    assert verified(window) == count
    assert window.value("SELECT COUNT(*) FROM journal") == before
    window.recorder.probe()


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "not-a-folder"
    folder.write_text("x")
    with pytest.raises((LedgerUnwritable, OSError)):
        connect(folder / "ledger.db")


# --- personal data ---------------------------------------------------------------------


def test_nothing_of_a_person_lies_in_the_files(window: Window) -> None:
    window.draft(window.visit(rater=PERSON))
    rating = window.rate(rater=PERSON)
    planted = [part.encode() for part in (PERSON.name, PERSON.mobile, PERSON.cert_key)]
    for file in window.path.parent.iterdir():
        if file.is_file():
            content = file.read_bytes()
            assert not any(part in content for part in planted), file.name
    window.settle(rating.seq)
    window.db.execute("DELETE FROM rater")
    assert verified(window) == 1
    assert window.outbox.rater(rating) == Rater()


def test_sealed_data_that_were_exchanged_are_found(window: Window) -> None:
    first, second = window.rate(rater=PERSON), window.rate(rater=Rater(name="李雷"))
    exchange = "UPDATE rater SET sealed = (SELECT sealed FROM rater WHERE rating_id = ?) WHERE rating_id = ?"
    window.db.execute(exchange, (second.id, first.id))
    broken = verification.verify(window.db, window.keys.chain)[2]
    assert broken is not None
    assert broken.seq == 1


@pytest.mark.parametrize(
    "forgery", ["UPDATE ratings SET level = 5 WHERE seq = 2", "DELETE FROM ratings WHERE seq = 2"]
)
def test_what_is_forged_with_the_promises_taken_off_is_found(window: Window, forgery: str) -> None:
    for level in (1, 1, 1):
        window.rate(level)
    with sqlite3.connect(window.path) as forger:
        for row in forger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            forger.execute(f"DROP TRIGGER {row[0]}")
        forger.execute(forgery)
    forger.close()
    broken = verification.verify(window.db, window.keys.chain)[2]
    assert broken is not None
    assert broken.seq == 2


def test_the_ledger_needs_its_own_keys(window: Window) -> None:
    window.rate()
    assert verification.verify(window.db, os.urandom(32))[2] is not None
