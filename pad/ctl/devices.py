"""``padctl devices``: each configured device as the running kiosk sees it, and every serial port there is."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from pad import serial_ports, settings
from pad.ctl.kiosk import KioskSilent, Told, kiosk_state
from pad.ctl.opening import for_programs
from pad.ctl.words import _, marked
from pad.serial_ports import NoSuchPort, SerialPort
from pad.settings import SerialLine, Settings

VOICE: Final = "voice"
FOUND: Final = "found"
_TODO: Final = {
    "lost": marked("it is there, but cannot be opened; the kiosk's log says why"),
    "silent": marked("it does not answer; check its cable, baud and frame"),
    "": marked("the kiosk does not know it yet; restart the kiosk, which reads pad.toml when it starts"),
}
"""By what the kiosk says of a device whose port is there; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device: where its setting says it is, where that is now, and how the kiosk finds it.

    ``state`` is empty where the kiosk could not be asked.
    """

    name: str
    setting: str
    port: str
    state: str
    errors: int | None
    last_event_s: float | None
    todo: str

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.todo


@click.command("devices")
@for_programs
@click.pass_obj
def devices_command(config: Path | None, *, as_json: bool) -> None:
    """Say how every device does, and what serial ports there are."""
    configured = settings.load(config)
    told, silent = None, ""
    try:
        told = told_by_kiosk(configured)
    except KioskSilent as error:
        silent = str(error)
    found, ports = devices(configured, told), serial_ports.ports()
    if as_json:
        click.echo(_as_json(found, ports))
    else:
        show(Console(), found, ports)
    if silent:
        click.echo(f"padctl: {silent}", err=True)
    sys.exit(1 if silent or not all(each.is_well for each in found) else 0)


def told_by_kiosk(configured: Settings) -> Mapping[str, Told]:
    """The devices of ``GET /v1/state``.

    :raises KioskSilent: if there is no answer
    """
    return kiosk_state(configured).devices


def devices(configured: Settings, told: Mapping[str, Told] | None) -> tuple[Device, ...]:
    """Every configured device, and the loudspeaker; ``told`` is what the kiosk said, None: nothing."""
    found = [_device(name, line, told) for name, line in configured.devices.configured().items()]
    if told is not None and VOICE in told:
        voice = told[VOICE]
        todo = "" if voice.state == FOUND else "see the kiosk's log, and docs/voice.md"
        found.append(Device(VOICE, configured.voice.device, "", voice.state, voice.errors, None, todo))
    return tuple(found)


def _device(name: str, line: SerialLine, told: Mapping[str, Told] | None) -> Device:
    known = None if told is None else told.get(name)
    try:
        port, todo = serial_ports.path_of(line.port), ""
    except NoSuchPort as error:
        port, todo = "", f"{error}; plug it in, or name one of the ports below in pad.toml"
    if not todo and told is not None:
        todo = _TODO.get("" if known is None else known.state, "")
        todo = todo and _(todo)
    if known is None:
        return Device(name, line.port, port, "", None, None, todo)
    return Device(name, line.port, port, known.state, known.errors, known.last_event_s, todo)


def _as_json(found: tuple[Device, ...], ports: tuple[SerialPort, ...]) -> str:
    """Both lists, for programs."""
    told = {"devices": [asdict(each) for each in found], "ports": [asdict(each) for each in ports]}
    return json.dumps(told, ensure_ascii=False, indent=2)


def show(console: Console, found: tuple[Device, ...], ports: tuple[SerialPort, ...]) -> None:
    """Both lists, for people."""
    if found:
        table = Table(
            _("device"), _("setting"), _("port"), _("state"), _("errors"), _("last event"), title=_("Devices")
        )
        for each in found:
            ago = "" if each.last_event_s is None else f"{each.last_event_s:.0f} s ago"
            errors = "" if each.errors is None else str(each.errors)
            table.add_row(each.name, each.setting, each.port, each.state or "?", errors, ago)
        console.print(table)
        for each in found:
            if not each.is_well:
                console.print(f"{each.name}: {each.todo}", soft_wrap=True, markup=False, highlight=False)
    else:
        console.print(
            _("no device is configured; name its port in pad.toml, in [keypad], [idcard], [scanner]"),
            markup=False,
        )
    if not ports:
        console.print(_("this machine has no serial ports"))
        return
    table = Table(
        _("port"), _("as a setting"), _("what it says of itself"), title=_("Serial ports of this machine")
    )
    for port in ports:
        table.add_row(port.path, port.usb or port.path, port.description)
    console.print(table)
