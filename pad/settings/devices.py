"""The tables of ``pad.toml`` that are about devices on serial lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pad.codes import Level
from pad.settings.maps import LEVELS, check_map
from pad.settings.reading import SettingsError, Table

Text = Annotated[str, Meta(min_length=1, max_length=200)]
SLIP_FIELDS: Final = ("project_no", "service_number", "task_name")
"""What a pattern's groups can stand for."""
CODE_MAX: Final = 16
"""A key sends at most so many bytes."""
_FRAME: Final = '7 or 8 data bits, parity N, E or O, 1 or 2 stop bits, such as "8N1"'
_CODES: Final = {"5": "35", "4": "34", "3": "33", "2": "32", "1": "31"}


class SerialLine(Table, frozen=True):
    """Where a device on a serial line is, and how the line is set; no device where ``port`` is empty.

    ``frame`` is data bits, parity (N, E or O) and stop bits.
    """

    port: Annotated[
        str,
        Meta(
            pattern=r"^(/\S+|usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(:\S+)?)?\Z",
            max_length=200,
            description='a path such as "/dev/pad/keypad", "usb:1a86:7523" with or without ":SERIAL" (padctl '
            'devices lists both), or "" for none',
        ),
    ] = ""
    baud: Annotated[int, Meta(ge=1200, le=921_600)] = 9600
    frame: Annotated[str, Meta(pattern=r"^[78][NEO][12]\Z", description=_FRAME)] = "8N1"


class CounterLine(SerialLine, frozen=True):
    """``[counter.line]``: the same service over a serial line."""


class Keypad(SerialLine, frozen=True):
    """``[keypad]``: five physical keys on a serial line; ``codes`` are the bytes each level's key sends."""

    debounce_ms: Annotated[int, Meta(ge=0, le=2000)] = 150
    codes: dict[str, str] = msgspec.field(default_factory=lambda: dict(_CODES))

    def bytes_of(self) -> dict[Level, bytes]:
        """The bytes of each level's key."""
        return {Level(int(level)): bytes.fromhex(code) for level, code in self.codes.items()}


class IdCard(SerialLine, frozen=True):
    """``[idcard]``: a reader of the GA 450 family, for raters who want to give their real name."""

    baud: Annotated[int, Meta(ge=1200, le=921_600)] = 115_200
    poll_s: Annotated[float, Meta(ge=0.3, le=5)] = 0.3


class Scanner(SerialLine, frozen=True):
    """``[scanner]``: reads acceptance slips, and the technician's enrolment code.

    ``patterns`` are tried one after the other on what was scanned; each has a group ``project_no``
    and may have ``service_number`` and ``task_name``. ``json_keys`` are looked for where it is JSON.
    """

    invites: bool = True
    patterns: tuple[Text, ...] = (
        r"[?&#](?:projectNo|project_no|ywbh)=(?P<project_no>[0-9A-Za-z_-]{4,64})(?:[&#]|$)",
        r"^(?P<project_no>[0-9A-Za-z_-]{8,64})$",
    )
    json_keys: tuple[Text, ...] = ("projectNo", "project_no", "ywbh")


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything on a serial line, by the name it has everywhere."""

    keypad: Keypad
    idcard: IdCard
    scanner: Scanner
    counter_line: CounterLine

    def configured(self) -> dict[str, SerialLine]:
        """Those that have a port."""
        lines = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: line for name, line in lines.items() if line.port}


def check_devices(path: Path, devices: Devices) -> None:
    """See that no line has two devices, and that codes and patterns mean one thing.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    _check_ports(path, devices.configured())
    _check_codes(path, devices.keypad.codes)
    for pattern in devices.scanner.patterns:
        _check_pattern(path, pattern)


def _check_ports(path: Path, lines: Mapping[str, SerialLine]) -> None:
    seen: dict[str, str] = {}
    for name, line in lines.items():
        key = f"{name.replace('_', '.')}.port"
        if line.port in seen:
            raise SettingsError(
                f"{path}: {key}: found {line.port!r}, which is {seen[line.port]} as well; allowed is a "
                "line of its own for each device"
            )
        seen[line.port] = key


def _check_codes(path: Path, codes: Mapping[str, str]) -> None:
    check_map(path, "keypad.codes", codes, LEVELS)
    for level, code in codes.items():
        try:
            sent = bytes.fromhex(code)
        except ValueError:
            sent = b""
        if not 1 <= len(sent) <= CODE_MAX:
            raise SettingsError(
                f"{path}: keypad.codes.{level}: found {code!r}; allowed are 1 to {CODE_MAX} bytes in "
                'hexadecimal, such as "35" or "AA 05 0D"'
            )
        for other, its in codes.items():
            if other != level and bytes.fromhex(code) in _bytes(its):
                raise SettingsError(
                    f"{path}: keypad.codes.{level}: found {code!r}, which also stands within the code of "
                    f"{other} ({its!r}); allowed are five codes of which none is part of another"
                )


def _bytes(code: str) -> bytes:
    try:
        return bytes.fromhex(code)
    except ValueError:
        return b""


_WANTED: Final = (
    "allowed are regular expressions with a group (?P<project_no>…), and perhaps service_number and task_name"
)


def _check_pattern(path: Path, pattern: str) -> None:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise SettingsError(
            f"{path}: scanner.patterns: found {pattern!r}, no regular expression ({error}); {_WANTED}"
        ) from error
    if "project_no" not in groups or not set(groups) <= set(SLIP_FIELDS):
        raise SettingsError(f"{path}: scanner.patterns: found {pattern!r}; {_WANTED}")
