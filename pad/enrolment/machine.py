"""What this machine is called by its maker: the serial number an enrolment tells and a stick is looked up by.

In this order: the number of the whole (DMI ``product_serial``), of the board (``board_serial``), of a
board without DMI (device tree ``serial-number``), and where a maker left those out the MAC address of
the first network interface that is a device of its own. Root alone may read DMI's numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FILES: Final = (
    "sys/class/dmi/id/product_serial",
    "sys/class/dmi/id/board_serial",
    "proc/device-tree/serial-number",
    "sys/firmware/devicetree/base/serial-number",
)
_LEFT_OUT: Final = re.compile(
    r"to be filled.*|default.*|system serial.*|base board serial.*|chassis serial.*|"
    r"not (?:specified|available|applicable)|none|n/?a|null|unknown|invalid|oem|o\.e\.m\.?|"
    r"empty|serial(?: ?number)?|(.)\1*|"
    r"0?123456789a?b?c?d?e?f?",
    re.IGNORECASE,
)
"""What stands where a maker wrote none."""
_PRINTABLE: Final = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
_MAC: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")


class NoSerial(Exception):
    """This machine has neither a serial number nor a network interface of its own."""


@dataclass(frozen=True, slots=True)
class Machine:
    """By what names a machine may stand in a sheet: its serial numbers, the best first, and MAC addresses."""

    serials: tuple[str, ...]
    macs: tuple[str, ...]

    @property
    def serial(self) -> str:
        """The one it is enrolled under.

        :raises NoSerial: if there is none
        """
        for name in (*self.serials, *self.macs):
            return name
        raise NoSerial(
            "this machine has no serial number of its own; give the one on its label: --serial TEXT"
        )


def this_machine(root: Path = Path("/")) -> Machine:
    """The machine this runs on."""
    found = (_serial(root / name) for name in _FILES)
    serials = tuple(dict.fromkeys(each for each in found if each))
    return Machine(serials, tuple(_macs(root / "sys/class/net")))


def is_serial(text: str) -> bool:
    """Whether a maker's number is one."""
    return bool(_PRINTABLE.fullmatch(text)) and not _LEFT_OUT.fullmatch(text)


def as_mac(text: str) -> str | None:
    """A MAC address as it is compared: ``02:1a:...``; None if it is none."""
    joined = re.sub(r"[-:.]", "", text.strip().lower())
    pairs = ":".join(re.findall("..", joined))
    return pairs if len(joined) == 12 and _MAC.fullmatch(pairs) else None


def _serial(file: Path) -> str:
    try:
        text = file.read_bytes().rstrip(b"\0").decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if is_serial(text) else ""


def _macs(folder: Path) -> list[str]:
    """The addresses of what is a device, in the order the kernel found them."""
    found = []
    for each in folder.glob("*"):
        if not (each / "device").exists():
            continue  # a bridge, a tunnel, the machine itself
        try:
            number = int((each / "ifindex").read_text(encoding="ascii"))
            mac = as_mac((each / "address").read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        if mac is not None and mac != "00:00:00:00:00:00":
            found.append((number, mac))
    return [mac for _, mac in sorted(found)]
