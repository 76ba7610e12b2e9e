"""The disk fills up, turns read-only, or loses a file, under the pad's programs: nobody is thanked in vain.

Each time the citizen's side says so, syncd lives, all goes on by itself, and the journal has one entry.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pad.ledger.connection import SCHEMA_VERSION, LedgerUnwritable, connect
from tests.disk.conftest import PadOnDisk, pad_on
from tests.disk.mounts import FailingDisk, SmallDisk
from tests.syncd.city import Line, Request


def no_wal_to_write_over(pad: PadOnDisk) -> None:
    """What stands in a WAL already could be written over; so it has to grow."""
    with closing(sqlite3.connect(pad.ledger, isolation_level=None)) as db:
        busy = 1
        while busy:
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


# --- full ---------------------------------------------------------------------------------


def test_a_disk_that_is_full_when_a_person_submits_keeps_the_rating_in_hand_and_takes_it_later(
    pad: PadOnDisk, small_disk: SmallDisk
) -> None:
    pad.start_kiosk()
    syncd = pad.start_syncd()
    pad.rate("P0")
    pad.all_arrive_once("P0")
    pad.tap("P1", 1)
    no_wal_to_write_over(pad)
    small_disk.fill()
    pad.submit()
    pad.until(pad.in_hand)
    assert pad.state() == "cannot_store"
    assert pad.refuses("P2")
    assert pad.read("SELECT COUNT(*) FROM ratings") == [(1,)]
    small_disk.make_room()
    pad.until(pad.thanked)
    assert pad.read("SELECT level FROM ratings WHERE project_no = 'P1'") == [(1,)]
    assert not pad.refuses("P2")
    pad.all_arrive_once("P0", "P1")
    pad.until(lambda: "disk_full" in pad.journal())
    (episode,) = pad.journal()["disk_full"]
    assert "full" in episode["why"] or "free" in episode["why"]
    assert episode["until"]
    assert syncd.terminate() == 0


def test_a_disk_that_fills_between_two_people_says_so_before_it_is_asked(
    pad: PadOnDisk, small_disk: SmallDisk
) -> None:
    pad.start_kiosk()
    assert pad.state() == "idle"
    for _ in range(3):
        small_disk.fill()
        pad.until(lambda: pad.state() == "cannot_store")
        assert pad.refuses("P0")
        small_disk.make_room()
        pad.until(lambda: pad.state() == "idle")
    pad.rate("P0")
    assert len(pad.journal()["disk_full"]) == 3, "one an episode"


def test_a_pad_that_starts_on_a_full_disk_says_so_and_begins_when_there_is_room(
    pad: PadOnDisk, small_disk: SmallDisk
) -> None:
    pad.box.rate("P0")
    pad.let_go()
    small_disk.fill()
    pad.start_kiosk()
    syncd = pad.start_syncd()
    assert pad.state() == "cannot_store"
    assert pad.refuses("P1")
    small_disk.make_room()
    pad.until(lambda: pad.state() == "idle")
    pad.rate("P1")
    pad.all_arrive_once("P0", "P1")
    assert len(pad.journal()["disk_full"]) == 1
    assert syncd.terminate() == 0


def test_a_disk_without_one_more_file_is_a_full_disk(pad: PadOnDisk, small_disk: SmallDisk) -> None:
    pad.let_go()
    small_disk.use_up_files()
    pad.start_kiosk()
    syncd = pad.start_syncd()
    assert pad.state() == "cannot_store"
    assert pad.refuses("P0")
    small_disk.make_room()
    pad.until(lambda: pad.state() == "idle")
    pad.rate("P0")
    pad.all_arrive_once("P0")
    assert "inodes" in pad.journal()["disk_full"][0]["why"]
    assert syncd.terminate() == 0


def test_an_answer_that_syncd_cannot_write_down_is_not_asked_for_again(
    pad: PadOnDisk, small_disk: SmallDisk
) -> None:
    pad.start_kiosk()
    pad.rate("P0")
    answered: list[str] = []

    def fills_the_disk(request: Request, line: Line) -> bytes:
        no_wal_to_write_over(pad)
        small_disk.fill()
        answered.append("P0")
        return pad.city.behave(request, line)

    pad.city.script.append(fills_the_disk)
    syncd = pad.start_syncd()
    syncd.wait_for_log("nothing can be delivered")
    assert answered == ["P0"]
    assert pad.unsettled() == 1
    small_disk.make_room()
    pad.all_arrive_once("P0")
    assert len(pad.city.requests) == 1
    assert syncd.terminate() == 0


def test_a_migration_that_finds_no_room_changes_nothing_it_cannot_finish(
    small_disk: SmallDisk, tmp_path: Path
) -> None:
    from tests.pad.ledger.test_versions import ledger_of_version, stored

    path = small_disk.folder / "ledger.db"
    ledger_of_version(1, path, ratings=300)
    before = stored(path)
    small_disk.fill()
    for _ in range(2):
        with pytest.raises(LedgerUnwritable):
            connect(path)
    small_disk.make_room()
    assert stored(path) == before
    connect(path).close()
    assert stored(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT detail FROM journal WHERE kind = 'ledger_migrated'").fetchall() == [
            (f'{{"from": 1, "to": {SCHEMA_VERSION}}}',)
        ]


def test_a_damaged_ledger_on_a_full_disk_is_mended_when_there_is_room(
    pad: PadOnDisk, small_disk: SmallDisk
) -> None:
    for number in range(40):
        pad.box.rate(f"P{number}")
    pad.box.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = pad.box.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ratings'").fetchone()
    pad.let_go()
    content = bytearray(pad.ledger.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xaa" * 4096
    pad.ledger.write_bytes(content)
    small_disk.fill()
    pad.start_kiosk()
    syncd = pad.start_syncd()
    assert pad.state() == "cannot_store"
    assert pad.ledger.read_bytes() == content
    small_disk.make_room()
    pad.until(lambda: pad.state() == "idle")
    pad.rate("P40")
    pad.all_arrive_once(*[f"P{number}" for number in range(41)])
    assert len(pad.journal()["ledger_rescued"]) == 1
    assert syncd.terminate() == 0


# --- read-only ----------------------------------------------------------------------------


def test_a_disk_that_turns_read_only_keeps_the_rating_in_hand_until_it_is_replaced(
    failing_disk: FailingDisk, tmp_path: Path
) -> None:
    with closing(pad_on(tmp_path / "pad")) as pad:
        pad.let_go()
        pad.start_kiosk()
        syncd = pad.start_syncd()
        pad.rate("P0")
        pad.all_arrive_once("P0")
        pad.tap("P1", 2)
        failing_disk.fail()
        pad.submit()
        pad.until(pad.in_hand)
        assert pad.state() == "cannot_store"
        assert pad.refuses("P2")
        failing_disk.replace()
        pad.until(pad.thanked)
        pad.all_arrive_once("P0", "P1")
        pad.until(lambda: "disk_read_only" in pad.journal())
        assert len(pad.journal()["disk_read_only"]) == 1
        assert syncd.terminate() == 0


def test_a_disk_that_turns_read_only_between_two_people_says_so_before_it_is_asked(
    failing_disk: FailingDisk, tmp_path: Path
) -> None:
    with closing(pad_on(tmp_path / "pad")) as pad:
        pad.let_go()
        pad.start_kiosk()
        assert pad.state() == "idle"
        failing_disk.fail()
        pad.until(lambda: pad.state() == "cannot_store")
        pad.stop_kiosk()
        pad.start_kiosk()
        assert pad.state() == "cannot_store", "nor after a start"
        failing_disk.replace()
        pad.until(lambda: pad.state() == "idle")
        pad.rate("P0")


# --- a file that goes ---------------------------------------------------------------------


def test_a_wal_that_is_deleted_while_both_programs_run_costs_no_rating(pad: PadOnDisk) -> None:
    pad.let_go()
    pad.start_kiosk()
    syncd = pad.start_syncd()
    pad.rate("P0")
    pad.all_arrive_once("P0")
    pad.tap("P1", 1)
    (pad.ledger.with_name("ledger.db-wal")).unlink()
    pad.submit()
    pad.until(pad.thanked)
    pad.rate("P2")
    pad.all_arrive_once("P0", "P1", "P2")
    (episode,) = pad.journal()["wal_missing"]
    assert "deleted while in use" in episode["why"]
    assert syncd.terminate() == 0


def test_damage_that_syncd_meets_is_mended_without_a_restart(pad: PadOnDisk) -> None:
    pad.start_kiosk()
    for number in range(3):
        pad.rate(f"P{number}")
    with closing(sqlite3.connect(pad.ledger, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    with pad.ledger.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xaa" * 4096)
    syncd = pad.start_syncd()
    pad.all_arrive_once("P0", "P1", "P2")
    assert len(pad.journal()["ledger_rescued"]) == 1
    pad.rate("P3")
    pad.all_arrive_once("P0", "P1", "P2", "P3")
    assert syncd.terminate() == 0
