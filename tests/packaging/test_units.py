"""The units: systemd reads them without a complaint, and each program is locked up as far as it can be."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

UNITS: Final = Path(__file__).parents[2] / "systemd"
MOST: Final = {
    "syncd.service": 1.5,
    "pad-housekeeping.service": 1.5,
    "pad-spent-keys.service": 2.0,
    "kiosk.service": 3.0,
    "pad-screen.service": 5.0,
    "pad-enrol.service": 3.0,
}


@pytest.mark.parametrize("name", MOST)
def test_a_unit_is_locked_down(name: str) -> None:
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert found, told.stderr
    assert float(found[1]) <= MOST[name]


def test_systemd_has_nothing_to_say_of_the_units(tmp_path: Path) -> None:
    for unit in UNITS.glob("*.*"):
        if unit.is_file():
            # the programs are not installed here; that they are there is asked of the package
            text = re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE)
            (tmp_path / unit.name).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, tmp_path.iterdir())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in told.stderr.splitlines() if str(tmp_path) in line or "pad" in line]
    assert ours == []
    assert told.returncode == 0, told.stderr


def test_every_exception_from_the_lock_is_explained() -> None:
    text = (UNITS / "kiosk.service").read_text()
    for missing in (
        "PrivateNetwork",
        "IPAddressDeny",
        "PrivateDevices",
        "PrivateUsers",
        "MemoryDenyWriteExecute",
    ):
        assert re.search(rf"^#.*{missing}", text, re.MULTILINE), missing
        assert not re.search(rf"^{missing}=yes", text, re.MULTILINE), missing


def test_systemd_is_here() -> None:
    assert shutil.which("systemd-analyze"), "tools/debian-packages.txt has systemd"
