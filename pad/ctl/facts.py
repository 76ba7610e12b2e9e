"""Gathers what ``padctl status`` judges: from ledger, kiosk, systemd, disk and clock; nothing is changed."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pad
from pad import network
from pad.clock import Anchor, Clock, SystemClock, ntp_synchronised
from pad.ctl import devices
from pad.ctl.devices import Device
from pad.ctl.kiosk import KioskSilent, KioskState, kiosk_state
from pad.enrolment.wire import LOOPBACK
from pad.keys import SecretError
from pad.ledger import alerts, flags
from pad.ledger.connection import LedgerError
from pad.ledger.state import Line, Standing, line, reading, standing
from pad.model import Instant
from pad.settings import Settings

_LOCKS: Final = Path("/proc/locks")
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ledger says."""

    standing: Standing
    line: Line
    untold: tuple[alerts.Backlog, ...]
    flagged: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a judgement needs. A text in the place of a value says why there is none.

    ``addresses`` are those this machine has elsewhere than on itself; None where the platform is on it.
    ``retry_cap_s`` is the longest pause of syncd's own; whatever waits longer is not explained by it.
    """

    now: Instant
    stored: Stored | str
    kiosk: KioskState | str
    devices: tuple[Device, ...]
    addresses: tuple[str, ...] | None
    syncd_runs: bool
    free_mib: int | None
    min_free_mib: int
    retry_cap_s: float
    ntp: bool
    anchor: Anchor | None
    versions: Mapping[str, str]


def gather(configured: Settings, clock: Clock | None = None) -> Facts:
    """All of it, in a second or so; asks nobody but the kiosk on this machine."""
    now = (clock or SystemClock()).read()
    stored = _stored(configured.ledger_path)
    anchors = () if isinstance(stored, str) else stored.line.anchors
    kiosk = _kiosk(configured)
    return Facts(
        now=now,
        stored=stored,
        kiosk=kiosk,
        devices=devices.devices(configured, None if isinstance(kiosk, str) else kiosk.devices),
        addresses=None if is_here(configured) else network.addresses(),
        syncd_runs=holds_lock(configured.state_dir / "syncd.lock"),
        free_mib=_free_mib(configured.state_dir),
        min_free_mib=configured.ledger.min_free_mib,
        retry_cap_s=configured.sync.retry_after_cap_s,
        ntp=ntp_synchronised(),
        anchor=next((each for each in anchors if each.boot_id == now.boot_id), None),
        versions={
            "pad": pad.__version__,
            "profile": configured.profile.name,
            "python": platform.python_version(),
        },
    )


def is_here(configured: Settings) -> bool:
    """Whether the platform is on this machine, to practise on."""
    return urlsplit(configured.platform.url).hostname in LOOPBACK


def holds_lock(file: Path, locks: Path = _LOCKS) -> bool:
    """Whether a program holds the lock on a file; asked of the kernel, so that nobody is in its way."""
    try:
        found = file.stat()
        held = locks.read_text(encoding="ascii")
    except OSError:
        return False
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    return any(device in words and "FLOCK" in words for words in map(str.split, held.splitlines()))


def _stored(path: Path) -> Stored | str:
    try:
        found, told = standing(path), line(path)
        with reading(path) as db:
            return Stored(found, told, tuple(alerts.backlogs(db)), flags.counts(db))
    except LedgerError as error:
        return str(error)


def _kiosk(configured: Settings) -> KioskState | str:
    try:
        return kiosk_state(configured)
    except (KioskSilent, SecretError) as error:
        return str(error)


def _free_mib(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free // MIB
    except OSError:
        return None
