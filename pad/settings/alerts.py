"""``[alerts]``: whom a bad rating is told to at once (art. 16); never the clerk.

Addresses of robots and the mail password are secrets: ``keys/alert_wecom``, ``keys/alert_dingtalk``,
``keys/alert_dingtalk_sign``, ``keys/alert_feishu``, ``keys/alert_feishu_sign``, ``keys/alert_smtp``.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pad.settings.reading import SettingsError, Table

Address = Annotated[
    str, Meta(pattern=r"^[^\s@<>,]+@[^\s@<>,]+\Z", max_length=200, description="a mail address")
]
Sender = Annotated[
    str,
    Meta(pattern=r"^([^\s@<>,]+@[^\s@<>,]+)?\Z", max_length=200, description='a mail address, or ""'),
]


class Encryption(StrEnum):
    """How mail is kept secret on its way; plain only to a server on this very machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Smtp(Table, frozen=True):
    """``[alerts.smtp]``: mail, where ``host`` is set."""

    host: Annotated[
        str,
        Meta(pattern=r"^\S*\Z", max_length=200, description='a name or address without blanks, or ""'),
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 465
    encryption: Encryption = Encryption.TLS
    user: Annotated[str, Meta(max_length=200)] = ""
    sender: Sender = ""
    to: tuple[Address, ...] = ()

    @property
    def is_on_this_machine(self) -> bool:
        """Whether nothing leaves the machine on the way to the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Alerts(Table, frozen=True):
    """Each robot is on where it is true here and its address is among the secrets."""

    wecom: bool = False
    dingtalk: bool = False
    feishu: bool = False
    deadline_working_days: Annotated[int, Meta(ge=1, le=60)] = 5
    ca_file: str = ""
    smtp: Smtp = Smtp()


def check_alerts(path: Path, alerts: Alerts) -> None:
    """See that mail can be sent and is secret on its way.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    mail = alerts.smtp
    if not mail.host:
        return
    if not mail.sender:
        raise SettingsError(
            f"{path}: alerts.smtp.sender: found none; with alerts.smtp.host the address mail comes from is "
            'needed, such as "pad@example.gov.cn"'
        )
    if not mail.to:
        raise SettingsError(
            f"{path}: alerts.smtp.to: found none; with alerts.smtp.host at least one address is needed, such "
            'as ["hall-manager@example.gov.cn"]'
        )
    if mail.encryption is Encryption.NONE and not mail.is_on_this_machine:
        raise SettingsError(
            f'{path}: alerts.smtp.encryption: found "none" with host {mail.host!r}; allowed are "tls" and '
            '"starttls" ("none" only to a server on this machine, such as "127.0.0.1")'
        )
