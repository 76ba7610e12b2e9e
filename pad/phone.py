"""What a QR code says: an opaque ticket for one matter, or for one window, never personal data.

``TOKEN = base64url(version ‖ nonce ‖ ciphertext ‖ tag)`` without padding: SM4-GCM under the key the
pad shares with the platform (``keys/phone.key``), the version byte authenticated with it. So a
ticket can neither be read nor made by whoever sees the code. ``docs/phone.md`` has it byte by byte.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from pad import keys
from pad.gm import GmError, sm4_gcm_open, sm4_gcm_seal
from pad.keys import SecretError

KEY_NAME: Final = "phone.key"
KEY_BYTES: Final = 16
TOKEN_MAX: Final = 1000
"""A token longer than this is none of ours: 64 characters of four bytes each in two names make some 850."""
_VERSION: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class MatterTicket:
    """Opens the rating of one matter, once; ``expires`` is in unix seconds.

    ``project_no`` is empty for an unbound matter: the visit alone is what is rated.
    """

    device_id: str
    visit_id: str
    project_no: str
    service_number: int
    assess_number: int
    win_no: str
    expires: int


@dataclass(frozen=True, slots=True)
class WindowTicket:
    """Opens the page of one window, for as long as the code hangs there."""

    device_id: str
    win_no: str


Ticket = MatterTicket | WindowTicket


class Refusal(StrEnum):
    """Why a token opens nothing."""

    MALFORMED = "malformed"
    FORGED = "forged"
    EXPIRED = "expired"


class TokenRefused(ValueError):
    """A token opens nothing; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"the token is {refusal}")
        self.refusal = refusal


class _Matter(msgspec.Struct, frozen=True, array_like=True, tag="m"):
    device_id: str
    visit: bytes
    project_no: str
    service_number: int
    assess_number: int
    win_no: str
    expires: int


class _Window(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    device_id: str
    win_no: str


def phone_key(state_dir: Path) -> bytes | None:
    """The key shared with the platform; None if this pad has none, and so shows no codes.

    :raises SecretError: if it is there and is not 16 bytes in hexadecimal
    """
    found = keys.read_secret(state_dir, KEY_NAME)
    if found is None:
        return None
    try:
        key = bytes.fromhex(found)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretError(f"{KEY_NAME}: found something else; {KEY_BYTES} bytes in hexadecimal are needed")
    return key


def make_token(key: bytes, ticket: Ticket) -> str:
    """A ticket as a URL can carry it; two of the same ticket differ."""
    packed = msgspec.msgpack.encode(_packed(ticket))
    sealed = _VERSION + sm4_gcm_seal(key, packed, _VERSION)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def read_token(key: bytes, token: str, now: datetime) -> Ticket:
    """The ticket a token stands for.

    :param now: the time, with its zone
    :raises TokenRefused: if it is malformed, forged or expired
    """
    sealed = _decoded(token)
    if sealed[:1] != _VERSION:
        raise TokenRefused(Refusal.MALFORMED)
    try:
        packed = sm4_gcm_open(key, sealed[1:], _VERSION)
    except GmError:
        raise TokenRefused(Refusal.FORGED) from None
    try:
        told = msgspec.msgpack.decode(packed, type=_Matter | _Window)
    except msgspec.DecodeError:
        raise TokenRefused(Refusal.MALFORMED) from None
    if isinstance(told, _Window):
        return WindowTicket(told.device_id, told.win_no)
    if told.expires <= now.timestamp():
        raise TokenRefused(Refusal.EXPIRED)
    return MatterTicket(
        device_id=told.device_id,
        visit_id=str(UUID(bytes=told.visit)),
        project_no=told.project_no,
        service_number=told.service_number,
        assess_number=told.assess_number,
        win_no=told.win_no,
        expires=told.expires,
    )


def link(url: str, token: str) -> str:
    """What the code says: the page's address, and the token as its last part."""
    return f"{url.rstrip('/')}/{token}"


def _packed(ticket: Ticket) -> _Matter | _Window:
    if isinstance(ticket, WindowTicket):
        return _Window(ticket.device_id, ticket.win_no)
    return _Matter(
        ticket.device_id,
        UUID(ticket.visit_id).bytes,
        ticket.project_no,
        ticket.service_number,
        ticket.assess_number,
        ticket.win_no,
        ticket.expires,
    )


def _decoded(token: str) -> bytes:
    if len(token) > TOKEN_MAX:
        raise TokenRefused(Refusal.MALFORMED)
    try:
        raw = token.encode("ascii")
        sealed = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise TokenRefused(Refusal.MALFORMED) from None
    # of the letters that decode to the same bytes only one spelling is ours
    if base64.urlsafe_b64encode(sealed).rstrip(b"=") != raw:
        raise TokenRefused(Refusal.MALFORMED)
    return sealed
