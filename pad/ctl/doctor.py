"""``padctl doctor``: looks at everything from touch to platform, all at once, each check within its time."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from pad import settings
from pad.ctl.checks import Check, Patient, door, machine, network, programs, secrets, storage
from pad.ctl.finding import Finding, Verdict, show, worst
from pad.ctl.opening import for_programs, print_json
from pad.ctl.progress import progress
from pad.ctl.words import _, marked
from pad.settings import SettingsError

WITHIN_S: Final = 75.0
"""For one check; the way to the platform has the most time limits to wait for."""
CHECKS: Final[Mapping[str, Check]] = {
    "indicators": secrets.check_indicators,
    "ledger_keys": secrets.check_ledger_keys,
    "secrets": secrets.check_secrets,
    "modes": secrets.check_modes,
    "rights": secrets.check_rights,
    "phone": secrets.check_phone_key,
    "pin": secrets.check_pin,
    "touch": machine.check_touch,
    "display": machine.check_display,
    "sound": machine.check_sound,
    "devices": machine.check_devices,
    "temperature": machine.check_heat,
    "ledger": storage.check_ledger,
    "room": storage.check_room,
    "wear": storage.check_wear,
    "kiosk": programs.check_kiosk,
    "door": door.check_door,
    "syncd": programs.check_syncd,
    "units": programs.check_units,
    "version": machine.check_version,
    "log_limit": machine.check_log_limit,
    "clock": programs.check_clock,
    "network": network.check_network,
    "platform": network.check_platform,
}
TITLES: Final = {
    "settings": marked("settings"), "indicators": marked("indicators"), "secrets": marked("secrets"),
    "ledger_keys": marked("ledger keys"), "modes": marked("file modes"), "rights": marked("rights"),
    "phone": marked("phone codes"), "pin": marked("technician's PIN"), "touch": marked("touch"),
    "display": marked("display"), "sound": marked("sound"), "devices": marked("devices"),
    "temperature": marked("temperature"), "ledger": marked("ledger"), "damage": marked("damage"),
    "room": marked("room"), "inodes": marked("inodes"), "wear": marked("disk wear"),
    "kiosk": marked("kiosk"), "door": marked("counter TLS"), "syncd": marked("syncd"),
    "units": marked("units"), "version": marked("version"), "log_limit": marked("log size"),
    "clock": marked("clock"), "network": marked("network"), "dns": marked("DNS"),
    "tcp": marked("connection"), "tls": marked("TLS"),
    "clock_offset": marked("clock offset"), "platform": marked("platform"),
}  # fmt: skip


@click.command()
@for_programs
@click.pass_obj
def doctor(config: Path | None, *, as_json: bool) -> None:
    """Check everything from touch to clock to network to platform; say the next step where one is needed."""
    with progress(_("looking"), len(CHECKS), quiet=as_json) as step:
        findings = examine(config, step)
    if as_json:
        print_json({"version": 1, "worst": worst(findings), "findings": [asdict(each) for each in findings]})
    else:
        show(Console(highlight=False), [(_(TITLES[each.name]), each) for each in findings])
    sys.exit(1 if worst(findings) is Verdict.FAIL else 0)


def examine(config: Path | None, step: Callable[[], None] = lambda: None) -> tuple[Finding, ...]:
    """Every finding, in the order of the checks; without settings there is nothing to look for."""
    try:
        configured = settings.load(config)
    except SettingsError as error:
        return (Finding("settings", Verdict.FAIL, str(error), _("mend that line; padctl config check")),)
    well = Finding("settings", Verdict.OK, str(configured.file))
    return (well, *_all_at_once(Patient(configured), CHECKS, WITHIN_S, step))


def _all_at_once(
    patient: Patient, checks: Mapping[str, Check], within_s: float, step: Callable[[], None]
) -> Iterator[Finding]:
    """Every check in a thread of its own: one that hangs, on a dying disk say, keeps none of the others."""
    done: queue.SimpleQueue[tuple[str, tuple[Finding, ...]]] = queue.SimpleQueue()
    for name, check in checks.items():
        work = (name, check, patient, done)
        threading.Thread(target=_run, args=work, name=f"check {name}", daemon=True).start()
    found: dict[str, tuple[Finding, ...]] = {}
    while len(found) < len(checks):
        try:
            name, findings = done.get(timeout=within_s)
        except queue.Empty:
            break
        found[name] = findings
        step()
    for name in checks:
        late = Finding(
            name, Verdict.FAIL, _("nothing was found out within {span:g} s").format(span=within_s),
            _("what it looks at hangs; try it again, then restart the pad"),
        )  # fmt: skip
        yield from found.get(name, (late,))


def _run(
    name: str, check: Check, patient: Patient, done: queue.SimpleQueue[tuple[str, tuple[Finding, ...]]]
) -> None:
    try:
        found = tuple(check(patient))
    except Exception as error:
        # one broken check is a finding, and says nothing of the others; its text may hold anything
        found = (
            Finding(
                name, Verdict.FAIL, _("could not be looked at ({why})").format(why=type(error).__name__),
                _("try it as root (sudo)"),
            ),
        )  # fmt: skip
    done.put((name, found))
