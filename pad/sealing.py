"""Sealing of personal data at rest: SM4-GCM under the device's sealing key (art. 13).

Sealed bytes are one version byte, then nonce, ciphertext and tag as :mod:`pad.gm` lays them. Under
a key that came by rotation, version 2, the key's number stands between, two bytes, big-endian.
The visit's id is authenticated with them, so that nobody's data can be moved to another rating.
"""

from __future__ import annotations

from typing import Final

import msgspec

from pad.gm import GmError, hmac_sm3, sm4_gcm_open, sm4_gcm_seal
from pad.model import Rater

_FIRST_KEY: Final = b"\x01"
_NUMBERED: Final = b"\x02"
_NUMBER_BYTES: Final = 2
KEYS_MAX: Final = 2 ** (8 * _NUMBER_BYTES) - 1


class SealError(ValueError):
    """Sealed data cannot be opened: a wrong key, another rating's, or damaged."""


def seal(key: bytes, rater: Rater, visit_id: str, number: int = 1) -> bytes:
    """The sealed form of a person's data, bound to one visit.

    :param number: the key's, 1 for the device's first
    """
    header = _FIRST_KEY if number == 1 else _NUMBERED + number.to_bytes(_NUMBER_BYTES, "big")
    return header + sm4_gcm_seal(key, msgspec.json.encode(rater), visit_id.encode())


def key_number(sealed: bytes) -> int | None:
    """The number of the key that sealed this; None if its version is unknown."""
    if sealed[:1] == _FIRST_KEY:
        return 1
    return int.from_bytes(sealed[1 : 1 + _NUMBER_BYTES], "big") if sealed[:1] == _NUMBERED else None


def mark(key: bytes, text: str) -> str:
    """A mark by which the same text is known again, and nothing of it learnt without the key."""
    return hmac_sm3(key, b"mark\0" + text.encode()).hex()


def unseal(key: bytes, sealed: bytes, visit_id: str) -> Rater:
    """The person's data that :func:`seal` hid.

    :raises SealError: if key, visit or bytes are not the ones it was sealed with
    """
    number = key_number(sealed)
    if number is None:
        raise SealError(f"sealed data of visit {visit_id} has an unknown version; 1 and 2 are known")
    content = sealed[1:] if sealed[:1] == _FIRST_KEY else sealed[1 + _NUMBER_BYTES :]
    try:
        return msgspec.json.decode(sm4_gcm_open(key, content, visit_id.encode()), type=Rater)
    except (GmError, msgspec.DecodeError):
        # not "from error": that of a decoder may hold what it could not decode
        raise SealError(f"sealed data of visit {visit_id} does not open with this key") from None
