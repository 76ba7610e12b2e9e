"""The machine a run was made on: figures mean little without it."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from pad.model import CHINA_TIME

_ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Machine:
    """What is worth knowing of it; ``load`` is the load average of the last minute, before the run."""

    date: str
    commit: str
    processor: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    sqlite: str
    disk: str
    load: float


def look(folder: Path) -> Machine:
    """This machine now; ``folder`` is on the disk that is measured."""
    return Machine(
        date=datetime.now(CHINA_TIME).date().isoformat(),
        commit=_commit(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        disk=_disk(folder),
        load=round(os.getloadavg()[0], 2),
    )


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _disk(folder: Path) -> str:
    """File system and device; whether it turns, as the kernel has it."""
    holding = [each for each in psutil.disk_partitions(all=True) if folder.is_relative_to(each.mountpoint)]
    if not holding:
        return "unknown"
    found = max(holding, key=lambda each: len(each.mountpoint))
    turns = Path(f"/sys/class/block/{Path(found.device).name}/queue/rotational")
    kind = (
        "" if not turns.exists() else ", rotating" if turns.read_text().strip() == "1" else ", not rotating"
    )
    return f"{found.fstype} on {found.device}{kind}"
