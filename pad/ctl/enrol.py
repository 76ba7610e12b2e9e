"""``padctl enrol``: makes a pad known to its platform by a one-time code; or prepares a stick for many."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from pad import enrolment, settings
from pad.ctl import restart
from pad.ctl.words import _
from pad.enrolment import Enrolment, EnrolmentError, Outcome, machine, request, sheet, stick
from pad.enrolment.asking import Enroller, NoAnswer
from pad.enrolment.enrolling import Enrolled, NotEnrolled, Steps
from pad.enrolment.machine import NoSerial
from pad.enrolment.request import RequestError, Result
from pad.enrolment.sheet import SheetError
from pad.enrolment.wire import AnswerError
from pad.keys import SecretError
from pad.settings import Settings, SettingsError
from pad.settings.writing import Value

SCREEN_USER: Final = "pad-kiosk"
_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_PATH: Final = click.Path(path_type=Path)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)
_FAILURES: Final = (NoAnswer, NotEnrolled, AnswerError, NoSerial, SecretError, SettingsError, OSError)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    platform: str = ""
    code: str = field(default="", repr=False)
    serial: str = ""
    ca_file: Path | None = None
    as_json: bool = False
    restarts: bool = True


@click.command("enrol")
@click.option("--platform", default="", metavar="URL", help="The platform's address for enrolments.")
@click.option(
    "--code", default="", help="The one-time code, or a QR code's whole text; -: from standard input."
)
@click.option("--ca-file", type=_FILE, help="PEM file of the authority that signs the platform.")
@click.option(
    "--serial",
    default="",
    envvar="PAD_SERIAL",
    help="This pad's serial number, where the machine does not know it.",
)
@click.option("--file", "csv", type=_FILE, help="A sheet of many pads (CSV): check it, and prepare a stick.")
@click.option("--stick", type=_FOLDER, help="With --file: where to. Alone: enrol this pad by its row.")
@click.option("--package", type=_FILE, help="With --file: the .deb that goes on the stick.")
@click.option(
    "--request", "asked_by_screen", type=click.Path(path_type=Path), help="What the pad's screen asks for."
)
@click.option("--show-serial", is_flag=True, help="Say this machine's serial number, and do nothing.")
@click.option("--no-restart", is_flag=True, help="Leave kiosk and syncd running as they are.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def enrol(  # noqa: PLR0913 - one for each option
    config: Path | None, platform: str, code: str, serial: str, *, ca_file: Path | None, csv: Path | None,
    stick: Path | None, package: Path | None, asked_by_screen: Path | None, show_serial: bool,
    no_restart: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make this pad known to its platform, by a code that works once (docs/enrolment.md).

    \b
    padctl enrol --platform https://platform.example/gateway --code ABCD-EFGH
    padctl enrol --file pads.csv --platform URL --stick /media/stick     (at a desk, for many)
    padctl enrol --stick /media/stick                                    (at each pad)
    """
    if code == "-":
        code = sys.stdin.readline().strip()
    asked = Asked(platform, code, serial, ca_file, as_json, not no_restart)
    if serial and not machine.is_serial(serial):
        raise click.UsageError("--serial: allowed is a maker's number of 1 to 64 ASCII characters")
    if show_serial:
        sys.exit(_show_serial(as_json=as_json))
    if csv is not None:
        sys.exit(_prepare(asked, csv, stick, package))
    if package is not None:
        raise click.UsageError("--package goes with --file")
    if asked_by_screen is not None:
        sys.exit(_for_the_screen(settings.load(config), asked_by_screen, serial))
    if stick is not None:
        if code or platform:
            raise click.UsageError("--stick brings platform and code; leave --platform and --code out")
        sys.exit(_by_the_stick(settings.load(config), asked, stick))
    sys.exit(_enrol(settings.load(config), asked, _typed(asked)))


def _typed(asked: Asked) -> Enrolment:
    if enrolment.is_enrolment(asked.code):
        text = asked.code
    elif not asked.platform or not asked.code:
        raise click.UsageError("--platform and --code are needed; or --file, or --stick")
    else:
        text = enrolment.text_of(Enrolment(asked.platform, asked.code))
    try:
        return enrolment.parse(text)
    except EnrolmentError as error:
        raise click.UsageError(f"this cannot be enrolled with: {error}") from error


def _show_serial(*, as_json: bool) -> int:
    found = machine.this_machine()
    if as_json:
        click.echo(json.dumps({"serials": found.serials, "macs": found.macs}))
    try:
        serial = found.serial
    except NoSerial as error:
        return _failed(error)
    if not as_json:
        click.echo(serial)
    return 0


# --- this pad ---------------------------------------------------------------------------


def _enrol(
    configured: Settings, asked: Asked, by: Enrolment, local: Mapping[str, Value] | None = None
) -> int:
    try:
        done = _take(configured, asked, by, local or {})
    except _FAILURES as error:
        return _failed(error, as_json=asked.as_json)
    restarted, words = (
        restart.restart(configured, (restart.KIOSK, restart.SYNCD))
        if asked.restarts
        else (
            False,
            "restart kiosk and syncd when nobody is rating: they read their settings when they start",
        )
    )
    if asked.as_json:
        click.echo(json.dumps(_as_json(configured, done, restarted=restarted), ensure_ascii=False, indent=2))
    else:
        for line in _told(configured, done, words):
            click.echo(line)
    return 0


def _take(configured: Settings, asked: Asked, by: Enrolment, local: Mapping[str, Value]) -> Enrolled:
    """Enrol; raises one of ``_FAILURES``."""
    serial = asked.serial or machine.this_machine().serial
    named = configured.platform.ca_file
    ca_file = asked.ca_file or (configured.beside(named) if named else None)
    enroller = Enroller(by.platform, ca_file)
    if asked.ca_file is not None:
        target = configured.beside(stick.AUTHORITIES)
        if not target.exists() or not target.samefile(asked.ca_file):
            shutil.copyfile(asked.ca_file, target)
        local = {**local, "platform.ca_file": target.name}
    return Steps(configured, enroller.ask, serial, local).take(by)


def _by_the_stick(configured: Settings, asked: Asked, folder: Path) -> int:
    found = machine.this_machine()
    serials = (asked.serial,) if asked.serial else found.serials
    try:
        row = sheet.find(stick.read(folder / stick.SHEET), serials, () if asked.serial else found.macs)
    except SheetError as error:
        return _wrong_sheet(folder / stick.SHEET, error)
    if row is None:
        names = ", ".join((*serials, *found.macs)) or "none"
        why = f"this machine is not in it; its names are {names}; --serial TEXT gives it another"
        return _failed(SheetError([f"{folder / stick.SHEET}: {why}"]))
    ca_file = folder / stick.AUTHORITIES
    asked = Asked(
        serial=asked.serial or row.serial or row.mac,
        ca_file=asked.ca_file or (ca_file if ca_file.exists() else None),
        as_json=asked.as_json,
        restarts=asked.restarts,
    )
    return _enrol(configured, asked, row.enrolment, row.settings)


def _for_the_screen(configured: Settings, file: Path, serial: str) -> int:
    """Enrol as the pad's screen asks; what came of it goes back there, and in words into the log."""
    try:
        owner = pwd.getpwnam(SCREEN_USER).pw_uid if os.geteuid() == 0 else os.geteuid()
    except KeyError:
        owner = os.geteuid()  # no pad is installed here
    try:
        request_id, by = request.take(file, owner)
    except RequestError as error:
        return _failed(error)
    wrong: Exception | None = None
    result = Result(request_id, Outcome.ENROLLED)
    try:
        answer = _take(configured, Asked(serial=serial), by, {}).answer
        result = Result(request_id, Outcome.ENROLLED, answer.device, answer.pad.hall_name, answer.pad.win_no)
    except _FAILURES as error:
        wrong, result = error, Result(request_id, _outcome(error))
    try:
        request.tell(file.parents[1], result)
    except OSError as error:
        wrong = wrong or error
    if wrong is not None:
        return _failed(wrong)
    # the kiosk starts anew by itself, once the technician has read what came of it and leaves
    _done, words = restart.restart(configured, (restart.SYNCD,))
    click.echo(f"enrolled as {result.device}; {words}")
    return 0


def _outcome(error: Exception) -> Outcome:
    if isinstance(error, NotEnrolled):
        return Outcome(error.code)
    if isinstance(error, NoSerial):
        return Outcome.NO_SERIAL
    return Outcome.NO_ANSWER if isinstance(error, NoAnswer | AnswerError) else Outcome.NOT_WRITTEN


# --- many pads --------------------------------------------------------------------------


def _prepare(asked: Asked, csv: Path, folder: Path | None, package: Path | None) -> int:
    try:
        rows = stick.read(csv, asked.platform)
    except SheetError as error:
        return _wrong_sheet(csv, error)
    try:
        written = (
            ()
            if folder is None
            else stick.prepare(folder.absolute(), rows, package=package, ca_file=asked.ca_file)
        )
    except OSError as error:
        return _failed(error, as_json=asked.as_json)
    if asked.as_json:
        told = {"pads": len(rows), "written": [str(path) for path in written]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return 0
    click.echo(_("{file}: {count} pads, each row is good").format(file=csv, count=len(rows)))
    for path in written:
        click.echo(_("written   {path}").format(path=path))
    click.echo(
        _("next: at each pad, as root: sh {script} on the stick (or padctl enrol --stick FOLDER)").format(
            script=written[1].name
        )
        if written
        else _("next: the same with --stick FOLDER writes the stick")
    )
    return 0


def _wrong_sheet(file: Path, error: SheetError) -> int:
    for fault in error.faults:
        click.echo(f"padctl: {file}: {fault}", err=True)
    click.echo("padctl: " + _("nothing was written; mend these and try again"), err=True)
    return 1


# --- in words ---------------------------------------------------------------------------


def _told(configured: Settings, done: Enrolled, restarted: str) -> list[str]:
    window, platform = done.answer.pad, done.answer.platform
    told = {
        "device": done.answer.device, "serial": done.serial, "hall": window.hall_name,
        "window": window.win_no or "-", "url": platform.url, "profile": platform.profile,
        "mark": platform.app_mark,
    }  # fmt: skip
    lines = [
        _("enrolled  {device} (serial {serial})").format_map(told),
        _("window    {hall}, window {window}").format_map(told),
        _("platform  {url} ({profile}), as {mark}").format_map(told),
    ]
    if done.answer.catalogue:
        lines.append(_("catalogue {version}").format(version=done.answer.catalogue))
    changed = ", ".join(done.changed) or _("nothing was another before")
    lines.append(_("settings  {file}: {changed}").format(file=configured.file, changed=changed))
    lines += [_("secret    {path}").format(path=path) for path in done.secrets]
    if done.aside:
        lines.append(
            _("aside     {names}: the platform before published them").format(names=", ".join(done.aside))
        )
    if done.waiting:
        lines.append(
            _("waiting   {count} ratings; they are sent under the new name").format(count=done.waiting)
        )
    if done.noted:
        lines.append(_("journal   not written: {why}").format(why=done.noted))
    lines.append(_("programs  {what}").format(what=restarted))
    return [*lines, _("next: padctl status says whether ratings get through")]


def _as_json(configured: Settings, done: Enrolled, *, restarted: bool) -> dict[str, Any]:
    window, platform = done.answer.pad, done.answer.platform
    return {
        "device": done.answer.device,
        "serial": done.serial,
        "hall_name": window.hall_name,
        "win_no": window.win_no,
        "platform": {"url": platform.url, "profile": platform.profile, "app_mark": platform.app_mark},
        "catalogue": done.answer.catalogue,
        "settings": {"file": str(configured.file), "changed": done.changed},
        "secrets": [str(path) for path in done.secrets],
        "aside": done.aside,
        "waiting": done.waiting,
        "journal": done.noted,
        "restarted": restarted,
    }


def _failed(error: Exception, *, as_json: bool = False) -> int:
    if isinstance(error, OSError):
        words = f"{error.filename}: cannot be written ({error.strerror}); try it as root (sudo)"
    else:
        words = str(error)
    if as_json:
        click.echo(json.dumps({"error": words}, ensure_ascii=False))
    click.echo(f"padctl: {words}", err=True)
    return 1
