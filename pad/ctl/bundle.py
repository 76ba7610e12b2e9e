"""``padctl bundle``: what somebody who helps from afar needs, in one file without anything of a person."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import click

from pad import settings, whole_file
from pad.ctl import units
from pad.ctl.config import effective
from pad.ctl.doctor import examine
from pad.ctl.facts import Facts, gather
from pad.ctl.journal import entries
from pad.ctl.judgement import judge
from pad.ctl.logs import command
from pad.ctl.opening import for_programs, print_json
from pad.ctl.progress import progress
from pad.ctl.status import told
from pad.ctl.words import _
from pad.ledger.connection import LedgerError
from pad.ledger.state import Refusal, reading
from pad.settings import Settings

_LOG_WITHIN_S: Final = 30.0
_PRIVATE: Final = ("alerts.smtp.user", "alerts.smtp.sender", "alerts.smtp.to")
"""Settings that name persons."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@for_programs
@click.pass_obj
def bundle(config: Path | None, file: Path, *, as_json: bool) -> None:
    """Write a support archive (tar.gz): status, doctor, journal, settings, logs; nobody is named in it."""
    configured = settings.load(config)
    with progress(_("looking"), 1, quiet=as_json) as step:
        parts = contents(config, configured)
        step()
    with whole_file.new(file) as opened, tarfile.open(fileobj=opened, mode="w:gz") as archive:
        for name, text in parts.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"padctl-bundle/{name}")
            entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(data))
    if as_json:
        print_json({"file": str(file), "parts": list(parts)})
        return
    click.echo(_("{file}: {names}").format(file=file, names=", ".join(parts)))


def contents(config: Path | None, configured: Settings) -> Mapping[str, str]:
    """The files of the archive, by name."""
    facts = without_words(gather(configured))
    shown = [
        asdict(each) | ({"value": "…"} if each.key in _PRIVATE and each.value else {})
        for each in effective(configured.file)
    ]
    return {
        "status.json": _json(told(facts, judge(facts))),
        "doctor.json": _json([asdict(each) for each in examine(config)]),
        "journal.json": _json(_journal(configured)),
        "settings.json": _json(shown),
        "units.json": _json([asdict(each) for name in units.UNITS if (each := units.unit(name))]),
        "versions.json": _json({**facts.versions, "system": platform.platform()}),
        "log.txt": _log(),
    }


def without_words(facts: Facts) -> Facts:
    """The same without the platform's words on refused ratings: those may quote a person."""
    if isinstance(facts.stored, str):
        return facts
    line = facts.stored.line
    cut = replace(line, refusals=tuple(Refusal(each.seq, each.code, "") for each in line.refusals))
    return replace(facts, stored=replace(facts.stored, line=cut))


def _journal(configured: Settings) -> object:
    try:
        with reading(configured.ledger_path) as db:
            return list(entries(db))
    except LedgerError as error:
        return str(error)


def _log() -> str:
    if not units.is_booted():
        return "systemd does not run here\n"
    try:
        done = subprocess.run(
            command(units.UNITS, "-3d"), capture_output=True, text=True, timeout=_LOG_WITHIN_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}\n"
    return done.stdout


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
