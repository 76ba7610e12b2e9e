"""The last result as the table of ``docs/performance.md``, between its two marks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from bench.machine import Machine
from bench.table import Row, in_markdown

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
BEGINS: Final = "<!-- table: python -m bench --write-docs -->"
ENDS: Final = "<!-- end of table -->"
_FIELDS: Final = tuple(field.name for field in fields(Row))


def rows_of(parts: Mapping[str, Any]) -> list[Row]:
    """The rows of a result, part after part."""
    return [Row(**{name: each[name] for name in _FIELDS}) for part in parts.values() for each in part["rows"]]


def write(result: Path, page: Path = PAGE) -> None:
    """Put the result's machine and table where the last one stood.

    :raises SystemExit: if there is no result yet, or the page has no place for it
    """
    if not result.exists():
        raise SystemExit(f"{result}: not there; type: make bench")
    text = page.read_text(encoding="utf-8")
    before, begins, rest = text.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise SystemExit(f"{page}: the lines {BEGINS!r} and {ENDS!r} must be in it, in this order")
    found = json.loads(result.read_text(encoding="utf-8"))
    block = (
        f"{_sentence(Machine(**found['machine']), found['parts'])}\n\n{in_markdown(rows_of(found['parts']))}"
    )
    page.write_text(f"{before}{BEGINS}\n{block}\n{ENDS}{after}", encoding="utf-8")


def _sentence(here: Machine, parts: Mapping[str, Any]) -> str:
    """The machine, how busy it was, and whether all of it is one run's."""
    loads = [part["load_before"] for part in parts.values()]
    several = any(part.get("commit") != here.commit for part in parts.values())
    return (
        f"{here.date}, {here.commit}: {here.cores} cores of {here.processor}, {here.memory_gib} GiB, "
        f"Linux {here.kernel}, Python {here.python}, SQLite {here.sqlite}, {here.disk}; "
        f"load average before the parts: {min(loads)} to {max(loads)}."
        + (" **The parts are of several runs, not all of this commit.**" if several else "")
    )
