"""``padctl verify``: does the integrity chain hold, and what does not."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from pad import told_head
from pad.ctl.opening import for_programs, known, ledger, print_json
from pad.ctl.progress import progress
from pad.ctl.words import _
from pad.ledger import verification

FINDINGS_SHOWN: Final = 40
_ROWS: Final = {
    "ratings": "row", "visits": "visit", "deliveries": "delivery of row", "checkpoints": "checkpoint",
    "rater": "rater",
}  # fmt: skip


@click.command()
@for_programs
@click.pass_obj
def verify(config: Path | None, *, as_json: bool) -> None:
    """Follow the integrity chain, and hold every table against it; name each row that does not hold."""
    configured, device_keys = known(config)
    told = told_head.read(configured.state_dir)
    with ledger(configured) as db:
        total = db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0]
        with progress(_("verifying"), total, quiet=as_json) as step:
            found = verification.examine(db, device_keys, told, step)
        while (later := device_keys.current()) is not device_keys:  # changed meanwhile
            device_keys = later
            found = verification.examine(db, device_keys, told)
    if as_json:
        print_json(asdict(found) | {"holds": not found.findings})
        sys.exit(1 if found.findings else 0)
    if found.findings:
        for each in found.findings[:FINDINGS_SHOWN]:
            click.echo(f"{_ROWS.get(each.table, each.table)} {each.row}: {each.what}", err=True)
        if (more := len(found.findings) - FINDINGS_SHOWN) > 0:
            click.echo(_("and {more} more").format(more=more), err=True)
        click.echo(_("keep this ledger as evidence and tell the city"), err=True)
        sys.exit(1)
    holds = _("the chain holds from row {first} to row {last}; head {hash}")
    click.echo(holds.format(first=found.start.seq + 1, last=found.head.seq, hash=found.head.hash))
    for change in device_keys.changes:
        click.echo(_("its key was changed at row {start}").format(start=change.start))
    if told is not None and told.hash and told.seq >= found.start.seq:
        click.echo(_("and goes on from row {seq}, the head told last").format(seq=told.seq))
