"""A disk that forgets, tears and reorders what was not yet synced: a VFS that remembers every write.

The ledger's own code runs on it, on a connection of apsw's that looks like Python's. WAL in exclusive
mode, for apsw's files have no shared memory; what is written and synced is the same.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import apsw

SECTOR: Final = 512
"""What a disk writes whole or not at all."""
_VFS: Final = "torn"


# --- what happened ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Write:
    """Bytes on their way to a file."""

    file: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    """A file's end is to be here."""

    file: str
    size: int


@dataclass(frozen=True)
class Sync:
    """Everything of a file before this is on the disk."""

    file: str


@dataclass(frozen=True)
class Promise:
    """Something was told to somebody, who relies on it from here on."""

    what: str
    about: Any


Step = Write | Truncate | Sync | Promise


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], log: list[Step]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name
        self._log = log

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._log.append(Write(self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._log.append(Truncate(self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._log.append(Sync(self._name))


class _Disk(apsw.VFS):
    def __init__(self, log: list[Step]) -> None:
        super().__init__(_VFS, "")
        self._log = log

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(name, flags, self._log)


class Row(tuple[Any, ...]):
    """A row as :class:`sqlite3.Row` is."""

    names: Sequence[str]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)

    def keys(self) -> Sequence[str]:
        return self.names


class _Cursor:
    def __init__(self, rows: list[Row]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Row | None:
        return next(self._rows, None)

    def fetchall(self) -> list[Row]:
        return list(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return self._rows


class Connection:
    """What the ledger uses of :class:`sqlite3.Connection`, on a disk that remembers."""

    def __init__(self, path: Path) -> None:
        self.log: list[Step] = []
        self._disk = _Disk(self.log)
        self._db = apsw.Connection(str(path), vfs=_VFS)
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
                       "secure_delete=ON", "wal_autocheckpoint=30"):  # fmt: skip
            self.execute(f"PRAGMA {pragma}")

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, values: Iterable[object] = ()) -> _Cursor:
        cursor = self._db.cursor()
        cursor.row_trace = _row
        try:
            return _Cursor(list(cursor.execute(sql, tuple(values))))
        except apsw.ConstraintError as error:
            raise sqlite3.IntegrityError(str(error)) from error

    def executemany(self, sql: str, many: Iterable[Iterable[object]]) -> None:
        for values in many:
            self.execute(sql, values)

    def promise(self, what: str, about: Any) -> None:
        self.log.append(Promise(what, about))

    def close(self) -> None:
        self._db.close()
        self._disk.unregister()


def _row(cursor: apsw.Cursor, values: Any) -> Row:
    row = Row(values)
    row.names = [column[0] for column in cursor.get_description()]
    return row


# --- what is left of it -----------------------------------------------------------------------


class Fate(Enum):
    """What becomes of writes that were not synced when the power went."""

    FORGOTTEN = "forgotten"
    DONE = "done"
    SOME = "some"
    TORN = "torn"


@dataclass(frozen=True)
class Crash:
    """A moment at which the power goes, and what is on the disk then."""

    at: int
    fate: Fate
    files: dict[str, bytes]
    promises: tuple[Promise, ...]


def crashes(
    before: dict[str, bytes], log: Sequence[Step], fates: Sequence[Fate], seed: int
) -> Iterator[Crash]:
    """A crash before and after every sync, with every fate of what was not synced."""
    chance = random.Random(seed)
    synced = {name: bytearray(content) for name, content in before.items()}
    pending: dict[str, list[Write | Truncate]] = {}
    promises: list[Promise] = []
    for at, step in enumerate(log):
        match step:
            case Promise():
                promises.append(step)
            case Write(file) | Truncate(file):
                pending.setdefault(file, []).append(step)
            case Sync(file):
                for fate in fates:
                    yield Crash(at, fate, _left(synced, pending, fate, chance), tuple(promises))
                for each in pending.pop(file, []):
                    _apply(synced.setdefault(file, bytearray()), each)
                yield Crash(
                    at, Fate.FORGOTTEN, _left(synced, pending, Fate.FORGOTTEN, chance), tuple(promises)
                )


def _left(
    synced: dict[str, bytearray],
    pending: dict[str, list[Write | Truncate]],
    fate: Fate,
    chance: random.Random,
) -> dict[str, bytes]:
    files = {name: bytearray(content) for name, content in synced.items()}
    for name, steps in pending.items():
        content = files.setdefault(name, bytearray())
        for step in _surviving(steps, fate, chance):
            _apply(content, step)
    return {name: bytes(content) for name, content in files.items()}


def _surviving(
    steps: list[Write | Truncate], fate: Fate, chance: random.Random
) -> Iterable[Write | Truncate]:
    match fate:
        case Fate.FORGOTTEN:
            return []
        case Fate.DONE:
            return steps
    some = [step for step in steps if chance.random() < 0.5]
    chance.shuffle(some)
    if fate is Fate.SOME:
        return some
    return [part for step in some for part in _sectors(step, chance)]


def _sectors(step: Write | Truncate, chance: random.Random) -> Iterator[Write | Truncate]:
    """Some sectors of a write, and of one of them only the beginning."""
    if isinstance(step, Truncate):
        yield step
        return
    at = 0
    while at < len(step.data):
        end = min(len(step.data), at + SECTOR - (step.offset + at) % SECTOR)
        if chance.random() < 0.6:
            yield Write(step.file, step.offset + at, step.data[at:end])
        at = end


def _apply(content: bytearray, step: Write | Truncate) -> None:
    if isinstance(step, Truncate):
        del content[step.size :]
        return
    end = step.offset + len(step.data)
    content.extend(bytes(max(0, end - len(content))))
    content[step.offset : end] = step.data
