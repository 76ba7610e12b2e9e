"""``padctl config``: shows, checks and changes the settings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from pad import indicators, settings
from pad.clock import SystemClock
from pad.ctl.checks import Patient, secrets
from pad.ctl.finding import Verdict
from pad.ctl.opening import for_programs, ledger, print_json
from pad.ctl.words import _, marked
from pad.ledger.connection import LedgerError, transaction
from pad.ledger.journal import write_note
from pad.settings.readers import to_restart
from pad.settings.reading import read_table
from pad.settings.tables import PadFile
from pad.settings.writing import change, value_of

NOTE: Final = "settings_changed"


@click.group("config")
def config_group() -> None:
    """Look at the settings, or change one."""


@config_group.command("check")
@for_programs
@click.pass_obj
def config_check(config: Path | None, *, as_json: bool) -> None:
    """Read every setting as kiosk and syncd do, secrets and indicators too; say what is wrong."""
    configured = settings.load(config)
    catalogue = indicators.load(configured.indicators_path)
    patient = Patient(configured)
    checks = (secrets.check_secrets, secrets.check_modes, secrets.check_phone_key)
    wrong = [each for check in checks for each in check(patient) if each.verdict is Verdict.FAIL]
    if as_json:
        print_json(
            {"file": str(configured.file), "good": not wrong, "findings": [asdict(each) for each in wrong]}
        )
    else:
        for each in wrong:
            click.echo(f"padctl: {each.found}\n→ {each.next_step}", err=True)
        if not wrong:
            said = _("{file}: good; platform {profile}, indicators {version}")
            click.echo(
                said.format(file=configured.file, profile=configured.profile.name, version=catalogue.version)
            )
    raise SystemExit(1 if wrong else 0)


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it holds, and whether the file says so."""

    key: str
    value: Any
    source: str


@config_group.command("show")
@for_programs
@click.pass_obj
def config_show(config: Path | None, *, as_json: bool) -> None:
    """Show every setting as it holds, and whether it stands in the file or is the default."""
    configured = settings.load(config)
    found = list(effective(configured.file))
    if as_json:
        print_json({"file": str(configured.file), "settings": [asdict(each) for each in found]})
        return
    table = Table(_("setting"), _("value"), _("from"), title=str(configured.file))
    for each in found:
        table.add_row(each.key, str(each.value), _(each.source), style="" if each.source == "file" else "dim")
    Console(highlight=False).print(table)


def effective(file: Path) -> Iterator[Effective]:
    """Every setting of a file that can be used; secrets stand in none."""
    written = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    yield from _effective("", read_table(file, PadFile), written)


def _effective(prefix: str, table: msgspec.Struct, written: Mapping[str, Any]) -> Iterator[Effective]:
    for field in msgspec.structs.fields(table):
        value = getattr(table, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _effective(f"{prefix}{field.name}.", value, written.get(field.name, {}))
        else:
            plain = msgspec.to_builtins(value, str_keys=True)
            hidden = "…" if "@" in str(plain) and "//" in str(plain) else plain
            source = marked("file") if field.name in written else marked("default")
            yield Effective(prefix + field.name, hidden, source)


@config_group.command("set")
@click.argument("key")
@click.argument("value")
@for_programs
@click.pass_obj
def config_set(config: Path | None, key: str, value: str, *, as_json: bool) -> None:
    """Set KEY, such as screen.language, to VALUE; the rest of the file stays, comments too."""
    file = settings.config_path(config).absolute()
    changed = change(file, {key: value_of(key, value)})
    programs = to_restart(key) if changed else ()
    restart = f"systemctl restart {' '.join(programs)}" if programs else ""
    unnoted = _note(settings.load(config), changed) if changed else ""
    if unnoted:
        click.echo(_("not noted in the journal: {why}").format(why=unnoted), err=True)
    if as_json:
        told = {
            "file": str(file),
            "key": key,
            "changed": bool(changed),
            "noted": bool(changed) and not unnoted,
        }
        print_json(told | {"restart": restart})
        return
    if not changed:
        click.echo(_("{key} is that already").format(key=key))
        return
    if restart:
        click.echo(_("{key} is set; restart for it: {units}").format(key=key, units=restart))
    else:
        click.echo(_("{key} is set; it counts from the next housekeeping on").format(key=key))


def _note(configured: settings.Settings, keys: tuple[str, ...]) -> str:
    """Write down which settings were changed, where there is a ledger, not to what; why that is not done."""
    try:
        with ledger(configured) as db, transaction(db):
            write_note(db, NOTE, SystemClock().read(), {"keys": list(keys)})
    except LedgerError as error:
        return str(error)
    return ""
