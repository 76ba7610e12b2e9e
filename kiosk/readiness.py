"""Gathers what the technician reads: is it storing, is it sending, and what is wrong. In a worker thread."""

from __future__ import annotations

import platform
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pad
from kiosk.facts import Fact, FactGroup, Facts
from pad.clock import SystemClock
from pad.ledger.connection import SCHEMA_VERSION, LedgerError, connect
from pad.ledger.outbox import backlog
from pad.settings import Settings

NAMES: Final = (
    "Ratings", "Waiting to be sent", "Longest waiting since", "Refused by the platform", "Last rating",
    "Storage", "Free room", "Ledger", "Network", "Addresses", "Platform", "Clock", "Known to be right",
    "Time", "Machine", "Running since", "Temperature", "Glass", "Voice", "Versions", "Pad", "Indicators",
    "Bulletin", "Python",
)  # fmt: skip
"""Every name used here, for the catalogues."""
REACHED_WITHIN_S: Final = 2.0
_MIB: Final = 1024 * 1024
_HOT_C: Final = 80.0


@dataclass(frozen=True, slots=True)
class Given:
    """What others know: the glass, the voice, versions, and the devices by name."""

    glass: str = ""
    voice: Fact = field(default_factory=lambda: Fact("Voice", ""))
    indicators: str = ""
    bulletin: str = ""
    devices: Mapping[str, str] = field(default_factory=dict)


def gather(settings: Settings, clock: SystemClock, given: Given) -> Facts:
    """Everything; what cannot be found out says why."""
    groups = (
        FactGroup("Ratings", _ratings(settings)),
        FactGroup("Storage", (_told("Free room", lambda: _free_room(settings)), _ledger(settings))),
        FactGroup(
            "Network", (_told("Addresses", _addresses), _told("Platform", lambda: _platform(settings)))
        ),
        FactGroup("Clock", _clock(clock)),
        FactGroup("Machine", (*_machine(), Fact("Glass", given.glass), given.voice, *_devices(given))),
        FactGroup("Versions", _versions(given)),
    )
    return Facts(groups)


def _told(name: str, find: Callable[[], Fact]) -> Fact:
    try:
        return find()
    except OSError as error:
        return Fact(name, error.strerror or type(error).__name__, ok=False)


def _ratings(settings: Settings) -> tuple[Fact, ...]:
    try:
        with closing(connect(settings.ledger_path)) as db:
            waiting = backlog(db)
            refused = db.execute("SELECT COUNT(*) FROM deliveries WHERE state = 'refused'").fetchone()[0]
            last = db.execute("SELECT rated_at FROM ratings ORDER BY seq DESC LIMIT 1").fetchone()
    except (LedgerError, sqlite3.Error, OSError) as error:
        return (Fact("Waiting to be sent", f"{type(error).__name__}: {error}", ok=False),)
    since = "" if waiting.oldest is None else f"{waiting.oldest.wall:%m-%d %H:%M}"
    return (
        Fact("Waiting to be sent", str(waiting.pending), ok=waiting.pending == 0 or None),
        Fact("Longest waiting since", since),
        Fact("Refused by the platform", str(refused), ok=refused == 0),
        Fact("Last rating", "" if last is None else str(last[0])[:19]),
    )


def _free_room(settings: Settings) -> Fact:
    free = shutil.disk_usage(settings.state_dir).free // _MIB
    return Fact("Free room", f"{free} MiB", ok=free >= settings.ledger.min_free_mib)


def _ledger(settings: Settings) -> Fact:
    return _told("Ledger", lambda: Fact("Ledger", f"{settings.ledger_path.stat().st_size / _MIB:.1f} MiB"))


def _addresses() -> Fact:
    """The addresses of the interfaces that are up, without asking any program."""
    found = []
    for _, name in socket.if_nameindex():
        state = (Path("/sys/class/net") / name / "operstate").read_text(encoding="ascii").strip()
        if name != "lo":
            found.append(f"{name} {state}")
    address = _outward_address()
    return Fact("Addresses", ", ".join([*found, address] if address else found), ok=bool(address))


def _outward_address() -> str:
    """The address this machine would send from; no packet leaves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        address: str = probe.getsockname()[0]
        return address


def _platform(settings: Settings) -> Fact:
    url = urlsplit(settings.platform.url)
    port = url.port or (443 if url.scheme == "https" else 80)
    where = f"{url.hostname}:{port}"
    try:
        with socket.create_connection((url.hostname or "", port), REACHED_WITHIN_S):
            return Fact("Platform", where, ok=True)
    except OSError as error:
        return Fact("Platform", f"{where}: {error.strerror or type(error).__name__}", ok=False)


def _clock(clock: SystemClock) -> tuple[Fact, ...]:
    now = clock.read()
    known = now.trusted or clock.anchor is not None
    return (
        Fact("Time", f"{now.wall:%Y-%m-%d %H:%M:%S}"),
        Fact("Known to be right", "NTP" if now.trusted else "+" if known else "-", ok=known),
    )


def _machine() -> tuple[Fact, ...]:
    up_h = time.clock_gettime(time.CLOCK_BOOTTIME) / 3600
    facts = [Fact("Running since", f"{up_h:.1f} h")]
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp"))[:1]:
        try:
            celsius = int(zone.read_text(encoding="ascii")) / 1000
        except (OSError, ValueError):
            continue
        facts.append(Fact("Temperature", f"{celsius:.0f} °C", ok=celsius < _HOT_C))
    return tuple(facts)


def _devices(given: Given) -> tuple[Fact, ...]:
    return tuple(Fact(name, state) for name, state in given.devices.items())


def _versions(given: Given) -> tuple[Fact, ...]:
    return (
        Fact("Pad", f"{pad.__version__} (ledger {SCHEMA_VERSION})"),
        Fact("Indicators", given.indicators),
        Fact("Bulletin", given.bulletin or "-"),
        Fact("Python", f"{sys.version.split()[0]}, {platform.system()} {platform.release()}"),
    )
