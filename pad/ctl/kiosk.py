"""Asking the running kiosk how it is, as the clerk's system does: ``GET /v1/state``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import msgspec

from pad import keys
from pad.settings import Settings

_WITHIN_S: Final = 5.0


class KioskSilent(Exception):
    """The kiosk's counter service does not answer; the message says why."""


class Told(msgspec.Struct, frozen=True):
    """What the kiosk says of one device."""

    state: str
    errors: int
    last_event_s: float | None


class KioskState(msgspec.Struct, frozen=True):
    """What the kiosk says of itself."""

    state: str
    devices: dict[str, Told]
    versions: Mapping[str, str] = {}


def kiosk_state(configured: Settings) -> KioskState:
    """What the kiosk answers.

    :raises KioskSilent: if there is no answer
    """
    counter = configured.counter
    handlers: list[Any] = [ProxyHandler({})]
    scheme, headers = "http", {}
    if counter.tls_certificate:
        scheme = "https"
        handlers.append(HTTPSHandler(context=_trusting_only(configured)))
    if not counter.is_loopback:
        headers["Authorization"] = f"Bearer {keys.read_secret(configured.state_dir, 'counter_token') or ''}"
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(counter.address, counter.address)  # noqa: S104 - compared
    host = f"[{address}]" if ":" in address else address
    request = Request(f"{scheme}://{host}:{counter.port}/v1/state", headers=headers)  # noqa: S310 - http or https
    try:
        with build_opener(*handlers).open(request, timeout=_WITHIN_S) as answer:
            return msgspec.json.decode(answer.read(), type=KioskState)
    except (msgspec.DecodeError, UnicodeDecodeError, HTTPException) as error:
        raise KioskSilent(
            f"what answers at {host}:{counter.port} is no kiosk of this version; "
            "restart the kiosk, or give counter.port to it alone"
        ) from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise KioskSilent(
            f"the kiosk does not answer at {host}:{counter.port} ({reason}); is it running?"
        ) from error


def _trusting_only(configured: Settings) -> ssl.SSLContext:
    """Trust the pad's own certificate, whatever name it was made out for."""
    context = ssl.create_default_context(cafile=str(configured.beside(configured.counter.tls_certificate)))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
