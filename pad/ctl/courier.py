"""Has syncd's own program pack a stick, feed the platform from one, and take receipts back.

Only syncd speaks to the platform, and only it may open who rated (``python -m syncd.stick``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from pad.ctl.progress import progress
from pad.ctl.words import _
from pad.ledger.exporting import Choice
from pad.settings import Settings


def pack(configured: Settings, choice: Choice, out: Path, *, quiet: bool) -> dict[str, Any]:
    """Write a bundle; what became of it. Ends the command where it cannot."""
    words = ["pack", str(out), "--from", str(choice.first)]
    words += ["--to", str(choice.last)] if choice.last is not None else []
    words += ["--refused"] if choice.refused else []
    return _told(configured, words, _("packing"), quiet=quiet)


def feed(configured: Settings, file: Path, receipts: Path, *, quiet: bool) -> dict[str, Any]:
    """Send a bundle to the platform; likewise."""
    return _told(configured, ["feed", str(file), str(receipts)], _("sending"), quiet=quiet)


def settle(configured: Settings, file: Path) -> dict[str, Any]:
    """Take receipts back; likewise."""
    return _told(configured, ["settle", str(file)], _("reading"), quiet=True)


def _told(configured: Settings, words: list[str], what: str, *, quiet: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "syncd.stick", "--config", str(configured.file), *words]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        progress(what, 0, quiet=quiet) as step,
    ):
        result: dict[str, Any] | None = None
        for line in process.stdout or ():
            told = json.loads(line)
            result = told.get("result")
            if result is None:
                step(told["of"])
        said = process.stderr.read() if process.stderr else ""
    if result is None:
        click.echo(f"padctl: {said.strip() or _('it ended without a word')}", err=True)
        sys.exit(1)
    return result
