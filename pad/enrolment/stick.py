"""The stick for many pads: a folder with the checked sheet, and what else they need; read on each pad."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pad.enrolment import machine, sheet
from pad.enrolment.sheet import Row, Rules, SheetError
from pad.settings import SettingsError, writing

SHEET: Final = "pads.csv"
AUTHORITIES: Final = "platform-ca.pem"
SCRIPT: Final = "install.sh"
_SHEET_MAX: Final = 8 * 1024 * 1024
_SCRIPT: Final = """#!/bin/sh
# On each pad, as root: sh install.sh. Installs the package that lies beside it, if any, and enrols the pad.
# A machine without a number of its own: sh install.sh --serial TEXT, from its label.
set -e
here=$(cd "$(dirname "$0")" && pwd)
for package in "$here"/*.deb; do
    if [ -e "$package" ]; then
        apt-get install -y "$package"
    fi
done
exec padctl enrol --stick "$here" "$@"
"""


def rules() -> Rules:
    """What a sheet's cells may be."""
    return Rules(machine.is_serial, machine.as_mac, _value)


def read(file: Path, platform: str = "") -> tuple[Row, ...]:
    """The rows of a sheet.

    :raises SheetError: with every fault, or if it cannot be read
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(_SHEET_MAX + 1)
    except OSError as error:
        raise SheetError([f"it cannot be read ({error.strerror})"]) from error
    if len(data) > _SHEET_MAX:
        raise SheetError([f"it has more than {_SHEET_MAX} bytes"])
    return sheet.read(sheet.decode(data), rules(), platform)


def prepare(
    folder: Path, rows: Sequence[Row], *, package: Path | None = None, ca_file: Path | None = None
) -> tuple[Path, ...]:
    """Write all that belongs on the stick; what was written.

    :raises OSError: if it cannot be
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [_put(folder / SHEET, sheet.write(rows).encode("utf-8-sig"), 0o600)]
    written.append(_put(folder / SCRIPT, _SCRIPT.encode(), 0o755))
    if ca_file is not None:
        written.append(_put(folder / AUTHORITIES, ca_file.read_bytes(), 0o644))
    if package is not None:
        written.append(folder / package.name)
        if not written[-1].exists() or not written[-1].samefile(package):
            shutil.copyfile(package, written[-1])
    os.sync()  # a stick is pulled out soon
    return tuple(written)


def _put(path: Path, data: bytes, mode: int) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    return path


def _value(key: str, text: str) -> object:
    """A setting's value; KeyError without such a setting, ValueError if it may not be this."""
    if not writing.is_setting(key):
        raise KeyError(key)
    try:
        return writing.value_of(key, text)
    except SettingsError as error:
        raise ValueError(str(error)) from error
