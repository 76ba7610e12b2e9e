"""The tables of ``pad.toml``: every key, with its default and its bounds."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from pad import codes
from pad.settings.alerts import Alerts
from pad.settings.devices import CounterLine, IdCard, Keypad, Scanner
from pad.settings.doors import EvaluateDoor, Port, TellerDoor, Text
from pad.settings.platform import PlatformLink
from pad.settings.reading import Hours, Table
from pad.settings.suspicion import Suspicion
from pad.settings.unattended import Monitoring, Upkeep

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Origin = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^/\s]+\Z",
        description='a page\'s origin such as "https://zwfw.example.gov.cn", without a path',
    ),
]
HostName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+\Z",
        description='a name with a dot in it such as "pad.example.gov.cn", in small letters, without a port',
    ),
]
Days = Annotated[int, Meta(ge=1, le=36_500)]


class WalkAway(StrEnum):
    """What a tap counts for whose person walked away before submitting (domain §2)."""

    COUNTS = "counts"
    DISCARD = "discard"


class Identity(StrEnum):
    """Whether a rater may say who they are: real name or a phone number (art. 10, 16); never required."""

    OFF = "off"
    OFFERED = "offered"


class Pad(Table, frozen=True):
    """``[pad]``: which pad this is and where it stands."""

    device_id: Annotated[
        str, Meta(pattern=r"^[0-9A-Za-z._-]{1,64}\Z", description="1 to 64 letters, digits and . _ -")
    ]
    hall_name: Text
    win_no: Annotated[str, Meta(max_length=32)] = ""
    area_code: Annotated[
        str, Meta(pattern=r"^([0-9]{6}|[0-9]{12})?\Z", description='6 or 12 digits, or ""')
    ] = ""
    dept_code: Annotated[
        str, Meta(pattern=r"^([0-9A-Z]{18})?\Z", description='18 digits and capital letters, or ""')
    ] = ""
    orgcode: Annotated[str, Meta(max_length=64)] = ""
    org_name: Annotated[str, Meta(max_length=codes.NAME_MAX)] = ""
    indicators: Text = "indicators/national-2020-05-22.toml"


class Counter(Table, frozen=True):
    """``[counter]``: the service the clerk's system calls."""

    address: Text = "127.0.0.1"
    port: Port = 27100
    origins: tuple[Origin, ...] = ()
    names: tuple[HostName, ...] = ()
    tls_certificate: str = ""
    tls_key: str = ""
    line: CounterLine = CounterLine()
    evaluate: EvaluateDoor = EvaluateDoor()
    teller: TellerDoor = TellerDoor()

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach the service."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return self.address == "localhost"


class RatingRules(Table, frozen=True):
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


class Screen(Table, frozen=True):
    """``[screen]``: the window and its words."""

    fullscreen: bool = True
    width: Annotated[int, Meta(ge=320, le=7680)] = 1280
    height: Annotated[int, Meta(ge=320, le=7680)] = 800
    diagonal_inches: Annotated[float, Meta(ge=5, le=100)] = 10.1
    big_type: bool = False
    low_reach: bool = False
    keys: Annotated[str, Meta(pattern=r"^(\S{5})?\Z", description='five characters, or ""')] = ""
    language: Annotated[
        str,
        Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?\Z", description='a language such as "zh_CN" or "en"'),
    ] = "zh_CN"
    font: str = ""
    font_bold: str = ""
    fonts_for_rare: tuple[str, ...] = ()


class Voice(Table, frozen=True):
    """``[voice]``: prompts spoken aloud."""

    enabled: bool = True
    volume: Annotated[int, Meta(ge=0, le=100)] = 70
    quiet_hours: tuple[Hours, ...] = ()
    recordings: str = ""
    device: Text = "default"


class Phone(Table, frozen=True):
    """``[phone]``: the page on which a phone rates instead of the pad."""

    url: Annotated[
        str,
        Meta(
            max_length=120,
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?\Z",
            description='an http or https address of at most 120 characters, without ? and #, or ""',
        ),
    ] = ""


class Technician(Table, frozen=True):
    """``[technician]``: the hidden page for whoever looks after the pad."""

    leave_after_s: Annotated[float, Meta(ge=10, le=3600)] = 120.0


class LedgerRules(Table, frozen=True):
    """``[ledger]``: how long what is kept, and how much room must stay free."""

    retention_days: Days = 1095
    rater_retention_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    min_free_mib: Annotated[int, Meta(ge=1, le=1_048_576)] = 64


class Sync(Table, frozen=True):
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


class PadFile(Table, frozen=True):
    """The whole file."""

    pad: Pad
    platform: PlatformLink
    counter: Counter = Counter()
    rating: RatingRules = RatingRules()
    screen: Screen = Screen()
    voice: Voice = Voice()
    phone: Phone = Phone()
    technician: Technician = Technician()
    keypad: Keypad = Keypad()
    idcard: IdCard = IdCard()
    scanner: Scanner = Scanner()
    suspicion: Suspicion = Suspicion()
    alerts: Alerts = Alerts()
    ledger: LedgerRules = LedgerRules()
    sync: Sync = Sync()
    monitoring: Monitoring = Monitoring()
    upkeep: Upkeep = Upkeep()
