"""Asks the kiosk how it does, as a clerk's system would (``GET /v1/state``); being down is an answer too."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final

import msgspec

from pad.settings import Counter

STATES: Final = ("idle", "serving", "inviting", "rating", "paused", "closed", "cannot_store")
"""What the kiosk says of the window (design §4)."""
DOWN: Final = "down"
"""Nothing answers."""
UNKNOWN: Final = "unknown"
"""It answers, but not us: beyond loopback it wants a token that syncd does not have."""
ANSWER_WITHIN_S: Final = 3.0
_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device at the window as the kiosk finds it: ``found``, ``silent`` or ``lost``, and errors so far."""

    state: str
    errors: int


@dataclass(frozen=True, slots=True)
class KioskSeen:
    """How the kiosk does."""

    state: str
    versions: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, DeviceSeen] = field(default_factory=dict)


class _Device(msgspec.Struct, frozen=True):
    state: str
    errors: int


class _State(msgspec.Struct, frozen=True):
    state: str
    versions: dict[str, str]
    devices: dict[str, _Device]


def ask(counter: Counter) -> KioskSeen:
    """Ask; takes up to :data:`ANSWER_WITHIN_S` for each step."""
    connection = _connection(counter)
    try:
        connection.request("GET", "/v1/state")
        answer = connection.getresponse()
        body = answer.read(_BYTES_MAX)
    except (OSError, HTTPException, ValueError):
        return KioskSeen(DOWN)
    finally:
        connection.close()
    return read(answer.status, body)


def read(status: int, body: bytes) -> KioskSeen:
    """What an answer says."""
    try:
        told = msgspec.json.decode(body, type=_State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return KioskSeen(UNKNOWN)
    if status != 200 or told.state not in STATES:
        return KioskSeen(UNKNOWN)
    devices = {name: DeviceSeen(each.state, each.errors) for name, each in told.devices.items()}
    return KioskSeen(told.state, told.versions, devices)


def _connection(counter: Counter) -> HTTPConnection:
    if not counter.tls_certificate:
        return HTTPConnection(counter.address, counter.port, timeout=ANSWER_WITHIN_S)
    # the pad's own certificate, on the pad itself, for a state that is no secret: it cannot deceive
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(counter.address, counter.port, timeout=ANSWER_WITHIN_S, context=context)
