"""Settings: ``pad.toml`` and the platform profile it names, parsed into frozen values.

Unknown keys and wrong values are refused with the file, the key, what was found and what is
allowed (design §7). Every key, its default and its unit stand in ``config/pad.toml``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pad.settings.alerts import Alerts, Encryption, Smtp, check_alerts
from pad.settings.devices import (
    CounterLine,
    Devices,
    IdCard,
    Keypad,
    Scanner,
    SerialLine,
    check_devices,
)
from pad.settings.doors import EvaluateDoor, TellerDoor, check_doors
from pad.settings.platform import (
    Dialect,
    PlatformLink,
    PlatformProfile,
    ServiceRecord,
    Sm2Text,
    UnboundProjectNo,
    check_profile,
)
from pad.settings.reading import SettingsError, parse_table, read_table
from pad.settings.suspicion import Suspicion, check_suspicion
from pad.settings.tables import (
    Counter,
    Identity,
    LedgerRules,
    Pad,
    PadFile,
    Phone,
    RatingRules,
    Screen,
    Sync,
    Technician,
    Voice,
    WalkAway,
)
from pad.settings.unattended import Monitoring, Upkeep

__all__ = [
    "Alerts", "Counter", "CounterLine", "Devices", "Dialect", "Encryption", "EvaluateDoor", "IdCard",
    "Identity", "Keypad", "LedgerRules", "Monitoring", "Pad", "Phone", "PlatformLink", "PlatformProfile",
    "RatingRules", "Scanner", "Screen", "SerialLine", "ServiceRecord", "Settings", "SettingsError", "Sm2Text",
    "Smtp", "Suspicion", "Sync", "Technician", "TellerDoor", "UnboundProjectNo", "Upkeep", "Voice",
    "WalkAway", "config_path", "load", "parse", "read_table",
]  # fmt: skip

DEFAULT_CONFIG: Final = Path("/etc/pad/pad.toml")
DEFAULT_STATE: Final = Path("/var/lib/pad")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured, with the folders it was found in."""

    file: Path
    state_dir: Path
    pad: Pad
    counter: Counter
    rating: RatingRules
    screen: Screen
    voice: Voice
    phone: Phone
    technician: Technician
    devices: Devices
    suspicion: Suspicion
    alerts: Alerts
    ledger: LedgerRules
    sync: Sync
    monitoring: Monitoring
    upkeep: Upkeep
    platform: PlatformLink
    profile: PlatformProfile

    @property
    def ledger_path(self) -> Path:
        """Where the ledger is: ``$PAD_STATE/ledger.db``."""
        return self.state_dir / "ledger.db"

    @property
    def indicators_path(self) -> Path:
        """The indicator file that was installed with the settings."""
        return self.beside(self.pad.indicators)

    def beside(self, name: str) -> Path:
        """A path of the settings: relative ones start at the settings file's folder."""
        return self.file.parent / name


def config_path(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The settings file: ``--config``, else ``$PAD_CONFIG``, else ``/etc/pad/pad.toml``."""
    return given or Path(environ.get("PAD_CONFIG") or DEFAULT_CONFIG)


def load(given: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    path = config_path(given, environ).absolute()
    return _settings(path, read_table(path, PadFile), environ)


def parse(file: Path, text: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as they would be if this text stood in the file.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    path = file.absolute()
    return _settings(path, parse_table(path, text, PadFile), environ)


def _settings(path: Path, file: PadFile, environ: Mapping[str, str]) -> Settings:
    profile_path = path.parent / file.platform.profile
    profile = read_table(
        profile_path, PlatformProfile, f"put it there, or name another as platform.profile in {path}"
    )
    check_profile(profile_path, profile)
    _check_counter(path, file.counter)
    devices = Devices(file.keypad, file.idcard, file.scanner, file.counter.line)
    check_devices(path, devices)
    check_suspicion(path, file.suspicion)
    check_doors(path, file.counter.evaluate, file.counter.teller, file.counter.port)
    check_alerts(path, file.alerts)
    return Settings(
        file=path,
        state_dir=Path(environ.get("PAD_STATE") or DEFAULT_STATE),
        pad=file.pad,
        counter=file.counter,
        rating=file.rating,
        screen=file.screen,
        voice=file.voice,
        phone=file.phone,
        technician=file.technician,
        devices=devices,
        suspicion=file.suspicion,
        alerts=file.alerts,
        ledger=file.ledger,
        sync=file.sync,
        monitoring=file.monitoring,
        upkeep=file.upkeep,
        platform=file.platform,
        profile=profile,
    )


def _check_counter(path: Path, counter: Counter) -> None:
    if not counter.is_loopback and not (counter.tls_certificate and counter.tls_key):
        raise SettingsError(
            f"{path}: counter.address: found {counter.address!r}, which other machines can reach; allowed is "
            "a loopback address, or any with counter.tls_certificate and counter.tls_key set"
        )
