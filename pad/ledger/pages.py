"""The rows on a damaged ledger's pages, whatever became of the tree that should lead to them.

SQLite reaches a row from its table's root down, so that one damaged page on the way hides every whole
one below it. Here each page is read by itself, with what its WAL has committed over it. The format is
https://www.sqlite.org/fileformat2.html; §1.6 and §2.1 there are pages and records, §4.1 is the WAL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

Value = int | float | str | bytes | None
Bytes = bytes | memoryview

_USUAL_PAGE: Final = 4096
_FILE_HEADER: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_WAL_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
"""The byte order its checksums are made in."""
_ROWS_OF_TABLE, _ROWS_OF_INDEX, _INNER_OF_INDEX = 0x0D, 0x0A, 0x02
_CELLS_AT: Final = {_ROWS_OF_TABLE: 8, _ROWS_OF_INDEX: 8, _INNER_OF_INDEX: 12}
_SIZES: Final = (0, 1, 2, 3, 4, 6, 8)
"""Of integers, by their serial type."""
_REAL, _ZERO, _ONE, _TEXT_OR_BLOB = 7, 8, 9, 12
_BROKEN: Final = (IndexError, ValueError, struct.error)


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it lies on a page; ``rowid`` is None in an index or a table WITHOUT ROWID."""

    rowid: int | None
    values: tuple[Value, ...]


def records(file: Bytes, wal: Bytes) -> Iterator[Record]:
    """Every row on a page that can be read, in no order; of a damaged page those that still can.

    :param file: the ledger, which may be cut off or empty
    :param wal: its WAL, empty if there is none
    """
    pages = _Pages(memoryview(file), memoryview(wal))
    for number in range(1, pages.count + 1):
        yield from pages.records(number)


class _Pages:
    """A file's pages by number, the first being 1."""

    def __init__(self, file: memoryview, wal: memoryview) -> None:
        self._file = file
        self._over: dict[int, memoryview] = {}
        self._size = _page_size(file)
        self.count = 0
        if (size := _wal_page_size(wal)) is not None:
            self._size = size
            self._over, self.count = _committed(wal, size)
        self.count = max(self.count, -(-len(file) // self._size))

    def _page(self, number: int) -> memoryview:
        found = self._over.get(number)
        if found is None:
            found = self._file[(number - 1) * self._size : number * self._size]
        return found

    def records(self, number: int) -> Iterator[Record]:
        """The rows on one page; none if it is a page of another kind."""
        page, start = self._page(number), _FILE_HEADER if number == 1 else 0
        if len(page) < start + 12 or page[start] not in _CELLS_AT:
            return
        kind = page[start]
        (cells,) = struct.unpack_from(">H", page, start + 3)
        for cell in range(cells):
            try:
                (at,) = struct.unpack_from(">H", page, start + _CELLS_AT[kind] + 2 * cell)
                yield self._record(page, kind, at)
            except _BROKEN:
                continue

    def _record(self, page: memoryview, kind: int, at: int) -> Record:
        if kind == _INNER_OF_INDEX:
            at += 4
        length, at = _varint(page, at)
        rowid = None
        if kind == _ROWS_OF_TABLE:
            number, at = _varint(page, at)
            rowid = number - (1 << 64 if number >> 63 else 0)
        return Record(rowid, _values(self._payload(page, kind, at, length)))

    def _payload(self, page: memoryview, kind: int, at: int, length: int) -> bytes:
        """What a cell holds, with its overflow pages."""
        usable = self._size
        most = usable - 35 if kind == _ROWS_OF_TABLE else (usable - 12) * 64 // 255 - 23
        if length <= most:
            local = length
        else:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (length - least) % (usable - 4)
            local = local if local <= most else least
        found = bytearray(_exactly(page, at, local))
        following = at + local
        while len(found) < length:
            (number,) = struct.unpack_from(">I", page, following)
            page, following = self._page(number if 0 < number <= self.count else self.count + 1), 0
            found += _exactly(page, 4, min(length - len(found), usable - 4))
        return bytes(found)


# --- records -----------------------------------------------------------------------------------


def _values(payload: bytes) -> tuple[Value, ...]:
    end, at = _varint(payload, 0)
    if not at <= end <= len(payload):
        raise ValueError(end)
    types = []
    while at < end:
        kind, at = _varint(payload, at)
        types.append(kind)
    values = []
    for kind in types:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise ValueError(at)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind < len(_SIZES):
        size = _SIZES[kind]
        return (int.from_bytes(_exactly(payload, at, size), signed=True) if size else None), at + size
    if kind == _REAL:
        real: float = struct.unpack_from(">d", payload, at)[0]
        return real, at + 8
    if kind in (_ZERO, _ONE):
        return kind - _ZERO, at
    if kind < _TEXT_OR_BLOB:
        raise ValueError(kind)
    size = (kind - _TEXT_OR_BLOB) // 2
    content = _exactly(payload, at, size)
    return (content.decode(errors="replace") if kind % 2 else content), at + size


def _varint(content: Bytes, at: int) -> tuple[int, int]:
    value = 0
    for position in range(8):
        byte = content[at + position]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + position + 1
    return value << 8 | content[at + 8], at + 9


def _exactly(content: Bytes, at: int, size: int) -> bytes:
    if at + size > len(content):
        raise IndexError(at + size)
    return bytes(content[at : at + size])


# --- file and WAL ------------------------------------------------------------------------------


def _page_size(file: memoryview) -> int:
    """As the file's header says; the ledger's usual one where that is damaged."""
    if len(file) < _FILE_HEADER or bytes(file[:16]) != _MAGIC:
        return _USUAL_PAGE
    (told,) = struct.unpack_from(">H", file, 16)
    return _sound(65536 if told == 1 else told) or _USUAL_PAGE


def _sound(size: int) -> int | None:
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else None


def _wal_page_size(wal: memoryview) -> int | None:
    """None if this is no WAL."""
    if len(wal) < _WAL_HEADER:
        return None
    magic, _, size = struct.unpack_from(">III", wal)
    return _sound(size) if magic in _WAL_MAGIC else None


def _committed(wal: memoryview, size: int) -> tuple[dict[int, memoryview], int]:
    """The last committed content of each page in a WAL, and the pages the file then has."""
    order = _WAL_MAGIC[struct.unpack_from(">I", wal)[0]]
    salts = wal[16:24]
    if struct.pack(">II", *(sums := _checksum(wal[:24], order, (0, 0)))) != wal[24:32]:
        return {}, 0
    pages: dict[int, memoryview] = {}
    begun: dict[int, memoryview] = {}
    count = 0
    for at in range(_WAL_HEADER, len(wal) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        number, pages_then = struct.unpack_from(">II", wal, at)
        content = wal[at + _FRAME_HEADER : at + _FRAME_HEADER + size]
        sums = _checksum(content, order, _checksum(wal[at : at + 8], order, sums))
        if wal[at + 8 : at + 16] != salts or struct.pack(">II", *sums) != wal[at + 16 : at + 24]:
            break  # of an earlier round, or cut off by a power cut: SQLite stops here as well
        begun[number] = content
        if pages_then:
            pages |= begun
            begun, count = {}, pages_then
    return {number: content for number, content in pages.items() if number <= count}, count


def _checksum(content: memoryview, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for one, two in zip(words, words, strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
