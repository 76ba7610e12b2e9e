"""The practice platform's settings: ``sandbox.toml``, closed to unknown keys."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct, field, json

from pad import bulletin
from pad.bulletin import BulletinError
from pad.gm import GmError, Sm2Container, Sm2Format, Sm2Order, Sm2Text
from pad.settings import DEFAULT_CONFIG, SettingsError, read_table

DEFAULT: Final = Path(__file__).with_name("sandbox.toml")
_NATIONAL: Final = "indicators/national-2020-05-22.toml"
_IN_TREE: Final = Path(__file__).parents[1] / "config" / _NATIONAL
NATIONAL_INDICATORS: Final = _IN_TREE if _IN_TREE.exists() else DEFAULT_CONFIG.parent / _NATIONAL
"""The national list: the one in the source tree, or the one the package installs."""

Port = Annotated[int, Meta(ge=0, le=65535)]


class Reply(StrEnum):
    """The two shapes of a national platform's answer (domain §4)."""

    C_RESPONSE = "c_response"
    CODE = "code"


class Sm2(Struct, frozen=True, forbid_unknown_fields=True):
    """``[sm2]``: how ciphertext is written."""

    order: Sm2Order = Sm2Order.C1C3C2
    prefix04: bool = True
    container: Sm2Container = Sm2Container.RAW
    text: Sm2Text = Sm2Text.HEX_LOWER

    @property
    def format(self) -> Sm2Format:
        """The same as :mod:`pad.gm` takes it."""
        return Sm2Format(self.order, self.prefix04, self.container, self.text)


class Notice(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``[[notices]]``: one text by language, and the last day it is shown."""

    text: dict[str, str]
    until: str = ""


class Figures(Struct, frozen=True, forbid_unknown_fields=True):
    """``[figures]``: what the platform publishes of a period (art. 15)."""

    period: dict[str, str] = field(default_factory=lambda: {"zh_CN": "2026年10月", "en": "October 2026"})
    ratings: int = 12345
    satisfied_percent: float = 99.2
    bad: int = 7
    bad_handled: int = 7


class RobotKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """``[robots]``: what the group robots want to be shown; with a sign, they take signed messages alone."""

    key: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_-]+$")] = "practice"
    dingtalk_sign: str = ""
    feishu_sign: str = ""


NOTICES: Final = (
    Notice(
        {
            "zh_CN": "可预约办理，免排队：请在政务服务网上选择时间。",
            "en": "Book a time on the service website and skip the queue.",
        }
    ),
    Notice(
        {
            "zh_CN": "周三延时服务至20:00。",
            "en": "Open until 20:00 on Wednesdays.",
        }
    ),
)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set."""

    port: Port = 27500
    control_port: Port = 27501
    state: str = ""
    app_mark: Annotated[str, Meta(min_length=1)] = "pad"
    app_word: Annotated[str, Meta(min_length=1)] = "practice"
    reply: Reply = Reply.C_RESPONSE
    accept_any_service: bool = True
    allow_unbound: bool = True
    future_tolerance_s: Annotated[float, Meta(ge=0)] = 5.0
    handling_days: Annotated[int, Meta(ge=1, le=60)] = 5
    phone_key: Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""
    counter_url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+$")] = "http://127.0.0.1:27100"
    indicators: str = ""
    sm2: Sm2 = Sm2()
    robots: RobotKeys = RobotKeys()
    notices: tuple[Notice, ...] = NOTICES
    figures: Figures = field(default_factory=Figures)

    @property
    def indicators_path(self) -> Path:
        """The indicator file."""
        return Path(self.indicators) if self.indicators else NATIONAL_INDICATORS


def load(path: Path) -> Settings:
    """Read the settings.

    :raises pad.settings.SettingsError: naming file, key, what was found and what is allowed
    """
    settings = read_table(path, Settings)
    try:
        _ = settings.sm2.format
    except GmError as error:
        raise SettingsError(f"{path}: [sm2]: {error}") from error
    try:
        _ = bulletin.parse(json.encode({"notices": settings.notices, "figures": settings.figures}))
    except BulletinError as error:
        raise SettingsError(f"{path}: notices, figures: {error}") from error
    return settings


def state_folder(settings: Settings, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for store and keys, made if it is not there."""
    named = settings.state or environ.get("SANDBOX_STATE")
    folder = Path(named) if named else Path(tempfile.mkdtemp(prefix="sandbox-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
