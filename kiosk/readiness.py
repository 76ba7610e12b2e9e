"""Gathers what the technician reads: is it storing, is it sending, and what is wrong. In a worker thread."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

import psutil

import pad
from kiosk.drivers.health import Health
from kiosk.events import DeviceState
from kiosk.facts import Fact, FactGroup, Facts
from kiosk.ui.layout.form import TOUCH_MM, Form
from pad import network
from pad.clock import WALL_AGREES_S, SystemClock, ntp_synchronised
from pad.ledger.connection import SCHEMA_VERSION, LedgerError
from pad.ledger.state import Standing, age_s, standing
from pad.model import Instant
from pad.settings import Screen, Settings

DEVICE_NAMES: Final = {
    "keypad": "Key pad",
    "idcard": "ID card reader",
    "scanner": "Scanner",
    "counter_line": "Serial counter",
}
"""The name each device has on the screen."""
NAMES: Final = (
    "Ratings", "Waiting to be sent", "Longest waiting since", "Refused by the platform", "Last rating",
    "Last acknowledged", "Storage", "Takes ratings", "Free room", "Ledger", "Network", "Addresses",
    "Default route", "Platform", "Clock", "Time", "Set by NTP", "Behind the platform", "Known to be right",
    "Machine", "Running since", "Temperature", "Glass", "Voice", "Versions", "Pad", "Indicators",
    "Bulletin", "Python", "Devices", *DEVICE_NAMES.values(),
)  # fmt: skip
"""Every name used here, for the catalogues."""
REACHED_WITHIN_S: Final = 2.0
_NONE: Final = "-"
_MIB: Final = 1024 * 1024
_HOT_C: Final = 80.0
"""Where small computers begin to slow down."""
_UNREADABLE: Final = (OSError, ValueError, LedgerError, sqlite3.Error, psutil.Error)


@dataclass(frozen=True, slots=True)
class Given:
    """What others know: the glass, the voice, versions, the devices by name, and the window's pixels.

    ``glass`` is said of it where its size in pixels is not known; ``takes_ratings`` is what the
    session goes by, None if nobody asked it.
    """

    glass: str = ""
    voice: Fact = field(default_factory=lambda: Fact("Voice", _NONE))
    indicators: str = ""
    bulletin: str = ""
    devices: Mapping[str, Health] = field(default_factory=dict)
    window: tuple[int, int] | None = None
    takes_ratings: bool | None = None


def gather(settings: Settings, clock: SystemClock, given: Given) -> Facts:
    """Everything; what cannot be found out says why. Takes up to :data:`REACHED_WITHIN_S`."""
    now = clock.read()
    try:
        found: Standing | str = standing(settings.ledger_path)
    except _UNREADABLE as error:
        found = _why(error)
    return Facts(
        (
            FactGroup("Ratings", _ratings(found, now, settings)),
            FactGroup(
                "Storage",
                (
                    _told("Takes ratings", lambda: _takes_ratings(settings, given)),
                    _told("Free room", lambda: _free_room(settings)),
                    _told("Ledger", lambda: _ledger(settings, found)),
                ),
            ),
            FactGroup(
                "Network",
                (
                    _told("Addresses", _addresses),
                    _told("Default route", _default_route),
                    _platform(settings.platform.url),
                ),
            ),
            FactGroup("Clock", _clock(clock, now)),
            FactGroup("Machine", _machine(settings, now, given)),
            *_devices(given.devices, now),
            FactGroup("Versions", _versions(given)),
        )
    )


def _told(name: str, find: Callable[[], Fact]) -> Fact:
    try:
        return find()
    except _UNREADABLE as error:
        return Fact(name, _why(error), ok=False)


def _why(error: Exception) -> str:
    """What went wrong; an OSError's file is left out, for it says little and is long."""
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


# --- what is stored and sent ---------------------------------------------------------------


def _ratings(found: Standing | str, now: Instant, settings: Settings) -> tuple[Fact, ...]:
    if isinstance(found, str):
        return (Fact("Waiting to be sent", found, ok=False),)
    pending, oldest = found.backlog.pending, found.backlog.oldest
    since = Fact("Longest waiting since", _NONE)
    if oldest is not None:
        waited_s = age_s(oldest, now)
        # no wait of the sync's own is longer than this
        late = waited_s > settings.sync.retry_after_cap_s
        since = Fact(
            "Longest waiting since",
            f"{oldest.wall:%m-%d %H:%M} ({_span(waited_s)})",
            ok=False if late else None,
        )
    return (
        Fact("Waiting to be sent", str(pending), ok=pending == 0 or None),
        since,
        Fact("Refused by the platform", str(found.refused), ok=found.refused == 0),
        Fact("Last rating", _moment(found.rated_at)),
        Fact("Last acknowledged", _moment(found.acknowledged_at)),
    )


def _takes_ratings(settings: Settings, given: Given) -> Fact:
    if not os.access(settings.state_dir, os.W_OK):
        return Fact("Takes ratings", f"{settings.state_dir}: cannot be written", ok=False)
    room = shutil.disk_usage(settings.state_dir).free >= settings.ledger.min_free_mib * _MIB
    if not room:
        return Fact("Takes ratings", f"< {settings.ledger.min_free_mib} MiB", ok=False)
    return Fact("Takes ratings", "", ok=given.takes_ratings is not False)


def _free_room(settings: Settings) -> Fact:
    free = shutil.disk_usage(settings.state_dir).free // _MIB
    return Fact("Free room", f"{free} MiB", ok=free >= settings.ledger.min_free_mib)


def _ledger(settings: Settings, found: Standing | str) -> Fact:
    size = f"{settings.ledger_path.stat().st_size / _MIB:.1f} MiB"
    if isinstance(found, str):
        return Fact("Ledger", size)
    return Fact("Ledger", f"{size} (v{found.schema})", ok=found.schema == SCHEMA_VERSION)


# --- the network ---------------------------------------------------------------------------


def _addresses() -> Fact:
    found = network.addresses()
    return Fact("Addresses", ", ".join(found) or _NONE, ok=bool(found))


def _default_route() -> Fact:
    found = network.default_routes()
    return Fact("Default route", ", ".join(found) or _NONE, ok=bool(found))


def _platform(address: str) -> Fact:
    """Whether the platform's port opens; of its address only host and port are told."""
    url = urlsplit(address)
    host = url.hostname or ""
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        return Fact("Platform", f"{host}: its port is not one of 1 to 65535", ok=False)
    try:
        network.reach(host, port, REACHED_WITHIN_S)
    except TimeoutError:
        return Fact("Platform", f"{host}:{port}: no answer within {REACHED_WITHIN_S:g} s", ok=False)
    except _UNREADABLE as error:
        return Fact("Platform", f"{host}:{port}: {_why(error)}", ok=False)
    return Fact("Platform", f"{host}:{port}", ok=True)


# --- the machine ---------------------------------------------------------------------------


def _clock(clock: SystemClock, now: Instant) -> tuple[Fact, ...]:
    anchor = clock.anchor
    known = anchor is not None and anchor.boot_id == now.boot_id
    behind = Fact("Behind the platform", _NONE)
    if anchor is not None and known:
        behind_s = (anchor.at(now.monotonic_ns) - now.wall).total_seconds()
        behind = Fact("Behind the platform", f"{behind_s:+.1f} s", ok=abs(behind_s) <= WALL_AGREES_S)
    ntp = ntp_synchronised()
    return (
        Fact("Time", f"{now.wall:%Y-%m-%d %H:%M:%S}"),
        Fact("Set by NTP", "" if ntp else _NONE, ok=ntp or None),
        behind,
        Fact("Known to be right", "", ok=now.trusted or known),
    )


def _machine(settings: Settings, now: Instant, given: Given) -> tuple[Fact, ...]:
    up_s = now.monotonic_ns / 1e9
    started = f"{now.wall - timedelta(seconds=up_s):%m-%d %H:%M} ({_span(up_s)})"
    return (
        Fact("Running since", started),
        *_temperature(),
        _glass(settings.screen, given),
        given.voice,
    )


def _devices(devices: Mapping[str, Health], now: Instant) -> tuple[FactGroup, ...]:
    """Each device, where it is, or why it is not there; nothing where none is configured."""
    facts = tuple(_device(name, health, now) for name, health in devices.items())
    return (FactGroup("Devices", facts),) if facts else ()


def _device(name: str, health: Health, now: Instant) -> Fact:
    told = [health.port or health.why]
    if health.errors:
        told.append(f"× {health.errors}")
    if health.last_event_ns is not None:
        told.append(f"{(now.monotonic_ns - health.last_event_ns) / 1e9:.0f} s")
    return Fact(DEVICE_NAMES[name], ", ".join(told), ok=health.state is DeviceState.FOUND)


def _temperature() -> tuple[Fact, ...]:
    """The hottest place that is measured; nothing where none is."""
    try:
        found = [each.current for chip in psutil.sensors_temperatures().values() for each in chip]
    except _UNREADABLE as error:
        return (Fact("Temperature", _why(error)),)
    return (Fact("Temperature", f"{max(found):.0f} °C", ok=max(found) < _HOT_C),) if found else ()


def _glass(screen: Screen, given: Given) -> Fact:
    """The window, the glass it is on, and whether what is touched is as large as it should be."""
    window = given.window or (None if screen.fullscreen else (screen.width, screen.height))
    if window is None:
        return Fact("Glass", given.glass or f'{screen.diagonal_inches:g}"')
    form = Form(*window, screen.diagonal_inches)
    wanted = TOUCH_MM * form.pixels_per_mm
    return Fact(
        "Glass",
        f'{window[0]} × {window[1]}, {screen.diagonal_inches:g}", {TOUCH_MM:g} mm = {wanted:.0f} px',
        ok=form.tap >= wanted,
    )


def _versions(given: Given) -> tuple[Fact, ...]:
    return (
        Fact("Pad", f"{pad.__version__} (ledger {SCHEMA_VERSION})"),
        Fact("Indicators", given.indicators or _NONE),
        Fact("Bulletin", given.bulletin or _NONE),
        Fact(
            "Python",
            f"{platform.python_version()}, Kivy {version('kivy')}, {platform.system()} {platform.release()}",
        ),
    )


def _moment(moment: datetime | None) -> str:
    return _NONE if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _span(seconds: float) -> str:
    """A length of time in the unit in which it is short to read."""
    for unit, length_s in (("d", 86_400), ("h", 3600)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.1f} {unit}"
    return f"{seconds / 60:.0f} min"
