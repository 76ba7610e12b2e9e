"""After damage: nothing is deleted, what can be read goes on, and what waited still leaves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pad import keys
from pad.ledger import flags as flag_table
from pad.ledger import rescue, verification
from pad.ledger.connection import LedgerDamaged, LedgerOfLaterVersion, LedgerUnwritable, connect, suspicion
from pad.ledger.flags import FlagBook
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, iso_time
from pad.suspicion.signs import Finding, Kind
from tests.pad.ledger.conftest import PERSON, Window, at

PAGE = 4096
NOW = at(5000)
HEADER_DAMAGED = "PRAGMA user_version = 4711"
"""No version will ever be called that."""


def filled(state: Path, count: int, *, acknowledged: int = 0, **given: object) -> Path:
    """A closed ledger of ``count`` ratings, the first of them acknowledged."""
    window = Window(state)
    window.db.execute("PRAGMA synchronous = OFF")
    for _ in range(count):
        window.rate(**given)  # type: ignore[arg-type]
    settled = iso_time(at(1000).wall)
    window.outbox.record(
        Delivery(seq, DeliveryState.ACKNOWLEDGED, 1, receipt=f"receipt-{seq:04}.", settled_at=settled)
        for seq in range(1, acknowledged + 1)
    )
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.db.close()
    return window.path


def spoil(path: Path, pages: set[int]) -> None:
    content = bytearray(path.read_bytes())
    for page in pages:
        content[page * PAGE : (page + 1) * PAGE] = b"\xaa" * PAGE
    path.write_bytes(content)


def pages_with(path: Path, *texts: str) -> set[int]:
    """The pages, from 0, that hold all of these texts."""
    content = path.read_bytes()
    found = range(len(content) // PAGE)
    return {
        page for page in found if all(t.encode() in content[page * PAGE : (page + 1) * PAGE] for t in texts)
    }


def rows_by_page(path: Path) -> dict[int, set[int]]:
    """Which ratings lie on which page: only there do a rating's id and hash stand together."""
    with closing(sqlite3.connect(path)) as db:
        ratings = db.execute("SELECT seq, id, hash FROM ratings").fetchall()
    lying: dict[int, set[int]] = {}
    for seq, *texts in ratings:
        for page in pages_with(path, *texts):
            lying.setdefault(page, set()).add(seq)
    return lying


@contextmanager
def opened(path: Path) -> Iterator[Window]:
    """The ledger after :func:`open_ledger`, as the kiosk goes on with it."""
    open_ledger(path, NOW).close()
    window = Window(path.parent)
    window.count = 5000
    yield window
    window.db.close()


def seqs(window: Window) -> set[int]:
    return {row[0] for row in window.db.execute("SELECT seq FROM ratings")}


def waiting(window: Window) -> list[int]:
    return [each.rating.seq for each in window.outbox.next_batch(1000)]


def set_aside(path: Path) -> list[str]:
    """The ledgers set aside, without what lies beside them."""
    found = (file.name for file in path.parent.glob("ledger.db.damaged-*"))
    return sorted(name for name in found if not name.endswith(("-wal", "-shm")))


# --- what is carried over --------------------------------------------------------------


def test_only_the_rows_on_damaged_pages_are_lost_wherever_they_lie(tmp_path: Path) -> None:
    path = filled(tmp_path, 120, rater=PERSON)
    lying = rows_by_page(path)
    pages = [next(page for page, found in lying.items() if seq in found) for seq in (30, 60, 100)]
    lost = set().union(*(lying[page] for page in pages))
    spoil(path, set(pages))
    before = path.read_bytes()
    with opened(path) as window:
        assert seqs(window) == set(range(1, 121)) - lost
        assert window.value("SELECT COUNT(*) FROM rater") == 120 - len(lost)
        assert window.value("SELECT COUNT(*) FROM visits") == 120
        detail = json.loads(str(window.value("SELECT detail FROM journal")))
        assert (tmp_path / detail["set_aside"]).read_bytes() == before
        assert detail["carried"]["ratings"] == 120 - len(lost)
        broken = verification.verify(window.db, window.keys.chain)[2]
        assert broken is not None
        assert (broken.seq, "missing" in broken.what) == (min(lost), True)
        assert window.rate().seq == 121


def test_flags_are_carried_but_for_those_whose_rating_is_lost(tmp_path: Path) -> None:
    path = filled(tmp_path, 120)
    with closing(connect(path)) as db:
        marks = [Finding(Kind.FAST, {"first_touch_ms": 1}, {}, seqs=(seq,)) for seq in (10, 60)]
        FlagBook(db).write(marks, NOW, NOW.wall, looked_to=120)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    lying = rows_by_page(path)
    lost = next(found for found in lying.values() if 60 in found)
    spoil(path, {page for page, found in lying.items() if found == lost})
    with opened(path) as window:
        assert 60 not in seqs(window)
        assert [each.seq for each in flag_table.flags(window.db)] == [10]
        assert FlagBook(window.db).looked_to() == 0  # it is looked at anew; nothing is marked twice
        assert window.db.execute("PRAGMA foreign_key_check(flags)").fetchall() == []


def test_visits_hidden_by_damage_are_found_by_their_ratings(tmp_path: Path) -> None:
    path = filled(tmp_path, 120)
    with closing(sqlite3.connect(path)) as db:
        opened_at = [row[0] for row in db.execute("SELECT opened_at FROM visits ORDER BY id")]
    spoil(
        path,
        {
            min(pages_with(path, opened_at[20], '"project_no"')),
            max(pages_with(path, opened_at[90], '"project_no"')),
        },
    )
    with opened(path) as window:
        assert len(seqs(window)) == 120
        assert 80 < int(str(window.value("SELECT COUNT(*) FROM visits"))) < 120


def test_a_schema_that_is_damaged_behind_its_tables_costs_no_row(tmp_path: Path) -> None:
    path = filled(tmp_path, 40)
    spoil(path, pages_with(path, "CREATE TRIGGER journal_never_shrinks"))
    with pytest.raises(LedgerDamaged):
        connect(path)
    with opened(path) as window:
        assert seqs(window) == set(range(1, 41))
        assert verification.verify(window.db, window.keys.chain)[2] is None
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            window.db.execute("DELETE FROM journal")


def test_a_ledger_of_a_later_version_stops_the_start_and_is_not_touched(tmp_path: Path) -> None:
    path = filled(tmp_path, 5)
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE ratings ADD COLUMN mood TEXT")
        db.execute("CREATE TABLE moods (id INTEGER PRIMARY KEY)")
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(LedgerOfLaterVersion, match="later version"):
        open_ledger(path, NOW)
    assert path.read_bytes() == before
    assert set_aside(path) == []


def test_what_a_lost_wal_held_is_gone_but_the_rest_opens_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path / "pad", 5)
    window = Window(tmp_path / "pad")
    window.count = 5
    window.rate()
    shutil.copytree(tmp_path / "pad", tmp_path / "copy", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    window.db.close()
    with opened(tmp_path / "copy" / "ledger.db") as rest:
        assert seqs(rest) == {1, 2, 3, 4, 5}
        assert set_aside(rest.path) == []
        assert verification.verify(rest.db, rest.keys.chain)[2] is None


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_wal_whose_ledger_is_gone_is_kept_and_gives_back_what_it_holds(tmp_path: Path, left: str) -> None:
    window = Window(tmp_path / "pad")
    window.rate()
    shutil.copytree(tmp_path / "pad", tmp_path / "copy")
    window.db.close()
    path = tmp_path / "copy" / "ledger.db"
    wal = path.with_name("ledger.db-wal").read_bytes()
    path.unlink()
    if left == "an empty file":
        path.touch()
    with opened(path) as fresh:
        assert seqs(fresh) == {1}
        assert verification.verify(fresh.db, fresh.keys.chain)[2] is None
        assert fresh.rate().seq == 2
    (kept,) = tmp_path.glob("copy/ledger.db.damaged-*-wal")
    assert kept.read_bytes() == wal


# --- and what waited still leaves ------------------------------------------------------


def test_a_rating_that_takes_the_place_of_a_lost_one_is_delivered(tmp_path: Path) -> None:
    path = filled(tmp_path, 60, acknowledged=60)
    lying = rows_by_page(path)
    last = next(page for page, found in lying.items() if 60 in found)
    spoil(path, {last})
    with opened(path) as window:
        assert waiting(window) == []
        rating = window.rate()
        assert rating.seq == min(lying[last])
        assert waiting(window) == [rating.seq]
        assert window.outbox.backlog().pending == 1


def test_ratings_whose_deliveries_are_lost_are_sent_once_more(tmp_path: Path) -> None:
    path = filled(tmp_path, 150, acknowledged=140)
    page = min(pages_with(path, "receipt-0070."))
    lost = [seq for seq in range(1, 141) if page in pages_with(path, f"receipt-{seq:04}.")]
    spoil(path, {page})
    with opened(path) as window:
        new = window.rate().seq
        assert window.outbox.backlog().pending == len(lost) + 10 + 1
        assert waiting(window) == [*lost, *range(141, 151)]
        window.settle(*waiting(window))
        assert waiting(window) == [new]


def test_a_draft_survives_the_rescue_and_becomes_a_rating(tmp_path: Path) -> None:
    path = filled(tmp_path, 3)
    window = Window(tmp_path)
    window.count = 3
    window.draft(window.visit(rater=PERSON), 1)
    window.db.execute(HEADER_DAMAGED)
    window.db.close()
    with opened(path) as after:
        rating = after.recorder.recover(NOW, discard=False)
        assert rating is not None
        assert (rating.seq, rating.level, rating.recovered) == (4, 1, True)
        assert after.outbox.rater(rating) == PERSON


# --- what goes wrong while it is mended ------------------------------------------------


class PowerCut(BaseException):
    """Ends everything, as no error would."""


@pytest.mark.parametrize("renamed", range(4))
def test_a_power_cut_while_it_is_replaced_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: int
) -> None:
    window = Window(tmp_path / "pad")
    for _ in range(5):
        window.rate()
    window.db.execute(HEADER_DAMAGED)
    shutil.copytree(tmp_path / "pad", tmp_path / "copy")  # with all the ratings still in its WAL
    window.db.close()
    path, done, rename = tmp_path / "copy" / "ledger.db", [0], Path.rename

    def cut(self: Path, target: Path) -> Path:
        if done[0] == renamed:
            raise PowerCut
        done[0] += 1
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut)
        with pytest.raises(PowerCut):
            open_ledger(path, NOW)
    with opened(path) as after:
        assert seqs(after) == {1, 2, 3, 4, 5}
        assert after.value("SELECT COUNT(*) FROM journal WHERE kind = 'ledger_rescued'") == 1
        assert after.rate().seq == 6
    assert len(set_aside(path)) == 1
    assert not path.with_name("ledger.db.rescue").exists()


def test_where_the_disk_has_no_room_for_it_the_damaged_ledger_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path, 60)
    spoil(path, {min(rows_by_page(path))})
    before, bare = path.read_bytes(), rescue._bare

    def small(fresh: Path) -> sqlite3.Connection:
        connection = bare(fresh)
        connection.execute("PRAGMA max_page_count = 30")
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(rescue, "_bare", small)
        with pytest.raises(LedgerUnwritable, match="full"):
            open_ledger(path, NOW)
    assert path.read_bytes() == before
    assert set_aside(path) == []
    with opened(path) as window:
        assert len(seqs(window)) > 40


def test_damage_that_is_met_while_working_is_mended_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescue, "_WHOLE_UP_TO_BYTES", 0)  # as if it were too large to be looked through
    path = filled(tmp_path, 20)
    with closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ratings_one_per_matter'")
        spoil(path, {root.fetchone()[0] - 1})
    with opened(path) as window:
        assert set_aside(path) == []
        with pytest.raises(LedgerDamaged):
            window.rate()
        assert suspicion(path).exists()
    with opened(path) as window:
        assert len(set_aside(path)) == 1
        assert not suspicion(path).exists()
        window.count = 6000
        assert window.rate().seq == 21


def test_who_still_has_the_old_file_open_takes_nothing_from_the_new_one(tmp_path: Path) -> None:
    path = filled(tmp_path, 3)
    syncd = connect(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(HEADER_DAMAGED)
    kiosk = open_ledger(path, NOW)
    Recorder(kiosk, keys.device_keys(tmp_path, may_create=False), "x").note("after", NOW, {})
    syncd.execute("UPDATE deliveries SET attempts = 0")
    syncd.close()
    assert path.with_name("ledger.db-wal").stat().st_size
    with closing(sqlite3.connect(path)) as other:
        assert [row[0] for row in other.execute("SELECT kind FROM journal")] == ["ledger_rescued", "after"]
    kiosk.close()


def test_the_old_ledger_is_named_by_the_time_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for number in range(3):
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(b"no ledger " * 1000 + bytes([number]))
        open_ledger(path, NOW).close()
    assert set_aside(path) == [
        "ledger.db.damaged-20260302T102320",
        "ledger.db.damaged-20260302T102320-2",
        "ledger.db.damaged-20260302T102320-3",
    ]
