"""Whom the settings want told, with the secrets that takes; what is wrong or missing is said at the start."""

from __future__ import annotations

import ipaddress
import string
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pad.keys import SecretError, read_secret
from pad.settings import Settings
from syncd.alerting.base import Target
from syncd.alerting.dingtalk import DingTalk
from syncd.alerting.feishu import Feishu
from syncd.alerting.mail import Mail
from syncd.alerting.robot import Make, Robot
from syncd.alerting.wecom import WeCom
from syncd.platforms.http import Exchange, Peer
from syncd.platforms.tls import Tls, TrueTime, with_authorities

_PLAIN: Final = frozenset(string.printable) - frozenset(string.whitespace)
_CA_KEY: Final = "alerts.ca_file"


def targets_for(
    settings: Settings, clock: Callable[[], datetime], truth: TrueTime | None = None
) -> tuple[Target, ...]:
    """Everybody who is to be told; nobody where nothing is on.

    :param clock: gives the time for signatures and mails, the best there is
    :param truth: what is known of the true time, by which TLS judges dates; without it by the wall clock
    :raises SecretError: if a secret is missing or cannot be used; names the file and what is needed
    :raises SettingsError: if ``alerts.ca_file`` cannot be used
    """
    alerts, state = settings.alerts, settings.state_dir
    makes: list[Make] = []
    if alerts.wecom:
        makes.append(WeCom())
    if alerts.dingtalk:
        makes.append(DingTalk(read_secret(state, "alert_dingtalk_sign") or None))
    if alerts.feishu:
        makes.append(Feishu(read_secret(state, "alert_feishu_sign") or None))
    targets: list[Target] = [_robot(settings, make, clock, truth) for make in makes]
    if alerts.smtp.host:
        targets.append(_mail(settings, clock, truth))
    return tuple(targets)


def _robot(settings: Settings, make: Make, clock: Callable[[], datetime], truth: TrueTime | None) -> Robot:
    name = f"alert_{make.name}"
    address = _secret(settings, name, f"alerts.{make.name} is true: the robot's address")
    base, path = _parted(_path(settings, name), address)
    tls = _tls(settings, truth) if base.startswith("https:") else None
    return Robot(make, Exchange(settings, Peer(base, f"the {make.name} robot", _CA_KEY, tls)), path, clock)


def _mail(settings: Settings, clock: Callable[[], datetime], truth: TrueTime | None) -> Mail:
    smtp, limits = settings.alerts.smtp, settings.sync
    password = None
    if smtp.user:
        password = _secret(settings, "alert_smtp", "alerts.smtp.user is set: its password")
    return Mail(
        smtp, password, _tls(settings, truth), (limits.connect_timeout_s, limits.answer_timeout_s), clock
    )


def _tls(settings: Settings, truth: TrueTime | None) -> Tls:
    return with_authorities(settings, settings.alerts.ca_file, _CA_KEY, truth)


def _parted(file: Path, address: str) -> tuple[str, str]:
    """A robot's address as base and the rest. It is a secret: no message shows it.

    :raises SecretError: if it is none, or not secret on its way
    """
    needed = f"{file}: not a robot's address; one line is needed: https://… as the robot's page shows it"
    if not set(address) <= _PLAIN:
        raise SecretError(needed)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise SecretError(needed) from None
    if not host or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise SecretError(needed)
    if parts.scheme == "http" and not _is_loopback(host):
        raise SecretError(f"{file}: found http; allowed is https (http only to this machine, to practise)")
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + (
        f"?{parts.query}" if parts.query else ""
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(settings: Settings, name: str, what: str) -> str:
    text = read_secret(settings.state_dir, name)
    if not text:
        raise SecretError(
            f"{_path(settings, name)}: missing or empty; {settings.file}: {what} is needed there, mode 0600"
        )
    return text


def _path(settings: Settings, name: str) -> Path:
    return settings.state_dir / "keys" / name
