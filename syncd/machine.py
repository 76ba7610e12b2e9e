"""Looks at the machine: room on the disk, the ledger's size, heat, how long it has been up."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from pad.clock import monotonic_ns
from syncd.guards import Machine


def look(state_dir: Path, ledger: Path) -> Machine:
    """What is measured now; nothing here raises."""
    disk = _disk(state_dir)
    return Machine(
        disk_free=None if disk is None else disk.f_bavail * disk.f_frsize,
        disk_size=None if disk is None else disk.f_blocks * disk.f_frsize,
        # some file systems have no fixed number of files, and say nought
        inodes_free=disk.f_favail if disk is not None and disk.f_files else None,
        inodes=disk.f_files if disk is not None and disk.f_files else None,
        ledger=_size(ledger, ledger.with_name(f"{ledger.name}-wal")),
        temperature_c=_hottest(),
        uptime_s=monotonic_ns() / 1e9,
    )


def _disk(folder: Path) -> os.statvfs_result | None:
    try:
        return os.statvfs(folder)
    except OSError:
        return None


def _size(*files: Path) -> int | None:
    """Together; None if the first is not there."""
    sizes = [_bytes(file) for file in files]
    return None if sizes[0] is None else sum(size for size in sizes if size is not None)


def _bytes(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


def _hottest() -> float | None:
    """The hottest place that is measured; None where none is."""
    try:
        found = [each.current for chip in psutil.sensors_temperatures().values() for each in chip]
    except (OSError, ValueError, psutil.Error):
        return None
    return max(found, default=None)
