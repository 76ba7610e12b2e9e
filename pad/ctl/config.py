"""``padctl config``: looks at the settings."""

from __future__ import annotations

from pathlib import Path

import click

from pad import indicators, settings


@click.group("config")
def config_group() -> None:
    """Look at the settings."""


@config_group.command("check")
@click.pass_obj
def config_check(config: Path | None) -> None:
    """Read every setting as kiosk and syncd do; say the first that is wrong."""
    configured = settings.load(config)
    catalogue = indicators.load(configured.indicators_path)
    click.echo(f"{configured.file}: good; platform {configured.profile.name}, indicators {catalogue.version}")
