"""Damage anywhere in a ledger: all that SQLite's own ``.recover`` can reach goes on, and a gap is named.

Longer: ``make crash``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path
from typing import Final

import apsw
import pytest

from pad import keys
from pad.ledger import verification
from pad.ledger.connection import LedgerDamaged
from pad.ledger.rescue import open_ledger
from pad.model import Matter, Rater, Visit
from tests.pad.ledger.conftest import PERSON, Window, at

CASES: Final = int(os.environ.get("DAMAGE_CASES", "40"))
PAGE: Final = 4096
RATINGS: Final = 160
NOW: Final = at(5000)
SHELL: Final = resources.files("apsw") / "sqlite_extra_binaries" / "sqlite3_shell"
Rows = dict[int, tuple[object, ...]]
Damage = Callable[[bytearray, random.Random], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with rows of every kind, long ones too, and free pages where old ones were."""
    window = Window(tmp_path_factory.mktemp("whole"))
    window.db.execute("PRAGMA synchronous = OFF")
    for number in range(RATINGS):
        window.rate(1 + number % 5, rater=PERSON if number % 2 else Rater())
        if number % 10 == 0:
            long = Matter(project_no=f"L{number}", task_name="事项" * 100, org_name="局" * 200)
            window.recorder.open_visit(Visit(f"long-{number}", long, at(number), 60.0, "1024", "王芳"))
    for number in range(60):
        window.recorder.note("test", at(number), {"number": number, "filling": "x" * 900})
    window.settle(*range(1, RATINGS // 2))
    window.db.execute("CREATE TABLE was_once (text TEXT)")
    window.db.executemany("INSERT INTO was_once VALUES (?)", [("y" * 3000,)] * 10)
    window.db.execute("DROP TABLE was_once")
    window.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    window.db.close()
    return window.path


def ratings_of(db: sqlite3.Connection) -> Rows:
    return {row[0]: tuple(row) for row in db.execute("SELECT * FROM ratings")}


def reached_by_sqlite(path: Path, folder: Path) -> Rows:
    """The ratings that ``.recover`` of SQLite's shell gets out of a damaged file."""
    script = subprocess.run([str(SHELL), str(path), ".recover"], capture_output=True, check=False).stdout
    found: Rows = {}
    with closing(apsw.Connection(str(folder / "recovered.db"))) as db:
        for statement in statements(script.decode(errors="replace")):
            try:
                db.execute(statement)
            except apsw.Error:
                continue  # a table of which it made two, a row that its own constraint refuses
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if "ratings" in tables:
            found |= {row[0]: tuple(row) for row in db.execute("SELECT * FROM ratings")}
        if "lost_and_found" in tables:
            for row in db.execute("SELECT * FROM lost_and_found WHERE nfield = 44"):
                # rootpgno, pgno, nfield, rowid, then the row, in which the rowid is left out
                found.setdefault(row[3], (row[3], *row[5:48]))
    (folder / "recovered.db").unlink()
    return found


def statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def survives(whole: Path, tmp_path: Path, content: bytes) -> Rows:
    """Damage a copy and start; what is promised of it holds. The ratings that are there then."""
    state = tmp_path / "state"
    shutil.copytree(whole.parent, state)
    path = state / whole.name
    path.write_bytes(content)
    shutil.copy(path, tmp_path / "damaged.db")
    reached = reached_by_sqlite(tmp_path / "damaged.db", tmp_path)
    with closing(sqlite3.connect(f"{whole.as_uri()}?mode=ro", uri=True)) as db:
        before = ratings_of(db)
    open_ledger(path, NOW).close()
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        # a text deep inside that is none shows when it is read; what is met at work is mended then
        with suppress(LedgerDamaged):
            verification.verify(db, keys.device_keys(state, may_create=False).chain)
    open_ledger(path, NOW).close()
    window = Window(state)
    try:
        after = ratings_of(window.db)
        genuine = {seq: row for seq, row in reached.items() if before.get(seq) == row}
        lost = genuine.keys() - after.keys()
        assert not lost, f"SQLite reaches {len(genuine)}, we {len(after)}; lost {sorted(lost)}"
        assert all(after[seq] == row for seq, row in genuine.items())
        note = window.db.execute("SELECT detail FROM journal WHERE kind = 'ledger_rescued'").fetchone()
        if note is not None:
            aside = state / json.loads(note[0])["set_aside"]
            assert aside.read_bytes() == content, "set aside whole"
        else:
            assert after.keys() == before.keys() or not content, "nothing was set aside, so none may be gone"
        gap = min((seq for seq in before if after.get(seq) != before[seq]), default=RATINGS + 1)
        broken = verification.verify(window.db, window.keys.chain)[2]
        if after and gap <= max(after):
            assert broken is not None
            assert broken.seq == gap, "verify names the gap"
        else:
            assert broken is None or "sealed data" in broken.what
        window.count = 9000
        rating = window.rate()
        assert rating.seq == max(after, default=0) + 1
        assert window.outbox.backlog().pending > 0, "it will be sent"
    finally:
        window.db.close()
        shutil.rmtree(state)
    return after


def a_page(content: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(content) // PAGE) * PAGE


def noise(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        start = a_page(content, chance)
        content[start : start + PAGE] = chance.randbytes(PAGE)


def zeros(content: bytearray, chance: random.Random) -> None:
    start = a_page(content, chance)
    content[start : start + PAGE] = bytes(PAGE)


def sectors(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(content) // 512) * 512
        content[start : start + 512] = chance.randbytes(512)


def bits(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 30)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def swapped(content: bytearray, chance: random.Random) -> None:
    one, two = a_page(content, chance), a_page(content, chance)
    content[one : one + PAGE], content[two : two + PAGE] = (
        content[two : two + PAGE],
        content[one : one + PAGE],
    )


def cut_at_a_page(content: bytearray, chance: random.Random) -> None:
    del content[a_page(content, chance) :]


def cut_anywhere(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


KINDS: Final[tuple[Damage, ...]] = (noise, zeros, sectors, bits, swapped, cut_at_a_page, cut_anywhere)


@pytest.mark.timeout(300 + 4 * CASES)
@pytest.mark.parametrize("damage", KINDS, ids=lambda damage: damage.__name__)
def test_what_sqlite_can_recover_goes_on_wherever_the_damage_is(
    whole: Path, tmp_path: Path, damage: Damage
) -> None:
    for case in range(-(-CASES // len(KINDS))):
        # elsewhere each time only where many are tried: make crash
        seed = f"{damage.__name__}-{case}-{random.randrange(10**9) if 'DAMAGE_CASES' in os.environ else 0}"
        content = bytearray(whole.read_bytes())
        damage(content, random.Random(seed))
        try:
            survives(whole, tmp_path, bytes(content))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


# --- a page of each kind ------------------------------------------------------------------


def pages(whole: Path, name: str, kind: str) -> list[int]:
    """The pages of a table or index, from 1, by SQLite's own count."""
    with closing(apsw.Connection(str(whole), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        found = db.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ?", (name, kind))
        return [row[0] for row in found]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ratings", "internal"),
        ("visits", "internal"),
        ("visits", "overflow"),
        ("rater", "leaf"),
        ("deliveries", "leaf"),
        ("journal", "internal"),
        ("ratings_one_per_matter", "leaf"),
        ("sqlite_autoindex_ratings_1", "internal"),
        ("sqlite_schema", "internal"),
        ("sqlite_schema", "leaf"),
    ],
)
def test_no_rating_is_lost_with_a_page_that_holds_none(
    whole: Path, tmp_path: Path, name: str, kind: str
) -> None:
    damaged = pages(whole, name, kind)
    assert damaged
    for page in damaged[:3]:
        content = bytearray(whole.read_bytes())
        content[(page - 1) * PAGE : page * PAGE] = b"\xaa" * PAGE
        assert survives(whole, tmp_path, bytes(content)).keys() == set(range(1, RATINGS + 1))


def test_with_a_page_of_ratings_only_those_on_it_are_lost(whole: Path, tmp_path: Path) -> None:
    page = pages(whole, "ratings", "leaf")[7]
    content = bytearray(whole.read_bytes())
    on_it = int.from_bytes(content[(page - 1) * PAGE + 3 : (page - 1) * PAGE + 5])
    content[(page - 1) * PAGE : page * PAGE] = b"\xaa" * PAGE
    assert len(survives(whole, tmp_path, bytes(content))) == RATINGS - on_it


def test_a_free_page_that_is_damaged_costs_nothing(whole: Path, tmp_path: Path) -> None:
    content = bytearray(whole.read_bytes())
    first_trunk = int.from_bytes(content[32:36])
    assert first_trunk
    content[(first_trunk - 1) * PAGE : first_trunk * PAGE] = b"\xaa" * PAGE
    assert len(survives(whole, tmp_path, bytes(content))) == RATINGS
