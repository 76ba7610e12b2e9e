"""``[platform]`` of ``pad.toml``, and the profile it names: how one kind of platform is spoken to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pad import codes
from pad.settings.reading import SettingsError, Table

Text = Annotated[str, Meta(min_length=1, max_length=200)]

_Path = Annotated[
    str,
    Meta(pattern=r"^(/[^\s?#]*)?\Z", description='a path that begins with "/", without ? and #, or ""'),
]


class Dialect(StrEnum):
    """The platform's interface."""

    NATIONAL = "national"
    ITEMISED = "itemised"

    @property
    def seals_by_sm2(self) -> bool:
        """Whether records are sealed for the platform's SM2 key, which then has to be among the secrets."""
        return self is not Dialect.ITEMISED

    @property
    def has_own_paths(self) -> bool:
        """Whether it knows where to send; else the profile has to say it."""
        return self is Dialect.ITEMISED


class ServiceRecord(StrEnum):
    """Who sends the 办件服务数据 a rating needs to be there first."""

    BUSINESS_SYSTEM = "business_system"
    PAD = "pad"


class UnboundProjectNo(StrEnum):
    """What stands for the project number of an unbound rating in the national dialect."""

    RATING_ID = "rating_id"
    EMPTY = "empty"


class PlatformLink(Table, frozen=True):
    """``[platform]``: which platform, and this pad's standing with it."""

    url: Annotated[
        str, Meta(pattern=r"^https?://[^\s/]+(/[^\s]*)?\Z", description="an http or https address")
    ]
    app_mark: Text
    profile: Text = "platforms/national.toml"
    ca_file: str = ""
    client_certificate: str = ""
    client_key: str = ""


class Sm2Text(Table, frozen=True):
    """``[sm2]`` of a profile: how this platform writes SM2 ciphertext (domain §4)."""

    order: Literal["C1C3C2", "C1C2C3"] = "C1C3C2"
    prefix04: bool = True
    container: Literal["raw", "asn1"] = "raw"
    text: Literal["hex_lower", "hex_upper", "base64"] = "hex_lower"


class PlatformProfile(Table, frozen=True):
    """A ``platforms/*.toml``: how one kind of platform is spoken to."""

    name: Text
    dialect: Dialect
    evaluate_path: _Path = ""
    service_path: _Path = ""
    service_record: ServiceRecord = ServiceRecord.BUSINESS_SYSTEM
    unbound_project_no: UnboundProjectNo = UnboundProjectNo.RATING_ID
    duplicate_messages: tuple[Text, ...] = ("不可重复", "已存在评价")
    credential_messages: tuple[Text, ...] = ("appMark", "签名", "验签", "解密")
    busy_messages: tuple[Text, ...] = ()
    pf: dict[str, Annotated[str, Meta(min_length=1, max_length=4)]] = msgspec.field(default_factory=dict)
    sm2: Sm2Text = Sm2Text()


def check_profile(path: Path, profile: PlatformProfile) -> None:
    """See that a profile holds together.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    if not profile.dialect.has_own_paths:
        _check_paths(path, profile)
    known = [each.value for each in codes.Pf]
    for key in profile.pf:
        if key not in known:
            raise SettingsError(f"{path}: pf.{key}: unknown channel; allowed are {', '.join(known)}")


def _check_paths(path: Path, profile: PlatformProfile) -> None:
    dialect = profile.dialect
    if not profile.evaluate_path:
        raise SettingsError(
            f'{path}: evaluate_path: found nothing; the {dialect} dialect needs a path such as "/evaluate"'
        )
    if profile.service_record is ServiceRecord.PAD and not profile.service_path:
        raise SettingsError(
            f"{path}: service_path: found nothing; where the pad sends service records "
            f'the {dialect} dialect needs a path such as "/service"'
        )
