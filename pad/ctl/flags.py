"""``padctl flags``: what looks suspicious in the ledger, in plain words, with the limits."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from pad.ctl.opening import for_programs, known, ledger
from pad.ctl.words import _, marked, said
from pad.ledger.flags import Flag, flags
from pad.suspicion.words import in_words

REASONS: Final = (
    marked("rated on a phone while somebody was rating at the glass, {shown} s after the faces were shown"),
    marked("rated on a phone while somebody was rating at the glass"),
    marked("one of {count} ratings within {within} s"),
    marked("first touched after {touched} s, sent after {sent} s"),
    marked("one of {count} ratings with the same ID card, in {sittings} sittings"),
    marked(
        "rated at {time} on a rest day, outside opening hours; this year's calendar is not known, only the "
        "weekday counts"
    ),
    marked("rated at {time} on a rest day, outside opening hours"),
    marked(
        "rated at {time}, outside opening hours; this year's calendar is not known, only the weekday counts"
    ),
    marked("rated at {time}, outside opening hours"),
    marked(
        "one of {count} invitations this clerk ended in a day while they were looked at; the last was shown "
        "{shown} s"
    ),
    marked(
        "of this clerk's {ratings} ratings {share} are 非常满意, of the others' {others} {others_share} "
        "({sigma} standard deviations), and the first touches come sooner ({sooner})"
    ),
    marked(
        "first touches of this clerk's {ratings} ratings are as regular as one hand's: spread {spread}, "
        "{sigma} standard deviations below what people have"
    ),
)
"""What :func:`pad.suspicion.words.in_words` says, with its numbers as parts."""


@click.command("flags")
@for_programs
@click.pass_obj
def flags_command(config: Path | None, *, as_json: bool) -> None:
    """Say which ratings and invitations look suspicious, and why; that is no verdict."""
    configured, _keys = known(config)
    with ledger(configured) as db:
        if as_json:
            click.echo(_as_json(db))
        else:
            show(Console(), db)


def _as_json(db: sqlite3.Connection) -> str:
    """Every flag, for programs."""
    found = [asdict(each) | {"reason": _reason(each)} for each in flags(db)]
    return json.dumps({"flags": found}, ensure_ascii=False, indent=2)


def show(console: Console, db: sqlite3.Connection) -> None:
    """Every flag, for people."""
    found = flags(db)
    if not found:
        console.print(_("nothing is marked"))
        return
    table = Table(
        _("kind"), _("marks"), _("set at"), _("why"), _("limits"),
        title=_("Marked, not judged: docs/suspicion.md"),
    )  # fmt: skip
    for each in found:
        marks = (
            _("rating {seq}").format(seq=each.seq)
            if each.seq is not None
            else _("invitation {id}").format(id=each.visit_id)
        )
        limits = ", ".join(f"{name} = {value:g}" for name, value in sorted(each.limits.items()))
        table.add_row(each.kind, marks, each.at[:19].replace("T", " "), _reason(each), limits)
    console.print(table)


def _reason(flag: Flag) -> str:
    return said(in_words(flag.kind, flag.measured), REASONS)
