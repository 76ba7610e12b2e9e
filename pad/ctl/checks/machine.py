"""Checks of the machine: touch, display, sound, devices, heat, its log's limit, the version."""

from __future__ import annotations

import configparser
import subprocess
from collections.abc import Iterator
from typing import Final

import psutil

import pad
from pad.ctl import devices, units
from pad.ctl.checks import Patient
from pad.ctl.finding import Finding, Verdict
from pad.ctl.kiosk import KioskSilent, kiosk_state
from pad.ctl.words import _
from pad.keys import SecretError

HOT_C: Final = 80.0
_IS_DIRECT: Final = 0b10
"""``INPUT_PROP_DIRECT`` in ``B: PROP=`` of /proc/bus/input/devices: a touch screen, not a pad beside it."""
_PACKAGE: Final = "window-rating-pad"


def check_touch(patient: Patient) -> Iterator[Finding]:
    """Whether the kernel sees a touch screen."""
    try:
        told = (patient.root / "proc/bus/input/devices").read_text(encoding="utf-8", errors="replace")
    except OSError:
        yield Finding("touch", Verdict.SKIPPED, _("this machine does not list its input devices"))
        return
    if found := touch_screens(told):
        yield Finding("touch", Verdict.OK, ", ".join(found))
        return
    yield Finding(
        "touch", Verdict.FAIL, _("the machine sees no touch screen"),
        _("check the panel's USB cable; libinput list-devices shows what is there"),
    )  # fmt: skip


def touch_screens(told: str) -> tuple[str, ...]:
    """The names of the touch screens in ``/proc/bus/input/devices``."""
    found = []
    for block in told.split("\n\n"):
        lines = block.splitlines()
        direct = any(
            int(line.partition("=")[2] or "0", 16) & _IS_DIRECT
            for line in lines
            if line.startswith("B: PROP=")
        )
        if direct:
            found += [line.partition("=")[2].strip('"') for line in lines if line.startswith("N: Name=")]
    return tuple(found)


def check_display(patient: Patient) -> Iterator[Finding]:
    """Whether a display hangs on the machine."""
    outputs = {
        file.parent.name: file.read_text(encoding="ascii", errors="replace").strip()
        for file in sorted((patient.root / "sys/class/drm").glob("*/status"))
    }
    if not outputs:
        yield Finding("display", Verdict.SKIPPED, _("this machine lists no display outputs"))
    elif connected := [name for name, state in outputs.items() if state == "connected"]:
        yield Finding("display", Verdict.OK, ", ".join(connected))
    else:
        found = _("nothing is connected to {outputs}").format(outputs=", ".join(outputs))
        yield Finding("display", Verdict.FAIL, found, _("check the display's cable and its power"))


def check_sound(patient: Patient) -> Iterator[Finding]:
    """Whether the machine can speak, where it is to."""
    if not patient.configured.voice.enabled:
        yield Finding("sound", Verdict.SKIPPED, _("voice.enabled is false"))
        return
    try:
        cards = (patient.root / "proc/asound/cards").read_text(encoding="utf-8", errors="replace")
    except OSError:
        cards = ""
    if "[" in cards:
        names = [line.partition("]: ")[2].strip() for line in cards.splitlines() if "]: " in line]
        yield Finding("sound", Verdict.OK, ", ".join(names))
        return
    yield Finding(
        "sound", Verdict.WARN, _("the machine has no sound card"), _("docs/voice.md, or voice.enabled")
    )


def check_devices(patient: Patient) -> Iterator[Finding]:
    """Key pad, reader, scanner, serial counter: those that are configured."""
    try:
        told = kiosk_state(patient.configured).devices
    except (KioskSilent, SecretError):
        told = None
    found = devices.devices(patient.configured, told)
    if not found:
        yield Finding("devices", Verdict.SKIPPED, _("none is configured"))
    for each in found:
        said = f"{each.name}: {each.port or each.setting} {each.state}".rstrip()
        verdict = Verdict.OK if each.is_well else Verdict.FAIL
        yield Finding("devices", verdict, said, each.todo)


def check_heat(patient: Patient) -> Iterator[Finding]:
    """The hottest place that is measured."""
    try:
        found = [each.current for chip in psutil.sensors_temperatures().values() for each in chip]
    except (OSError, AttributeError):
        found = []
    if not found:
        yield Finding("temperature", Verdict.SKIPPED, _("this machine measures none"))
        return
    yield heat(max(found))


def heat(celsius: float) -> Finding:
    """What a temperature means."""
    if celsius >= HOT_C:
        return Finding(
            "temperature", Verdict.WARN, f"{celsius:.0f} °C", _("free the vents; is it in the sun?")
        )
    return Finding("temperature", Verdict.OK, f"{celsius:.0f} °C")


def check_log_limit(patient: Patient) -> Iterator[Finding]:
    """Whether the log has a bound of its own, so that it cannot fill the disk the ledger is on."""
    if not units.is_booted() and patient.root.samefile("/"):
        yield Finding("log_limit", Verdict.SKIPPED, _("systemd does not run here"))
        return
    files = [patient.root / "etc/systemd/journald.conf"]
    for folder in ("usr/lib", "run", "etc"):
        files += sorted((patient.root / folder / "systemd/journald.conf.d").glob("*.conf"))
    limit = ""
    for file in files:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
            limit = parser.get("Journal", "SystemMaxUse", fallback=limit)
        except configparser.Error:
            continue
    if limit:
        yield Finding("log_limit", Verdict.OK, f"SystemMaxUse={limit}")
        return
    yield Finding(
        "log_limit", Verdict.WARN, _("the log may take a tenth of the disk"),
        _("set SystemMaxUse=200M in /etc/systemd/journald.conf.d/pad.conf"),
    )  # fmt: skip


def check_version(patient: Patient) -> Iterator[Finding]:
    """Whether what runs is what is installed."""
    try:
        running = kiosk_state(patient.configured).versions.get("pad", "")
    except (KioskSilent, SecretError):
        running = ""
    if running and running != pad.__version__:
        found = _("{installed} is installed, the kiosk still runs {running}").format(
            installed=pad.__version__, running=running
        )
        yield Finding("version", Verdict.WARN, found, "systemctl restart kiosk syncd")
        return
    package = _package_version()
    yield Finding("version", Verdict.OK, f"{pad.__version__} ({package})" if package else pad.__version__)


def _package_version() -> str:
    words = ["dpkg-query", "--show", "--showformat=${Version}", _PACKAGE]
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
