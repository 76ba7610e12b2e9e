"""``padctl status``: how much is stored, how much waits, what was refused."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pad.ctl import alerts, flags
from pad.ctl.opening import known, ledger
from pad.ledger.outbox import Outbox, backlog


@click.command()
@click.pass_obj
def status(config: Path | None) -> None:
    """Say how much is stored, how much waits, and what was refused."""
    configured, device_keys = known(config)
    with ledger(configured) as db:
        waiting = backlog(db)
        head = Outbox(db, device_keys).head()
        refused = db.execute(
            "SELECT seq, platform_message FROM deliveries WHERE state = 'refused' ORDER BY seq"
        ).fetchall()
        click.echo(f"stored    {head.seq} ratings (head {head.hash[:16]}…)")
        click.echo(f"waiting   {waiting.pending}")
        if waiting.oldest is not None:
            click.echo(f"oldest    {waiting.oldest.wall:%Y-%m-%d %H:%M:%S} (the pad's own clock)")
        for line in alerts.waiting(db):
            click.echo(f"alerts    {line}")
        click.echo(f"flagged   {flags.summary(db)}")
        for row in refused:
            click.echo(
                f"refused   {row['seq']}: {row['platform_message']}; after mending: padctl retry {row['seq']}"
            )
    sys.exit(1 if refused else 0)
