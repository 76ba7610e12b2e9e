"""``padctl keys``: what is done about the device's own keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from pad import device_key, settings
from pad.clock import SystemClock
from pad.ledger import rotation
from pad.ledger.connection import LedgerError, connect


@click.group("keys")
def keys_group() -> None:
    """Look after the keys of the ledger's chain, of raters' data and of the device."""


@keys_group.command("make")
@click.pass_obj
def make(config: Path | None) -> None:
    """Make the keys that are not there; those that are stay."""
    configured = settings.load(config)
    made = device_key.make_keys(configured.state_dir, has_ledger=configured.ledger_path.exists())
    folder = configured.state_dir / "keys"
    if made:
        click.echo(f"made {', '.join(made)} in {folder}; back them up")
    else:
        click.echo(f"every key is there, in {folder}")


@keys_group.command("rotate")
@click.pass_obj
def rotate(config: Path | None) -> None:
    """Make new keys for what comes; what is stored keeps its own. Kiosk and syncd may run."""
    configured = settings.load(config)
    if not configured.ledger_path.exists():
        raise LedgerError(f"{configured.ledger_path}: there is no ledger yet; start the kiosk first")
    with closing(connect(configured.ledger_path)) as db:
        done = rotation.rotate(db, configured.state_dir, SystemClock().read())
    click.echo(
        f"new keys from row {done.start} on (chain {done.chain_number}, sealing {done.sealing_number}); "
        f"nothing needs a restart; back up {configured.state_dir / 'keys'} again now"
    )
