"""Whether a disk would take a rating, told without writing to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from pad.ledger.connection import Refusal, unusable

_MIB: Final = 1024 * 1024
_STOPPED: Final = "emergency_ro"


def refusal(ledger: Path, min_free_mib: int) -> tuple[Refusal, str] | None:
    """Why the disk under a ledger takes nothing, and that in words; None if it looks as if it did."""
    try:
        return _refusal(ledger, min_free_mib)
    except OSError as error:  # unreadable, or a folder this user may not look into
        found = unusable(error, ledger)
        return found.why, str(found)


def _refusal(ledger: Path, min_free_mib: int) -> tuple[Refusal, str] | None:
    folder = ledger.parent
    found = os.statvfs(folder)
    if found.f_flag & os.ST_RDONLY or _is_stopped(folder):
        return Refusal.READ_ONLY, f"{folder}: mounted read-only"
    if found.f_bavail * found.f_frsize < min_free_mib * _MIB:
        return Refusal.FULL, f"{folder}: less than {min_free_mib} MiB free"
    if found.f_files and not found.f_favail:
        return Refusal.FULL, f"{folder}: no file can be made any more (inodes)"
    if ledger.exists() and not os.access(ledger, os.W_OK, effective_ids=True):
        return Refusal.READ_ONLY, f"{ledger}: this user may not write to it"
    return None


def _is_stopped(folder: Path) -> bool:
    """Whether the kernel met an error and lets nobody write: newer ones' ``statvfs`` hides that."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError), Path("/proc/self/mountinfo").open(encoding="utf-8", errors="replace") as mounts:
        return any(_STOPPED in line and line.split()[2] == number for line in mounts)
    return False
