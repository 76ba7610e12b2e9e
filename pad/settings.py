"""Settings: ``pad.toml`` and the platform profile it names, parsed into frozen values.

Unknown keys and wrong values are refused with the file, the key, what was found and what is
allowed (design §7). Every key, its default and its unit stand in ``config/pad.toml``.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from pad import codes

DEFAULT_CONFIG: Final = Path("/etc/pad/pad.toml")
DEFAULT_STATE: Final = Path("/var/lib/pad")

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class SettingsError(Exception):
    """Settings cannot be used; the message names file, key, what was found and what is allowed."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML table: immutable, and closed to keys it does not know."""


class WalkAway(StrEnum):
    """What a tap counts for whose person walked away before submitting (domain §2)."""

    COUNTS = "counts"
    DISCARD = "discard"


class Identity(StrEnum):
    """Whether a rater may say who they are: real name or a phone number (art. 10, 16); never required."""

    OFF = "off"
    OFFERED = "offered"


class Dialect(StrEnum):
    """The platform's interface."""

    NATIONAL = "national"
    ITEMISED = "itemised"


class ServiceRecord(StrEnum):
    """Who sends the 办件服务数据 a rating needs to be there first."""

    BUSINESS_SYSTEM = "business_system"
    PAD = "pad"


class UnboundProjectNo(StrEnum):
    """What stands for the project number of an unbound rating in the national dialect."""

    RATING_ID = "rating_id"
    EMPTY = "empty"


class Pad(_Table, frozen=True):
    """``[pad]``: which pad this is and where it stands."""

    device_id: Annotated[str, Meta(pattern=r"^[0-9A-Za-z._-]{1,64}\Z")]
    hall_name: Text
    win_no: Annotated[str, Meta(max_length=32)] = ""
    area_code: Annotated[str, Meta(pattern=r"^([0-9]{6}|[0-9]{12})?\Z")] = ""
    dept_code: Annotated[str, Meta(pattern=r"^([0-9A-Z]{18})?\Z")] = ""
    orgcode: Annotated[str, Meta(max_length=64)] = ""
    org_name: Annotated[str, Meta(max_length=codes.NAME_MAX)] = ""
    indicators: Text = "indicators/national-2020-05-22.toml"


class Counter(_Table, frozen=True):
    """``[counter]``: the service the clerk's system calls."""

    address: Text = "127.0.0.1"
    port: Port = 27100
    origins: tuple[Annotated[str, Meta(pattern=r"^https?://[^/\s]+\Z")], ...] = ()
    tls_certificate: str = ""
    tls_key: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the service."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return self.address == "localhost"


class RatingRules(_Table, frozen=True):
    """``[rating]``: what differs between cities (domain §2)."""

    timeout_s: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    reasons_timeout_s: Annotated[float, Meta(ge=1, le=3600)] = 30.0
    touch_grace_s: Annotated[float, Meta(ge=0, le=600)] = 10.0
    stuck_touch_s: Annotated[float, Meta(ge=10, le=3600)] = 180.0
    settle_s: Annotated[float, Meta(ge=0, le=2)] = 0.3
    thanks_s: Annotated[float, Meta(ge=0.5, le=60)] = 4.0
    walk_away: WalkAway = WalkAway.COUNTS
    identity: Identity = Identity.OFFERED
    bad_needs_reason: bool = True
    allow_unbound: bool = False
    allow_second_assessment: bool = False


class Screen(_Table, frozen=True):
    """``[screen]``: the window and its words."""

    fullscreen: bool = True
    width: Annotated[int, Meta(ge=320, le=7680)] = 1280
    height: Annotated[int, Meta(ge=320, le=7680)] = 800
    diagonal_inches: Annotated[float, Meta(ge=5, le=100)] = 10.1
    big_type: bool = False
    low_reach: bool = False
    keys: Annotated[str, Meta(pattern=r"^(\S{5})?\Z")] = ""
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?\Z")] = "zh_CN"
    font: str = ""
    font_bold: str = ""
    fonts_for_rare: tuple[str, ...] = ()


class Voice(_Table, frozen=True):
    """``[voice]``: prompts spoken aloud."""

    enabled: bool = True
    volume: Annotated[int, Meta(ge=0, le=100)] = 70
    quiet_hours: tuple[
        Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z")], ...
    ] = ()
    recordings: str = ""
    device: Text = "default"


class Phone(_Table, frozen=True):
    """``[phone]``: the page on which a phone rates instead of the pad."""

    url: Annotated[str, Meta(max_length=120, pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?\Z")] = ""


class Technician(_Table, frozen=True):
    """``[technician]``: the hidden page for whoever looks after the pad."""

    leave_after_s: Annotated[float, Meta(ge=10, le=3600)] = 120.0


class LedgerRules(_Table, frozen=True):
    """``[ledger]``: how long what is kept, and how much room must stay free."""

    retention_days: Days = 1095
    rater_retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    min_free_mib: Annotated[int, Meta(ge=1, le=1_048_576)] = 64


class Sync(_Table, frozen=True):
    """``[sync]``: how ratings leave."""

    interval_s: Seconds = 30.0
    batch: Annotated[int, Meta(ge=1, le=1000)] = 50
    connect_timeout_s: Seconds = 5.0
    answer_timeout_s: Seconds = 20.0
    backoff_first_s: Seconds = 1.0
    backoff_cap_s: Seconds = 300.0
    retry_after_cap_s: Seconds = 3600.0
    refused_probe_s: Seconds = 300.0
    reconnect_spread_s: Annotated[float, Meta(ge=0, le=3600)] = 30.0
    heartbeat_s: Seconds = 60.0


class PlatformLink(_Table, frozen=True):
    """``[platform]``: which platform, and this pad's standing with it."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/[^\s]*)?\Z")]
    app_mark: Text
    profile: Text = "platforms/national.toml"
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""


class Sm2Text(_Table, frozen=True):
    """``[sm2]`` of a profile: how this platform writes SM2 ciphertext (domain §4)."""

    order: Annotated[str, Meta(pattern=r"^(C1C3C2|C1C2C3)\Z")] = "C1C3C2"
    prefix04: bool = True
    container: Annotated[str, Meta(pattern=r"^(raw|asn1)\Z")] = "raw"
    text: Annotated[str, Meta(pattern=r"^(hex_lower|hex_upper|base64)\Z")] = "hex_lower"


class PlatformProfile(_Table, frozen=True):
    """A ``platforms/*.toml``: how one kind of platform is spoken to."""

    name: Text
    dialect: Dialect
    evaluate_path: Annotated[str, Meta(pattern=r"^(/[^\s?#]*)?\Z")] = ""
    service_path: Annotated[str, Meta(pattern=r"^(/[^\s?#]*)?\Z")] = ""
    service_record: ServiceRecord = ServiceRecord.BUSINESS_SYSTEM
    unbound_project_no: UnboundProjectNo = UnboundProjectNo.RATING_ID
    duplicate_messages: tuple[Text, ...] = ("不可重复", "已存在评价")
    credential_messages: tuple[Text, ...] = ("appMark", "签名", "验签", "解密")
    busy_messages: tuple[Text, ...] = ()
    pf: dict[str, Annotated[str, Meta(min_length=1, max_length=4)]] = {}
    sm2: Sm2Text = Sm2Text()


class _PadFile(_Table, frozen=True):
    pad: Pad
    platform: PlatformLink
    counter: Counter = Counter()
    rating: RatingRules = RatingRules()
    screen: Screen = Screen()
    voice: Voice = Voice()
    phone: Phone = Phone()
    technician: Technician = Technician()
    ledger: LedgerRules = LedgerRules()
    sync: Sync = Sync()


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
    ledger: LedgerRules
    sync: Sync
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
    file = read_table(path, _PadFile)
    profile_path = path.parent / file.platform.profile
    profile = read_table(
        profile_path, PlatformProfile, f"put it there, or name another as platform.profile in {path}"
    )
    _check_profile(profile_path, profile)
    _check_counter(path, file.counter)
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
        ledger=file.ledger,
        sync=file.sync,
        platform=file.platform,
        profile=profile,
    )


def _check_profile(path: Path, profile: PlatformProfile) -> None:
    if profile.dialect is Dialect.NATIONAL and not profile.evaluate_path:
        raise SettingsError(
            f'{path}: evaluate_path: found nothing; the national dialect needs a path such as "/evaluate"'
        )
    if (
        profile.dialect is Dialect.NATIONAL
        and profile.service_record is ServiceRecord.PAD
        and not profile.service_path
    ):
        raise SettingsError(
            f"{path}: service_path: found nothing; where the pad sends service records "
            'the national dialect needs a path such as "/service"'
        )
    known = [each.value for each in codes.Pf]
    for key in profile.pf:
        if key not in known:
            raise SettingsError(f"{path}: pf.{key}: unknown channel; allowed are {', '.join(known)}")


def _check_counter(path: Path, counter: Counter) -> None:
    if not counter.is_loopback and not (counter.tls_certificate and counter.tls_key):
        raise SettingsError(
            f"{path}: counter.address: found {counter.address!r}, which other machines can reach; allowed is "
            "a loopback address, or any with counter.tls_certificate and counter.tls_key set"
        )


_T = TypeVar("_T")


def read_table(
    path: Path, kind: type[_T], if_missing: str = "name the settings file with --config or PAD_CONFIG"
) -> _T:
    """Read a TOML file into a struct that is closed to unknown keys.

    :param if_missing: what to do if it is not there
    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    try:
        # some editors put a byte order mark before UTF-8
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: not found; {if_missing}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); a TOML file in UTF-8 is needed") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {_explain(str(error), found, kind)}") from error


_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<key>[^`]*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>[^`]+)`")
_MISSING: Final = re.compile(r"missing required field `(?P<name>[^`]+)`")
_SOME_ENTRY: Final = "[...]"
_SECRETIVE: Final = re.compile(r"word|key|secret|token", re.IGNORECASE)


def _explain(message: str, found: Mapping[str, Any], kind: type) -> str:
    """Turn msgspec's message into: the key, what was found, what is allowed."""
    match = _PLACE.match(message)
    what, key = (match["what"], (match["key"] or "").lstrip(".")) if match else (message, "")
    if unknown := _UNKNOWN.search(what):
        allowed = ", ".join(_keys_of(kind, key))
        return f"{_join(key, unknown['name'])}: unknown key; allowed here are {allowed}"
    if missing := _MISSING.search(what):
        return f"{_join(key, missing['name'])}: missing; this key has no default and must be set"
    if key.endswith(_SOME_ENTRY):
        key = _wrong_entry(found, kind, key.removesuffix(_SOME_ENTRY))
    value = _value_at(found, key)
    return f"{key}: found {_shown(key, value)}; {_allowed(what, _type_at(kind, key))}"


def _shown(key: str, value: object) -> str:
    """A value as it may be printed: no secret, nor an address with a password in it."""
    hidden = _SECRETIVE.search(key.rsplit(".", 1)[-1]) or "@" in str(value)
    return "a value that is not shown" if hidden else repr(value)


def _wrong_entry(found: Mapping[str, Any], kind: type, key: str) -> str:
    """msgspec does not say which entry of a free table is wrong: the first that is so by itself."""
    table = _value_at(found, key)
    for name, value in table.items() if isinstance(table, Mapping) else ():
        try:
            msgspec.convert({name: value}, _type_at(kind, key))
        except msgspec.ValidationError:
            return _join(key, name)
    return key


def _allowed(what: str, kind: object) -> str:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "allowed are " + ", ".join(f'"{each}"' for each in kind)
    if what.startswith("Expected "):
        return "allowed is " + what.removeprefix("Expected ").split(", got ")[0].replace("`", "")
    return what[:1].lower() + what[1:]


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _keys_of(kind: type, key: str) -> list[str]:
    """The keys a table may have."""
    return [field.name for field in msgspec.structs.fields(_type_at(kind, key))]


def _type_at(kind: type, key: str) -> Any:
    """The type of a key, following ``a.b`` from the file's own; None within lists and free tables."""
    here: Any = kind
    for part in filter(None, key.split(".")):
        if not (isinstance(here, type) and issubclass(here, msgspec.Struct)):
            return None
        here = next((field.type for field in msgspec.structs.fields(here) if field.name == part), None)
    return here


def _value_at(found: Mapping[str, Any], key: str) -> object:
    here: Any = found
    for part in re.findall(r"[^.\[\]]+", key):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdigit():
            here = here[int(part)]
        else:
            return here
    return here
