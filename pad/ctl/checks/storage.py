"""Checks of where ratings rest: the ledger itself, room, and how worn the disk is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pad.ctl.checks import Patient
from pad.ctl.finding import Finding, Verdict
from pad.ctl.words import _
from pad.ledger.connection import SCHEMA_VERSION, LedgerError, suspicion
from pad.ledger.state import reading

MIB: Final = 1024 * 1024
_PLENTY: Final = 4
"""So many times what must stay free is no cause to look at it."""
_FEW_INODES: Final = 1000
_WORN_PERCENT: Final = 80
_SMART_WITHIN_S: Final = 10.0


def check_ledger(patient: Patient) -> Iterator[Finding]:
    """It opens, it is sound, and nothing damaged lies beside it."""
    path = patient.configured.ledger_path
    try:
        with reading(path) as db:
            schema = db.execute("PRAGMA user_version").fetchone()[0]
            sound = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
            stored = db.execute("SELECT COALESCE(MAX(seq), 0) FROM ratings").fetchone()[0]
    except LedgerError as error:
        yield Finding("ledger", Verdict.FAIL, str(error), _("start the kiosk, which makes or mends it"))
        return
    if sound != "ok":
        step = _("restart the kiosk, which sets it aside and carries over what can be read; replace the disk")
        yield Finding("ledger", Verdict.FAIL, sound, step)
    elif schema != SCHEMA_VERSION:
        found = _("schema {found}, this version's is {wanted}").format(found=schema, wanted=SCHEMA_VERSION)
        yield Finding("ledger", Verdict.WARN, found, _("restart the kiosk, which migrates it"))
    else:
        yield Finding("ledger", Verdict.OK, _("sound; {count} ratings").format(count=stored))
    beside = [each.name for each in sorted(path.parent.glob(f"{path.name}.damaged-*"))]
    if suspicion(path).exists():
        beside.append(suspicion(path).name)
    if beside:
        step = _("keep what was set aside, replace the disk, padctl verify")
        yield Finding("damage", Verdict.WARN, ", ".join(beside), step)


def check_room(patient: Patient) -> Iterator[Finding]:
    """Free bytes and free inodes where the state lies."""
    folder, needed = patient.configured.state_dir, patient.configured.ledger.min_free_mib
    try:
        free_mib = shutil.disk_usage(folder).free // MIB
        inodes = os.statvfs(folder)
    except OSError as error:
        yield Finding("room", Verdict.FAIL, f"{folder}: {error.strerror}", _("make the state folder usable"))
        return
    found = _("{free} MiB are free, {needed} must be").format(free=free_mib, needed=needed)
    if free_mib < needed:
        yield Finding("room", Verdict.FAIL, found, _("no rating is taken until there is room: make some"))
    elif free_mib < _PLENTY * needed:
        yield Finding(
            "room", Verdict.WARN, found, _("make room soon; what fills it: du -xh / | sort -h | tail")
        )
    else:
        yield Finding("room", Verdict.OK, found)
    left = _("{count} files can still be made").format(count=inodes.f_favail)
    if not inodes.f_files:  # btrfs and its like have no such limit
        yield Finding("inodes", Verdict.SKIPPED, _("this file system does not count them"))
    elif inodes.f_favail < _FEW_INODES:
        yield Finding("inodes", Verdict.FAIL, left, _("remove small files; df -i says where"))
    else:
        yield Finding(
            "inodes", Verdict.OK, _("{count} files can still be made").format(count=inodes.f_favail)
        )


def check_wear(patient: Patient) -> Iterator[Finding]:
    """How much of its life each disk has behind it, by its own account."""
    disks = [each for each in sorted((patient.root / "sys/block").glob("*")) if (each / "device").exists()]
    told = [finding for each in disks if (finding := _wear(each)) is not None]
    if told:
        yield from told
        return
    why = _("no disk tells; for SSD and NVMe: apt install smartmontools")
    yield Finding("wear", Verdict.SKIPPED, why if disks else _("no disk of its own is seen"))


def _wear(disk: Path) -> Finding | None:
    life = disk / "device" / "life_time"  # eMMC: two areas, in tenths, 0x0b beyond the end (JESD84-B51)
    try:
        tenths = [int(each, 16) for each in life.read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return _smart(disk.name)
    used = max(tenths, default=0) * 10
    return _worn(disk.name, used) if used else None


def _smart(name: str) -> Finding | None:
    words = ["smartctl", "--json", "--health", "--all", f"/dev/{name}"]
    try:
        said = subprocess.run(words, capture_output=True, timeout=_SMART_WITHIN_S, check=False).stdout
        told: dict[str, Any] = json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return judged_smart(name, told)


def judged_smart(name: str, told: dict[str, Any]) -> Finding | None:
    """What ``smartctl --json`` says of one disk; None if nothing of its wear or health."""
    if told.get("smart_status", {}).get("passed") is False:
        found = _("{disk}: it says itself that it fails").format(disk=name)
        return Finding("wear", Verdict.FAIL, found, _("padctl export, then replace the disk"))
    used = told.get("nvme_smart_health_information_log", {}).get("percentage_used")
    return _worn(name, int(used)) if used is not None else None


def _worn(name: str, used: int) -> Finding:
    found = _("{disk}: {used} % of its life is used").format(disk=name, used=used)
    if used >= 100:
        return Finding("wear", Verdict.FAIL, found, _("replace the disk"))
    if used >= _WORN_PERCENT:
        return Finding("wear", Verdict.WARN, found, _("order a disk"))
    return Finding("wear", Verdict.OK, found)
