"""Exported ratings as CSV that a spreadsheet may open, and as JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from pad.ledger.exporting import FIELDS

Row = Mapping[str, object]
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for the beginning of a formula."""


def as_csv(rows: Iterable[Row]) -> Iterator[bytes]:
    """UTF-8 without a byte order mark, a header row, lines ended by CR LF (RFC 4180).

    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    yield _line(FIELDS)
    for row in rows:
        yield _line([_cell(row[name]) for name in FIELDS])


def as_jsonl(rows: Iterable[Row]) -> Iterator[bytes]:
    """One JSON object a line, values as they are."""
    for row in rows:
        yield json.dumps(dict(row), ensure_ascii=False).encode() + b"\n"


WRITERS: Final[Mapping[str, Callable[[Iterable[Row]], Iterator[bytes]]]] = {"csv": as_csv, "jsonl": as_jsonl}


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _line(cells: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
