"""Sealing of personal data at rest: SM4-GCM under the device's sealing key (art. 13).

Sealed bytes are one version byte, then nonce, ciphertext and tag as :mod:`pad.gm` lays them.
The visit's id is authenticated with them, so that nobody's data can be moved to another rating.
"""

from __future__ import annotations

from typing import Final

import msgspec

from pad.gm import GmError, hmac_sm3, sm4_gcm_open, sm4_gcm_seal
from pad.model import Rater

_VERSION: Final = b"\x01"


class SealError(ValueError):
    """Sealed data cannot be opened: a wrong key, another rating's, or damaged."""


def seal(key: bytes, rater: Rater, visit_id: str) -> bytes:
    """The sealed form of a person's data, bound to one visit."""
    return _VERSION + sm4_gcm_seal(key, msgspec.json.encode(rater), visit_id.encode())


def mark(key: bytes, text: str) -> str:
    """A mark by which the same text is known again, and nothing of it learnt without the key."""
    return hmac_sm3(key, b"mark\0" + text.encode()).hex()


def unseal(key: bytes, sealed: bytes, visit_id: str) -> Rater:
    """The person's data that :func:`seal` hid.

    :raises SealError: if key, visit or bytes are not the ones it was sealed with
    """
    if sealed[:1] != _VERSION:
        raise SealError(f"sealed data of visit {visit_id} has an unknown version; {_VERSION[0]} is known")
    try:
        return msgspec.json.decode(sm4_gcm_open(key, sealed[1:], visit_id.encode()), type=Rater)
    except (GmError, msgspec.DecodeError) as error:
        raise SealError(f"sealed data of visit {visit_id} does not open with this key") from error
