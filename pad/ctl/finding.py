"""What was found out about one thing, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text


class Verdict(StrEnum):
    """How it is. A warning keeps nothing from working; what was skipped could not be looked at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: its name for programs, how it is, what was found, and the next step where there is one."""

    name: str
    verdict: Verdict
    found: str
    next_step: str = ""


_SIGNS: Final = {Verdict.OK: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗", Verdict.SKIPPED: "–"}
_STYLES: Final = {
    Verdict.OK: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
    Verdict.SKIPPED: "dim",
}


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst of them; ok if there is none worse."""
    found = {each.verdict for each in findings}
    return next((each for each in (Verdict.FAIL, Verdict.WARN) if each in found), Verdict.OK)


def show(console: Console, findings: Iterable[tuple[str, Finding]]) -> None:
    """A line each, under the title it is given, with the next step below; fits into 80 columns."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for title, each in findings:
        told = Text(each.found)
        if each.next_step:
            told.append(f"\n→ {each.next_step}", "bold" if each.verdict is Verdict.FAIL else "")
        style = _STYLES[each.verdict]
        table.add_row(Text(_SIGNS[each.verdict], style), Text(title), told)
    console.print(table)
