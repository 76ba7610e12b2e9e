"""``padctl retry``: lets refused ratings be sent again."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pad.ctl.opening import for_programs, known, ledger, print_json
from pad.ctl.words import _
from pad.ledger.outbox import Outbox


@click.command()
@click.argument("seq", type=click.IntRange(min=1), nargs=-1, required=True)
@for_programs
@click.pass_obj
def retry(config: Path | None, seq: tuple[int, ...], *, as_json: bool) -> None:
    """Let refused ratings be sent again."""
    configured, device_keys = known(config)
    with ledger(configured) as db:
        count = Outbox(db, device_keys).requeue(seq)
    if as_json:
        print_json({"asked": len(seq), "wait_again": count})
    else:
        click.echo(_("{count} of {asked} wait again").format(count=count, asked=len(seq)))
    sys.exit(0 if count == len(seq) else 1)
