"""国密 in one place: SM3 and HMAC-SM3, SM4-GCM, and SM2 public-key encryption in any platform's form.

Hashing and SM4 are OpenSSL's, by way of ``cryptography``; the curve arithmetic is ``ecdsa``'s, with
tables kept for the base point and for each public key in use (``make bench`` compares libraries).
SM2 takes a time that depends on the numbers in it: fine for a pad, which draws a fresh scalar for
each encryption and holds no private key; not for a private key that strangers may time.
"""

from __future__ import annotations

import binascii
import os
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hmac import compare_digest
from secrets import randbelow
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pad.sm2_format import (
    COORDINATE_BYTES,
    POINT_BYTES,
    UNCOMPRESSED,
    GmError,
    Sm2Container,
    Sm2Format,
    Sm2Order,
    Sm2Parts,
    Sm2Text,
)

if TYPE_CHECKING:
    from ecdsa.ellipticcurve import CurveFp, PointJacobi

__all__ = [
    "DEFAULT_FORMAT", "SM3_BYTES", "SM4_KEY_BYTES", "GmError", "Sm2Container", "Sm2Format", "Sm2KeyPair",
    "Sm2Order", "Sm2Text", "hmac_sm3", "sm2_decrypt", "sm2_encrypt", "sm2_generate_keypair", "sm2_keypair",
    "sm3", "sm4_gcm_open", "sm4_gcm_seal",
]  # fmt: skip

SM3_BYTES: Final = 32
SM4_KEY_BYTES: Final = 16
DEFAULT_FORMAT: Final = Sm2Format()
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEYS_WITH_TABLES: Final = 8  # a pad speaks to one platform, a sandbox to a few

# sm2p256v1 of GB/T 32918.5 (GM/T 0003.5).
_P: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
_B: Final = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
_N: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
_GX: Final = 0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7
_GY: Final = 0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0


@dataclass(frozen=True, slots=True)
class Sm2KeyPair:
    """A pair as platforms hand it out: 64 hex digits private, ``04`` and 128 public."""

    public_key: str
    private_key: str = field(repr=False)


def sm3(data: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The HMAC of the data with SM3, 32 bytes; compare it with :func:`hmac.compare_digest`."""
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()


def sm4_gcm_seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Seal under a 16-byte key: random nonce (12) ‖ ciphertext ‖ tag (16); ``aad`` is bound, not stored."""
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(_sm4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return nonce + encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def sm4_gcm_open(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext that :func:`sm4_gcm_seal` sealed.

    :raises GmError: if the key or ``aad`` is another's, or one bit was changed
    """
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise GmError(f"SM4-GCM: {len(sealed)} sealed bytes; at least {_NONCE_BYTES + _TAG_BYTES} are needed")
    nonce, ciphertext, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    decryptor = Cipher(_sm4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return decryptor.update(ciphertext) + decryptor.finalize()
    except InvalidTag:
        raise GmError(
            "SM4-GCM: does not open: sealed with another key, for another owner, or changed"
        ) from None


def sm2_generate_keypair() -> Sm2KeyPair:
    """A new key pair from the system's random numbers."""
    return sm2_keypair(f"{1 + randbelow(_N - 2):064x}")


def sm2_keypair(private_key: str) -> Sm2KeyPair:
    """The pair a private key belongs to.

    :raises GmError: if it is no private key
    """
    public_key = UNCOMPRESSED + _to_bytes(_base_point() * _private_scalar(private_key))
    return Sm2KeyPair(public_key=public_key.hex(), private_key=private_key)


def sm2_encrypt(public_key: str, plaintext: bytes, fmt: Sm2Format = DEFAULT_FORMAT) -> str:
    """Encrypt under a public key of 128 hex digits, with or without ``04`` before them.

    :raises GmError: for a bad key, or nothing to encrypt
    """
    if not plaintext:
        raise GmError("SM2: there is nothing to encrypt; at least one byte is needed")
    point = _public_point(public_key)
    while True:
        scalar = 1 + randbelow(_N - 1)
        shared = _to_bytes(point * scalar)
        stream = _key_stream(shared, len(plaintext))
        if any(stream):  # the standard draws again where the stream would leave the text in clear
            break
    c1 = _to_bytes(_base_point() * scalar)
    return fmt.write(Sm2Parts(c1, c2=_xor(plaintext, stream), c3=_digest(shared, plaintext)))


def sm2_decrypt(private_key: str, text: str, fmt: Sm2Format = DEFAULT_FORMAT) -> bytes:
    """The plaintext of a ciphertext in this form.

    :raises GmError: for a bad key, another form, or a ciphertext that was changed
    """
    scalar = _private_scalar(private_key)
    c1, c2, c3 = fmt.read(text)
    point = _point(c1)
    if point is None:
        raise GmError("SM2 ciphertext: C1 is no point of the SM2 curve")
    shared = _to_bytes(point * scalar)
    plaintext = _xor(c2, _key_stream(shared, len(c2)))
    if not compare_digest(c3, _digest(shared, plaintext)):
        raise GmError("SM2 ciphertext: C3 does not fit: made for another key, in another order, or changed")
    return plaintext


def _sm4(key: bytes) -> algorithms.SM4:
    if len(key) != SM4_KEY_BYTES:
        raise GmError(f"an SM4 key has {SM4_KEY_BYTES} bytes; {len(key)} were given")
    return algorithms.SM4(key)


def _key_stream(shared: bytes, length: int) -> bytes:
    """The KDF of GM/T 0003.4 §5.4.3; the shared point fills one SM3 block, so it is hashed once."""
    start = hashes.Hash(hashes.SM3())
    start.update(shared)
    blocks = []
    for number in range(1, -(-length // SM3_BYTES) + 1):
        block = start.copy()
        block.update(number.to_bytes(4, "big"))
        blocks.append(block.finalize())
    return b"".join(blocks)[:length]


def _digest(shared: bytes, plaintext: bytes) -> bytes:
    return sm3(shared[:COORDINATE_BYTES] + plaintext + shared[COORDINATE_BYTES:])


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


@cache
def _curve() -> CurveFp:
    from ecdsa.ellipticcurve import CurveFp  # the kiosk needs no SM2, and starts sooner without it

    return CurveFp(_P, _P - 3, _B, 1)


@cache
def _base_point() -> PointJacobi:
    return _point_of_order_n(_GX, _GY, has_table=True)


def _point_of_order_n(x: int, y: int, *, has_table: bool) -> PointJacobi:
    from ecdsa.ellipticcurve import PointJacobi

    return PointJacobi(_curve(), x, y, 1, _N, generator=has_table)


def _to_bytes(point: PointJacobi) -> bytes:
    return bytes(point.to_bytes("raw"))


def _point(data: bytes, *, has_table: bool = False) -> PointJacobi | None:
    """x ‖ y as a point; None off the curve, which ``PointJacobi`` itself would not notice."""
    x, y = (int.from_bytes(part, "big") for part in (data[:COORDINATE_BYTES], data[COORDINATE_BYTES:]))
    if x >= _P or y >= _P or not _curve().contains_point(x, y):
        return None
    return _point_of_order_n(x, y, has_table=has_table)


@lru_cache(maxsize=_KEYS_WITH_TABLES)
def _public_point(public_key: str) -> PointJacobi:
    """The key as a point; kept, with the table of its multiples that its first use makes."""
    data = _from_hex(public_key)
    if len(data) == 1 + POINT_BYTES:
        data = data.removeprefix(UNCOMPRESSED)
    if len(data) != POINT_BYTES:
        raise GmError("an SM2 public key is 128 hex digits, or 04 and 128; the given one is not")
    point = _point(data, has_table=True)
    if point is None:
        raise GmError("the SM2 public key is no point of the SM2 curve; ask its owner for it again")
    return point


def _private_scalar(private_key: str) -> int:
    data = _from_hex(private_key)
    scalar = int.from_bytes(data, "big")
    if len(data) != COORDINATE_BYTES or not 0 < scalar < _N - 1:
        raise GmError(
            "an SM2 private key is 64 hex digits, from 1 to the curve's order less 2; the given one is not"
        )
    return scalar


def _from_hex(key: str) -> bytes:
    try:
        return binascii.unhexlify(key)
    except ValueError:
        return b""
