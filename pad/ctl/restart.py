"""Starts the pad's programs anew where systemd runs them, and never while somebody is rating."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pad import settings
from pad.ctl.kiosk import KioskSilent, kiosk_state
from pad.settings import Settings

SYSTEMD: Final = Path("/run/systemd/system")
KIOSK, SYNCD = "kiosk", "syncd"
WAIT_S: Final = 120.0
"""A visit that has begun is over by then, or somebody leans on the glass."""
_BUSY: Final = ("rating", "inviting")
_LOOK_S: Final = 1.0


def restart(configured: Settings, units: Sequence[str], wait_s: float = WAIT_S) -> tuple[bool, str]:
    """Start units anew; whether that is done, and in words what was done or is left to do."""
    by_hand = f"systemctl restart {' '.join(units)}"
    if not SYSTEMD.is_dir() or configured.file != settings.DEFAULT_CONFIG:
        return False, f"restart {' and '.join(units)}: they read their settings when they start"
    if KIOSK in units and not _is_free(configured, wait_s):
        return False, f"somebody is rating; when nobody is: {by_hand}"
    told = subprocess.run(
        ["systemctl", "restart", *(f"{unit}.service" for unit in units)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode:
        said = told.stderr.strip().splitlines()
        return False, f"systemd did not restart them ({said[-1] if said else told.returncode}); {by_hand}"
    return True, f"{' and '.join(units)} started anew"


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
