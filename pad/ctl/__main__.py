"""padctl, the technician's command: exit code 0 done, 1 found something wrong, 2 used wrongly."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from pad import indicators, keys, pin, serial_ports, settings, told_head
from pad.ctl import alerts, devices, flags
from pad.ctl.devices import KioskSilent
from pad.ctl.enrol import enrol
from pad.ctl.keys import keys_group
from pad.indicators import CatalogueError
from pad.keys import DeviceKeys, SecretError
from pad.ledger import verification
from pad.ledger.connection import LedgerError, connect
from pad.ledger.outbox import Outbox, backlog
from pad.pin import PinError
from pad.settings import Settings, SettingsError

FINDINGS_SHOWN: Final = 40
_ROWS: Final = {
    "ratings": "row", "visits": "visit", "deliveries": "delivery of row", "checkpoints": "checkpoint",
    "rater": "rater",
}  # fmt: skip


def main() -> None:
    """Run padctl."""
    try:
        padctl(prog_name="padctl", standalone_mode=True)
    except (SettingsError, CatalogueError, SecretError, LedgerError) as error:
        click.echo(f"padctl: {error}", err=True)
        sys.exit(1)


@click.group()
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (default: $PAD_CONFIG).")
@click.pass_context
def padctl(context: click.Context, config: Path | None) -> None:
    """Look after a rating pad."""
    context.obj = config


@padctl.command()
@click.pass_obj
def status(config: Path | None) -> None:
    """Say how much is stored, how much waits, and what was refused."""
    configured, device_keys = _known(config)
    with closing(_ledger(configured)) as db:
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


@padctl.command()
@click.pass_obj
def verify(config: Path | None) -> None:
    """Follow the integrity chain, and hold every table against it; name each row that does not hold."""
    configured, device_keys = _known(config)
    told = told_head.read(configured.state_dir)
    with closing(_ledger(configured)) as db:
        found = verification.examine(db, device_keys, told)
        while (later := device_keys.current()) is not device_keys:  # changed meanwhile
            device_keys = later
            found = verification.examine(db, device_keys, told)
    if found.findings:
        for each in found.findings[:FINDINGS_SHOWN]:
            click.echo(f"{_ROWS.get(each.table, each.table)} {each.row}: {each.what}", err=True)
        if (more := len(found.findings) - FINDINGS_SHOWN) > 0:
            click.echo(f"and {more} more", err=True)
        click.echo("keep this ledger as evidence and tell the city", err=True)
        sys.exit(1)
    click.echo(
        f"the chain holds from row {found.start.seq + 1} to row {found.head.seq}; head {found.head.hash}"
    )
    for change in device_keys.changes:
        click.echo(f"its key was changed at row {change.start}")
    if told is not None and told.hash and told.seq >= found.start.seq:
        click.echo(f"and goes on from row {told.seq}, the head told last")


@padctl.command()
@click.argument("seq", type=click.IntRange(min=1), nargs=-1, required=True)
@click.pass_obj
def retry(config: Path | None, seq: tuple[int, ...]) -> None:
    """Let refused ratings be sent again."""
    configured, device_keys = _known(config)
    with closing(_ledger(configured)) as db:
        count = Outbox(db, device_keys).requeue(seq)
    click.echo(f"{count} of {len(seq)} wait again")
    sys.exit(0 if count == len(seq) else 1)


@padctl.command("flags")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def flags_command(config: Path | None, *, as_json: bool) -> None:
    """Say which ratings and invitations look suspicious, and why; that is no verdict."""
    configured, _ = _known(config)
    with closing(_ledger(configured)) as db:
        if as_json:
            click.echo(flags.as_json(db))
        else:
            flags.show(Console(), db)


@padctl.command("devices")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def devices_command(config: Path | None, *, as_json: bool) -> None:
    """Say how every device does, and what serial ports there are."""
    configured = settings.load(config)
    told, silent = None, ""
    try:
        told = devices.told_by_kiosk(configured)
    except KioskSilent as error:
        silent = str(error)
    found, ports = devices.devices(configured, told), serial_ports.ports()
    if as_json:
        click.echo(devices.as_json(found, ports))
    else:
        devices.show(Console(), found, ports)
    if silent:
        click.echo(f"padctl: {silent}", err=True)
    sys.exit(1 if silent or not all(each.is_well for each in found) else 0)


@padctl.command("pin")
@click.option("--stdin", is_flag=True, help="Read the PIN from standard input, for a script.")
@click.pass_obj
def pin_command(config: Path | None, *, stdin: bool) -> None:
    """Set the PIN that opens the technician's page on the pad."""
    configured = settings.load(config)
    given = sys.stdin.readline().strip() if stdin else _asked()
    try:
        pin.set_pin(configured.state_dir, given)
    except PinError as error:
        click.echo(f"padctl: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(
            f"padctl: {error.filename}: cannot be written ({error.strerror}); run it as the pad's own user",
            err=True,
        )
        sys.exit(1)
    click.echo("the PIN is set; hold two opposite corners of the screen for five seconds to use it")


def _asked() -> str:
    asked: str = click.prompt("PIN, 6 to 12 digits", hide_input=True, confirmation_prompt=True)
    return asked


@padctl.group("alerts")
def alerts_group() -> None:
    """Whom bad ratings are told to (docs/alerts.md)."""


@alerts_group.command("test")
@click.pass_obj
def alerts_test(config: Path | None) -> None:
    """Send everybody a test message; say how each answered."""
    sys.exit(alerts.test(settings.load(config).file))


@alerts_group.command("list")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@click.pass_obj
def alerts_list(config: Path | None, *, days: int) -> None:
    """List bad ratings, by when each is to be handled, and who was told."""
    configured, _ = _known(config)
    with closing(_ledger(configured)) as db:
        for line in alerts.listed(db, configured, days):
            click.echo(line)


padctl.add_command(keys_group)
padctl.add_command(enrol)


@padctl.group("config")
def config_group() -> None:
    """Look at the settings."""


@config_group.command("check")
@click.pass_obj
def config_check(config: Path | None) -> None:
    """Read every setting as kiosk and syncd do; say the first that is wrong."""
    configured = settings.load(config)
    catalogue = indicators.load(configured.indicators_path)
    click.echo(f"{configured.file}: good; platform {configured.profile.name}, indicators {catalogue.version}")


def _known(config: Path | None) -> tuple[Settings, DeviceKeys]:
    configured = settings.load(config)
    return configured, keys.device_keys(configured.state_dir, may_create=False)


def _ledger(configured: Settings) -> sqlite3.Connection:
    if not configured.ledger_path.exists():
        raise LedgerError(f"{configured.ledger_path}: there is no ledger yet; start the kiosk first")
    return connect(configured.ledger_path)


if __name__ == "__main__":
    main()
