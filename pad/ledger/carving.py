"""Which row of which table lies on a damaged ledger's pages: told by its columns' number and kinds.

The tables are STRICT and no two have the same columns, so that a row needs no tree to be known by.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pad.ledger.pages import Bytes, Record, Value, records

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "TEXT": (str,), "INTEGER": (int,), "REAL": (float, int), "BLOB": (bytes,)
}  # fmt: skip
"""SQLite writes a whole REAL as an integer."""


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    kinds: tuple[type, ...]
    may_be_null: bool
    is_rowid: bool

    def fits(self, value: Value) -> bool:
        if value is None:
            return self.may_be_null or self.is_rowid
        return not self.is_rowid and isinstance(value, self.kinds)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[_Column, ...]
    least: int
    """Columns that a row of the earliest version has; the later ones were added behind."""

    @property
    def has_rowid(self) -> bool:
        return self.columns[0].is_rowid

    def row(self, record: Record) -> dict[str, object] | None:
        """A record as this table's row; None if it is none."""
        if self.has_rowid != (record.rowid is not None):
            return None
        if not self.least <= len(record.values) <= len(self.columns):
            return None
        if not all(column.fits(value) for column, value in zip(self.columns, record.values, strict=False)):
            return None
        return {
            column.name: record.rowid if column.is_rowid else value
            for column, value in zip(self.columns, record.values, strict=False)
        }


def rows_on_pages(
    file: Bytes, wal: Bytes, tables: Mapping[str, Sequence[sqlite3.Row]]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Every row of these tables that stands whole on a page, with its table's name, in no order.

    :param tables: ``PRAGMA table_info`` of each
    """
    known = [_table(name, info) for name, info in tables.items()]
    for record in records(file, wal):
        for table in known:
            if (row := table.row(record)) is not None:
                yield table.name, row
                break


def _table(name: str, info: Sequence[sqlite3.Row]) -> _Table:
    # a table WITHOUT ROWID has its key NOT NULL; the key of one with it is the rowid
    columns = tuple(
        _Column(
            each["name"],
            _KINDS[each["type"]],
            may_be_null=not each["notnull"],
            is_rowid=bool(each["pk"]) and each["type"] == "INTEGER" and not each["notnull"],
        )
        for each in info
    )
    return _Table(name, columns, least=len(columns) - _ADDED.get(name, 0))


_ADDED: Final[Mapping[str, int]] = {"rater": 1}
"""Columns that a migration added to a table, so that older rows end before them."""
