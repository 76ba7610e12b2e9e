"""Starts the pad's programs anew where systemd runs them, and never while somebody is rating."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pad import settings
from pad.ctl import units
from pad.ctl.kiosk import KioskSilent, kiosk_state
from pad.settings import Settings

RUN: Final = Path("/run")
SYSTEMD: Final = RUN / "systemd/system"
KIOSK, SYNCD = "kiosk", "syncd"
WAIT_S: Final = 120.0
"""A visit that has begun is over by then, or somebody leans on the glass."""
UP_WITHIN_S: Final = 60.0
"""A kiosk that does not answer by then does not start by itself."""
_BUSY: Final = ("rating", "inviting")
_LOOK_S: Final = 1.0
_SOMEBODY: Final = "somebody is rating; when nobody is: "


def may_restart(configured: Settings) -> bool:
    """Whether systemd runs here and the programs it starts go by these settings."""
    return SYSTEMD.is_dir() and configured.file == settings.DEFAULT_CONFIG


def restart(configured: Settings, names: Sequence[str], wait_s: float = WAIT_S) -> tuple[bool, str]:
    """Start units anew; whether that is done, and in words what was done or is left to do."""
    by_hand = f"systemctl restart {' '.join(names)}"
    if not may_restart(configured):
        return False, f"restart {' and '.join(names)}: they read their settings when they start"
    if KIOSK in names and not _is_free(configured, wait_s):
        return False, f"{_SOMEBODY}{by_hand}"
    told = subprocess.run(
        ["systemctl", "restart", *(f"{name}.service" for name in names)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode:
        said = told.stderr.strip().splitlines()
        return False, f"systemd did not restart them ({said[-1] if said else told.returncode}); {by_hand}"
    return True, f"{' and '.join(names)} started anew"


def with_kiosk_stopped(
    configured: Settings, words: Sequence[str], wait_s: float = WAIT_S
) -> tuple[bool, str]:
    """Have systemd run a command of padctl's while the kiosk is stopped; whether it did, and what it said.

    A unit of its own does it: whatever becomes of this terminal or of the command, the programs that
    ran are started anew behind it.
    """
    running = [name for name in (KIOSK, SYNCD) if (unit := units.unit(f"{name}.service")) and unit.runs]
    if KIOSK in running and not _is_free(configured, wait_s):
        return False, f"{_SOMEBODY}padctl {' '.join(words[:2])}"
    done, said = _by_systemd(configured, words, [f"{name}.service" for name in running])
    if not running:
        return done, f"{said}neither kiosk nor syncd ran, and none was started"
    if KIOSK in running and not _answers(configured):
        step = "the kiosk does not answer after its start: systemctl status kiosk, then padctl logs"
        return False, said + step
    again = "started anew" if done else "started anew with the keys that are there"
    return done, f"{said}{' and '.join(running)} {again}"


def _by_systemd(configured: Settings, words: Sequence[str], behind: Sequence[str]) -> tuple[bool, str]:
    """Without its ``--wait`` and ``--pipe``, which want a D-Bus that a pad need not have."""
    with tempfile.TemporaryDirectory(dir=RUN, prefix="padctl-") as folder:
        told = Path(folder) / "told"
        properties = [
            "Type=oneshot", f"StandardOutput=append:{told}", f"StandardError=append:{told}",
            "ExecStartPre=/usr/bin/systemctl stop kiosk.service",
            *([f"ExecStopPost=/usr/bin/systemctl restart {' '.join(behind)}"] if behind else []),
        ]  # fmt: skip
        command = [sys.executable, "-I", "-m", "pad.ctl", "--config", str(configured.file), *words]
        ran = subprocess.run(
            ["systemd-run", "--quiet", "--collect", "--unit=pad-stopped",
             *(f"--property={each}" for each in properties), *command],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = told.read_text(encoding="utf-8") if told.exists() else ""
    return ran.returncode == 0, said or ran.stderr


def _answers(configured: Settings) -> bool:
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until:
        try:
            kiosk_state(configured)
        except KioskSilent:
            time.sleep(_LOOK_S)
        else:
            return True
    return False


def _is_free(configured: Settings, wait_s: float) -> bool:
    """Whether nobody is being asked or rating; waits for that. A kiosk that is silent asks nobody."""
    until = time.monotonic() + wait_s
    while True:
        try:
            if kiosk_state(configured).state not in _BUSY:
                return True
        except KioskSilent:
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_S)
