"""``[alerts]``: whom a bad rating is told to at once (art. 16); never the clerk.

Addresses of robots and the mail password are secrets: ``keys/alert_wecom``, ``keys/alert_dingtalk``,
``keys/alert_dingtalk_sign``, ``keys/alert_feishu``, ``keys/alert_feishu_sign``, ``keys/alert_smtp``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from pad.settings.reading import Table

Address = Annotated[str, Meta(pattern=r"^([^\s@<>,]+@[^\s@<>,]+)?\Z", max_length=200)]


class Encryption(StrEnum):
    """How mail is kept secret on its way; plain only to a server on this very machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Smtp(Table, frozen=True):
    """``[alerts.smtp]``: mail, where ``host`` is set."""

    host: Annotated[str, Meta(pattern=r"^\S*\Z", max_length=200)] = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 465
    encryption: Encryption = Encryption.TLS
    user: Annotated[str, Meta(max_length=200)] = ""
    sender: Address = ""
    to: tuple[Annotated[str, Meta(pattern=r"^[^\s@<>,]+@[^\s@<>,]+\Z", max_length=200)], ...] = ()


class Alerts(Table, frozen=True):
    """Each robot is on where it is true here and its address is among the secrets."""

    wecom: bool = False
    dingtalk: bool = False
    feishu: bool = False
    deadline_working_days: Annotated[int, Meta(ge=1, le=60)] = 5
    smtp: Smtp = Smtp()
