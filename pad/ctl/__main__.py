"""padctl, the technician's command: exit code 0 done, 1 found something wrong, 2 used wrongly."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import pad
from pad.ctl.alerts import alerts_group
from pad.ctl.bundle import bundle
from pad.ctl.clock import clock_group
from pad.ctl.completion import completion
from pad.ctl.config import config_group
from pad.ctl.devices import devices_command
from pad.ctl.doctor import doctor
from pad.ctl.enrol import enrol
from pad.ctl.export import export
from pad.ctl.flags import flags_command
from pad.ctl.importing import import_command
from pad.ctl.journal import journal
from pad.ctl.keys import keys_group
from pad.ctl.logs import logs
from pad.ctl.pin import pin_command
from pad.ctl.retry import retry
from pad.ctl.status import status
from pad.ctl.verify import verify
from pad.ctl.words import Speaking
from pad.indicators import CatalogueError
from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from pad.settings import SettingsError


def main() -> None:
    """Run padctl."""
    try:
        padctl(prog_name="padctl", standalone_mode=True)
    except (SettingsError, CatalogueError, SecretError, LedgerError) as error:
        click.echo(f"padctl: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"padctl: {error.filename or ''}: {error.strerror or type(error).__name__}", err=True)
        sys.exit(1)


@click.group(cls=Speaking)
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (default: $PAD_CONFIG).")
@click.option("--language", help="Language: en or zh_CN (default: that of the locale).")
@click.version_option(pad.__version__, help="Say which version this is.", message="padctl %(version)s")
@click.pass_context
def padctl(context: click.Context, config: Path | None, language: str | None) -> None:
    """Look after a rating pad."""
    context.obj = config


for _command in (
    status, doctor, verify, retry, clock_group, flags_command, devices_command, pin_command, alerts_group,
    keys_group, config_group, export, import_command, journal, logs, bundle, completion, enrol,
):  # fmt: skip
    padctl.add_command(_command)


if __name__ == "__main__":
    main()
