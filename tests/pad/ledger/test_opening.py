"""Opening the ledger: new, at once by two, of another version, and after damage."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pad.ledger import verification
from pad.ledger.connection import SCHEMA_VERSION, LedgerOfLaterVersion, connect
from pad.ledger.rescue import open_ledger
from pad.ledger.schema import migrations
from tests.pad.ledger.conftest import PERSON, Window, at


def test_a_new_ledger_has_every_migration_and_opening_again_changes_nothing(window: Window) -> None:
    assert window.value("PRAGMA user_version") == SCHEMA_VERSION == len(migrations._migrations)
    assert window.value("PRAGMA journal_mode") == "wal"
    assert window.value("PRAGMA synchronous") == 2
    before = window.db.execute("SELECT sql FROM sqlite_master").fetchall()
    connect(window.path).close()
    assert window.db.execute("SELECT sql FROM sqlite_master").fetchall() == before


def test_two_programs_may_make_a_new_ledger_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pad.ledger.connection import connect;"
        "print(connect(Path(sys.argv[1])).execute('PRAGMA user_version').fetchone()[0])"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "ledger.db")]
    programs = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [program.communicate()[0].strip() for program in programs] == [str(SCHEMA_VERSION)] * 4


def test_a_ledger_of_a_later_version_is_not_touched(window: Window) -> None:
    window.db.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerOfLaterVersion, match="later version"):
        connect(window.path)


# --- damage ----------------------------------------------------------------------------


def filled(folder: Path, count: int = 40) -> Path:
    window = Window(folder)
    for number in range(count):
        window.rate(1 + number % 5, rater=PERSON)
    window.settle(*range(1, count // 2))
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.db.close()
    return window.path


def aside(path: Path) -> list[Path]:
    return [
        file for file in path.parent.glob("ledger.db.damaged-*") if not file.name.endswith(("-wal", "-shm"))
    ]


def rescued(path: Path) -> Window:
    """Open what was damaged; it can be read and written again."""
    open_ledger(path, at(5000)).close()
    window = Window(path.parent)
    detail = json.loads(str(window.value("SELECT detail FROM journal WHERE kind = 'ledger_rescued'")))
    assert (path.parent / detail["set_aside"]).exists()
    window.count = 1000
    window.rate()
    return window


def test_a_whole_ledger_is_opened_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path)
    open_ledger(path, at(5000)).close()
    assert aside(path) == []


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look at" * 100])
def test_a_file_that_is_no_ledger_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    if not content:
        open_ledger(path, at(0)).close()
        assert aside(path) == []
        return
    window = rescued(path)
    assert aside(path)[0].read_bytes() == content
    window.db.close()


def test_of_a_truncated_ledger_what_can_be_read_is_carried_over(tmp_path: Path) -> None:
    path = filled(tmp_path, 200)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    window = rescued(path)
    assert aside(path)
    window.db.close()


@pytest.mark.parametrize("seed", range(6))
def test_damaged_pages_never_stop_the_start(tmp_path: Path, seed: int) -> None:
    path = filled(tmp_path, 120)
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(3):
        page = chance.randrange(1, len(content) // 4096)
        content[page * 4096 : page * 4096 + 4096] = chance.randbytes(4096)
    path.write_bytes(content)
    open_ledger(path, at(5000)).close()
    window = Window(path.parent)
    window.count = 1000
    window.visit()
    window.db.close()


def test_a_ledger_whose_head_page_is_damaged_keeps_its_rows(tmp_path: Path) -> None:
    path = filled(tmp_path)
    window = Window(tmp_path)
    (last_index_page,) = window.db.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'journal'"
    ).fetchone()
    window.db.close()
    content = bytearray(path.read_bytes())
    start = (last_index_page - 1) * 4096
    content[start : start + 4096] = b"\xaa" * 4096
    path.write_bytes(content)
    window = rescued(path)
    assert window.value("SELECT COUNT(*) FROM ratings WHERE seq <= 40") == 40
    assert window.value("SELECT COUNT(*) FROM rater") == 40
    assert verification.verify(window.db, window.keys.chain)[2] is None
    window.db.close()
