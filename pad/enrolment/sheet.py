"""The sheet of many pads, a CSV file: a row for each, with its one-time code and its own settings. Pure.

Columns: ``serial`` or ``mac`` (or both, one filled in a row), ``code``, perhaps ``platform``, and any
setting by its key, such as ``screen.diagonal_inches``. Every cell is checked before anything is made.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pad import enrolment
from pad.enrolment import Enrolment, EnrolmentError

MOST: Final = 10_000
"""Rows; a city has fewer windows."""
NAMES: Final = ("serial", "mac", "code", "platform")
THEIRS: Final = re.compile(r"pad\.(?!indicators$).*|platform\.(?!ca_file$).*|phone\.url")
"""Settings the platform answers with; a sheet has no say in them."""
_MANGLED: Final = re.compile(r"[0-9][.,]?[0-9]*E\+[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One pad: by what it is found, what it enrols with, and its own settings, checked and as written."""

    line: int
    serial: str
    mac: str
    enrolment: Enrolment
    settings: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a cell may be: a serial number, a MAC address as it is compared, a setting's value.

    ``value_of`` raises ValueError with what is allowed.
    """

    is_serial: Callable[[str], bool]
    as_mac: Callable[[str], str | None]
    value_of: Callable[[str, str], object]


class SheetError(ValueError):
    """A sheet cannot be used; for each fault a line with its place, what was found and what is allowed."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def decode(data: bytes) -> str:
    """A sheet's text: UTF-8, or GB 18030 as Chinese spreadsheets save it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError(["it is neither UTF-8 nor GB 18030; save it as CSV (UTF-8)"])


def read(text: str, rules: Rules, platform: str = "") -> tuple[Row, ...]:
    """Every row, all of them sound.

    :param platform: for rows that name none
    :raises SheetError: with every fault there is
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header, rules)
        cells = [(reader.line_num, [cell.strip() for cell in line]) for line in reader]
    except csv.Error as error:
        raise SheetError([f"line {reader.line_num}: it is not CSV ({error})"]) from error
    cells = [(line, row) for line, row in cells if any(row)]
    if not cells:
        raise SheetError(["there is no pad in it; a line for each is needed below the names of the columns"])
    if len(cells) > MOST:
        raise SheetError([f"found {len(cells)} pads; at most {MOST} are allowed"])
    faults: list[str] = []
    rows = [_row(line, header, row, rules, platform, faults) for line, row in cells]
    faults += _twice(rows)
    if faults:
        raise SheetError(faults)
    return tuple(rows)


def find(rows: Sequence[Row], serials: Sequence[str], macs: Sequence[str]) -> Row | None:
    """The row of a machine, by any of its names."""
    return next((row for row in rows if row.serial and row.serial in serials), None) or next(
        (row for row in rows if row.mac and row.mac in macs), None
    )


def write(rows: Sequence[Row]) -> str:
    """A sheet that :func:`read` reads the same."""
    keys = sorted({key for row in rows for key in row.written})
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([*NAMES, *keys])
    for row in rows:
        given = [row.serial, row.mac, row.enrolment.code, row.enrolment.platform]
        writer.writerow([*given, *(row.written.get(key, "") for key in keys)])
    return written.getvalue()


def _check_header(header: Sequence[str], rules: Rules) -> None:
    faults = []
    if "code" not in header or not {"serial", "mac"} & set(header):
        found = ", ".join(header) or "none"
        faults.append(f"line 1: found the columns {found}; serial (or mac) and code are needed")
    for number, name in enumerate(header, 1):
        where = f"line 1, column {number}"
        if header.index(name) != number - 1:
            faults.append(f"{where}: found {name!r} a second time; each column is allowed once")
        elif name in NAMES:
            continue
        elif "." not in name or THEIRS.fullmatch(name):
            why = "the platform sets that" if THEIRS.fullmatch(name) else "no such column"
            allowed = f"{', '.join(NAMES)} and settings such as voice.volume"
            faults.append(f"{where}: found {name!r}: {why}; allowed are {allowed}")
        else:
            try:
                rules.value_of(name, "")
            except KeyError:
                faults.append(f"{where}: found {name!r}: no such setting; they stand in config/pad.toml")
            except ValueError:
                pass  # the setting is there; nothing is what it may not be
    if faults:
        raise SheetError(faults)


def _row(
    line: int, header: Sequence[str], cells: Sequence[str], rules: Rules, platform: str, faults: list[str]
) -> Row:
    if len(cells) > len(header):
        faults.append(f"line {line}: found {len(cells)} cells; {len(header)} columns are named in line 1")
    given = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))

    def fault(column: str, allowed: str) -> None:
        shown = "nothing" if not given.get(column) else repr(given[column])
        faults.append(f"line {line}, column {column}: found {shown}; {allowed}")

    serial, mac = given.get("serial", ""), given.get("mac", "")
    if not serial and not mac:
        fault("serial" if "serial" in header else "mac", "a serial number or a MAC address is needed")
    elif serial and _MANGLED.fullmatch(serial):
        fault("serial", "a spreadsheet made a number of it; make the column text, and write it again")
    elif serial and not rules.is_serial(serial):
        fault("serial", "allowed is a maker's number of 1 to 64 ASCII characters")
    address = rules.as_mac(mac)
    if mac and address is None:
        fault("mac", "allowed are 12 hexadecimal digits, such as 02:1a:2b:3c:4d:5e")
    asked = Enrolment("https://unknown.invalid", "unknown")
    where = given.get("platform") or platform
    if not where:
        fault("platform", "name the platform here, or once for all with --platform")
    else:
        try:
            asked = enrolment.parse(enrolment.text_of(Enrolment(where, given["code"])))
        except EnrolmentError as error:
            faults.append(f"line {line}: {error}")  # the code itself is nobody's to read in a log
    settings = {}
    written = {name: given[name] for name in header if name not in NAMES and given[name]}
    for key, cell in written.items():
        try:
            settings[key] = rules.value_of(key, cell)
        except (KeyError, ValueError) as error:
            faults.append(f"line {line}, column {error}")
    return Row(line, serial, address or "", asked, settings, written)


def _twice(rows: Sequence[Row]) -> list[str]:
    """A machine or a code that stands in two rows."""
    faults = []
    first: dict[tuple[str, str], int] = {}
    for row in rows:
        for column, value in (("serial", row.serial), ("mac", row.mac), ("code", row.enrolment.code)):
            if not value or (column == "code" and value == "unknown"):
                continue
            before = first.setdefault((column, value), row.line)
            if before != row.line:
                shown = "the code" if column == "code" else repr(value)
                where = f"line {row.line}, column {column}"
                faults.append(f"{where}: found {shown} of line {before} again; each is allowed once")
    return faults
