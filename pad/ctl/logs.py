"""``padctl logs``: what kiosk and syncd said, out of the machine's own log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import click

from pad.ctl import units
from pad.ctl.opening import for_programs
from pad.ctl.words import _

_LINES: Final = 200


@click.command()
@click.option("--since", help="From when on, as journalctl takes it: today, '1 hour ago', 2026-11-24.")
@click.option("--follow", is_flag=True, help="Go on showing what comes.")
@click.option("--unit", type=click.Choice(["kiosk", "syncd", "pad-screen"]), help="Only this program's.")
@for_programs
def logs(since: str | None, unit: str | None, *, follow: bool, as_json: bool) -> None:
    """Show what kiosk and syncd said; no line of it names a person."""
    if not units.is_booted():
        click.echo(
            _("systemd does not run here; the programs say it on standard error, where they were started"),
            err=True,
        )
        sys.exit(1)
    chosen = units.UNITS if unit is None else (f"{unit}.service",)
    try:
        sys.exit(
            subprocess.run(command(chosen, since, follow=follow, as_json=as_json), check=False).returncode
        )
    except OSError as error:
        click.echo(f"padctl: journalctl: {error.strerror}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:  # how a person ends --follow
        sys.exit(0)


def command(
    chosen: Sequence[str], since: str | None = None, *, follow: bool = False, as_json: bool = False
) -> list[str]:
    """journalctl's command line; its JSON is an object a line."""
    form = "json" if as_json else "short-iso"
    words = ["journalctl", "--no-pager", f"--output={form}", *(f"--unit={name}" for name in chosen)]
    words += [f"--since={since}"] if since else [f"--lines={_LINES}"]
    return [*words, "--follow"] if follow else words
