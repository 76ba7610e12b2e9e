"""``padctl journal``: what happened to the pad, as the ledger's journal has it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from pad import settings
from pad.ctl.opening import for_programs, print_json
from pad.ctl.words import _
from pad.ledger.state import reading
from pad.model import CHINA_TIME, iso_time


@click.command()
@click.option("--kind", help="Only entries of this kind, such as settings_changed.")
@click.option("--since", type=click.DateTime(), help="Only entries from then on, China time.")
@for_programs
@click.pass_obj
def journal(config: Path | None, kind: str | None, since: datetime | None, *, as_json: bool) -> None:
    """Say what was noted: settings changed, lines refused, ledgers mended, patterns marked."""
    configured = settings.load(config)
    after = "" if since is None else iso_time(since.replace(tzinfo=CHINA_TIME))
    with reading(configured.ledger_path) as db:
        found = list(entries(db, kind, after))
    if as_json:
        print_json({"entries": found})
        return
    if not found:
        click.echo(_("nothing is noted"))
        return
    table = Table(_("at"), _("kind"), _("detail"))
    for each in found:
        table.add_row(
            each["at"][:19].replace("T", " "), each["kind"], json.dumps(each["detail"], ensure_ascii=False)
        )
    Console(highlight=False).print(table)


def entries(db: sqlite3.Connection, kind: str | None = None, after: str = "") -> Iterator[dict[str, Any]]:
    """Journal entries, oldest first; there is no personal data in any."""
    for row in db.execute(
        "SELECT at, kind, detail FROM journal WHERE (?1 IS NULL OR kind = ?1) AND at >= ?2 ORDER BY id",
        (kind, after),
    ):
        yield {"at": row["at"], "kind": row["kind"], "detail": json.loads(row["detail"])}
