"""systemd's word on the pad's units, where systemd runs; elsewhere nothing is known."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UNITS: Final = ("pad-screen.service", "kiosk.service", "syncd.service")
BOOTED: Final = Path("/run/systemd/system")
"""There exactly where systemd is the machine's first process (sd_booted(3))."""
_WITHIN_S: Final = 5.0
_SHOWN: Final = "LoadState,ActiveState,SubState,NRestarts,Result,StatusText"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit, in systemd's own words; ``status`` is what the program last said of itself."""

    name: str
    loaded: bool
    active: str
    sub: str
    restarts: int
    result: str
    status: str

    @property
    def runs(self) -> bool:
        """Whether it is up."""
        return self.active == "active"


def is_booted() -> bool:
    """Whether systemd runs this machine."""
    return BOOTED.is_dir()


def unit(name: str) -> Unit | None:
    """How a unit does; None where systemd does not run or does not answer."""
    if not is_booted():
        return None
    words = ["systemctl", "show", name, f"--property={_SHOWN}"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=_WITHIN_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return parse(name, said)


def parse(name: str, said: str) -> Unit:
    """What ``systemctl show`` printed as a value."""
    told = dict(line.partition("=")[::2] for line in said.splitlines())
    return Unit(
        name=name,
        loaded=told.get("LoadState") == "loaded",
        active=told.get("ActiveState", ""),
        sub=told.get("SubState", ""),
        restarts=int(told.get("NRestarts") or 0),
        result=told.get("Result", ""),
        status=told.get("StatusText", ""),
    )
