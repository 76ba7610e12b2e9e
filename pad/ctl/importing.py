"""``padctl import``: feeds the platform from a stick, and takes the receipts back on the pad."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pad import settings
from pad.ctl import courier
from pad.ctl.opening import for_programs, print_json
from pad.ctl.words import _


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--receipts", "are_receipts", is_flag=True, help="FILE has receipts, and this is the pad.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False),
    help="Where the receipts go (default: FILE.receipts).",
)  # fmt: skip
@for_programs
@click.pass_obj
def import_command(config: Path | None, file: Path, out: Path | None, *,
                   are_receipts: bool, as_json: bool) -> None:  # fmt: skip
    """Send a bundle to the platform, each rating once; or take back its receipts on the pad."""
    configured = settings.load(config)
    if are_receipts:
        told = courier.settle(configured, file)
        if as_json:
            print_json(told)
        else:
            said = _(
                "acknowledged {acknowledged}, refused {refused}, settled before {known}, not here {unknown}"
            )
            click.echo(said.format(**told))
        sys.exit(0)
    receipts = out or file.with_name(f"{file.name}.receipts")
    told = courier.feed(configured, file, receipts, quiet=as_json)
    if as_json:
        print_json(told | {"receipts": str(receipts) if told["left"] < told["of"] else None})
    else:
        said = _("of {of}: accepted {accepted}, known already {duplicate}, refused {refused}, left {left}")
        click.echo(said.format(**told))
        if told["left"]:
            click.echo(_("{why}; mend that and import it again").format(why=told["why"]), err=True)
        if told["left"] < told["of"]:
            click.echo(_("back on the pad: padctl import --receipts {file}").format(file=receipts.name))
    sys.exit(1 if told["left"] or told["refused"] else 0)
