"""``padctl pin``: sets the PIN that opens the technician's page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pad import pin, settings
from pad.ctl.opening import for_programs, print_json
from pad.ctl.words import _
from pad.pin import PinError


@click.command("pin")
@click.option("--stdin", is_flag=True, help="Read the PIN from standard input, for a script.")
@for_programs
@click.pass_obj
def pin_command(config: Path | None, *, stdin: bool, as_json: bool) -> None:
    """Set the PIN that opens the technician's page on the pad."""
    configured = settings.load(config)
    given = sys.stdin.readline().strip() if stdin else _asked()
    try:
        pin.set_pin(configured.state_dir, given)
    except PinError as error:
        click.echo(f"padctl: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        said = _("{file}: cannot be written ({why}); run it as the pad's own user")
        click.echo(f"padctl: {said.format(file=error.filename, why=error.strerror)}", err=True)
        sys.exit(1)
    if as_json:
        print_json({"set": True})
        return
    click.echo(_("the PIN is set; hold two opposite corners of the screen for five seconds to use it"))


def _asked() -> str:
    asked: str = click.prompt(_("PIN, 6 to 12 digits"), hide_input=True, confirmation_prompt=True)
    return asked
