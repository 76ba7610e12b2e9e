"""Where a serial device is: by a stable name under /dev, or by what it says on USB."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serial.tools import list_ports

_LOOKS: Final = 3
_USB: Final = re.compile(r"usb:(?P<vendor>[0-9a-fA-F]{4}):(?P<product>[0-9a-fA-F]{4})(?::(?P<serial>\S+))?")


class NoSuchPort(Exception):
    """The device is not there, or cannot be told from another; the message says which."""


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine; ``usb`` is how a setting names it, empty if it is not on USB."""

    path: str
    usb: str
    description: str


def path_of(port: str) -> str:
    """The path of a ``port`` setting: a path as it is, or where ``usb:VVVV:PPPP[:SERIAL]`` is now.

    :raises NoSuchPort: if nothing of that name is there, or USB has two alike
    """
    wanted = _USB.fullmatch(port)
    if wanted is None:
        if not Path(port).exists():
            raise NoSuchPort(f"{port}: not there")
        return port
    vendor, product = int(wanted["vendor"], 16), int(wanted["product"], 16)
    found = sorted(
        each.device
        for each in _listed()
        if (each.vid, each.pid) == (vendor, product) and wanted["serial"] in (None, each.serial_number)
    )
    if not found:
        raise NoSuchPort(f"{port}: not there")
    if len(found) > 1:
        raise NoSuchPort(f"{port}: {' and '.join(found)} are alike; name one by its serial number or path")
    path: str = found[0]
    return path


def ports() -> tuple[SerialPort, ...]:
    """Every serial port of this machine, by path."""
    return tuple(
        SerialPort(each.device, _usb_of(each.vid, each.pid, each.serial_number), each.description or "")
        for each in sorted(_listed(), key=lambda each: each.device)
    )


def _listed() -> list[Any]:
    """What pyserial lists; it fails where a device goes while it is read, and is asked again."""
    for _ in range(_LOOKS):
        try:
            return list(list_ports.comports())
        except (TypeError, ValueError, OSError):
            continue
    return []


def _usb_of(vendor: int | None, product: int | None, serial_number: str | None) -> str:
    if vendor is None or product is None:
        return ""
    name = f"usb:{vendor:04x}:{product:04x}"
    return f"{name}:{serial_number}" if serial_number and not re.search(r"\s", serial_number) else name
