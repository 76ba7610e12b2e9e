"""The forms SM2 ciphertext takes on the wire: order, prefix, container and text differ by platform.

Bytes in, bytes out, no cryptography: C1 is the point (x ‖ y), C2 the cipher, C3 the SM3 digest.
Others import all of this from :mod:`pad.gm`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

COORDINATE_BYTES: Final = 32
POINT_BYTES: Final = 2 * COORDINATE_BYTES
DIGEST_BYTES: Final = 32
UNCOMPRESSED: Final = b"\x04"


class GmError(ValueError):
    """A key, a ciphertext or a setting cannot be used; says what is wrong and what is allowed."""


class Sm2Order(StrEnum):
    """What follows C1: C3 first (GM/T 0003 of 2012), or C2 (the draft of 2010)."""

    C1C3C2 = "C1C3C2"
    C1C2C3 = "C1C2C3"


class Sm2Container(StrEnum):
    """Parts laid end to end, or as an ASN.1 SEQUENCE (GM/T 0009: x, y, C3, C2)."""

    RAW = "raw"
    ASN1 = "asn1"


class Sm2Text(StrEnum):
    """How the bytes become text; hex is read in either case."""

    HEX_LOWER = "hex_lower"
    HEX_UPPER = "hex_upper"
    BASE64 = "base64"


class Sm2Parts(NamedTuple):
    """A ciphertext taken apart."""

    c1: bytes
    c2: bytes
    c3: bytes


@dataclass(frozen=True, slots=True)
class Sm2Format:
    """A platform's form of SM2 ciphertext; the default is what most of them take.

    ``order`` and ``prefix04`` say how raw parts are laid; ASN.1 has an order of its own and no prefix.

    :raises GmError: for ASN.1 in the order C1C2C3, which the standard's structure cannot carry
    """

    order: Sm2Order = Sm2Order.C1C3C2
    prefix04: bool = True
    container: Sm2Container = Sm2Container.RAW
    text: Sm2Text = Sm2Text.HEX_LOWER

    def __post_init__(self) -> None:
        if self.container is Sm2Container.ASN1 and self.order is not Sm2Order.C1C3C2:
            raise GmError(
                f"SM2 container asn1 goes with order C1C3C2 only (GM/T 0009), not with {self.order}"
            )

    def write(self, parts: Sm2Parts) -> str:
        """The parts as text in this form."""
        if self.container is Sm2Container.ASN1:
            data = _to_asn1(parts)
        else:
            tail = parts.c3 + parts.c2 if self.order is Sm2Order.C1C3C2 else parts.c2 + parts.c3
            data = (UNCOMPRESSED if self.prefix04 else b"") + parts.c1 + tail
        if self.text is Sm2Text.BASE64:
            return base64.b64encode(data).decode("ascii")
        return data.hex().upper() if self.text is Sm2Text.HEX_UPPER else data.hex()

    def read(self, text: str) -> Sm2Parts:
        """The parts of a text in this form; C2 is never empty.

        :raises GmError: if the text has another form
        """
        data = self._decode(text)
        if self.container is Sm2Container.ASN1:
            return _from_asn1(data)
        if self.prefix04:
            if data[:1] != UNCOMPRESSED:
                raise GmError(
                    f"SM2 ciphertext begins with byte {data[:1].hex() or 'none'}; 04 is set to come first"
                )
            data = data[1:]
        if len(data) <= POINT_BYTES + DIGEST_BYTES:
            raise GmError(
                f"SM2 ciphertext has {len(data)} bytes; more than {POINT_BYTES + DIGEST_BYTES} are needed"
            )
        c1, tail = data[:POINT_BYTES], data[POINT_BYTES:]
        if self.order is Sm2Order.C1C3C2:
            return Sm2Parts(c1, c2=tail[DIGEST_BYTES:], c3=tail[:DIGEST_BYTES])
        return Sm2Parts(c1, c2=tail[:-DIGEST_BYTES], c3=tail[-DIGEST_BYTES:])

    def _decode(self, text: str) -> bytes:
        try:
            if self.text is Sm2Text.BASE64:
                return base64.b64decode(text, validate=True)
            return binascii.unhexlify(text)
        except ValueError:
            raise GmError(f"SM2 ciphertext is not {self.text} text") from None


def _to_asn1(parts: Sm2Parts) -> bytes:
    from ecdsa import der  # for what needs SM2 alone, and that is not the kiosk

    x, y = parts.c1[:COORDINATE_BYTES], parts.c1[COORDINATE_BYTES:]
    sequence = der.encode_sequence(
        der.encode_integer(int.from_bytes(x, "big")),
        der.encode_integer(int.from_bytes(y, "big")),
        der.encode_octet_string(parts.c3),
        der.encode_octet_string(parts.c2),
    )
    return bytes(sequence)


def _from_asn1(data: bytes) -> Sm2Parts:
    from ecdsa import der

    try:
        body, after = der.remove_sequence(data)
        x, body = der.remove_integer(body)
        y, body = der.remove_integer(body)
        c3, body = der.remove_octet_string(body)
        c2, body = der.remove_octet_string(body)
        c1 = x.to_bytes(COORDINATE_BYTES, "big") + y.to_bytes(COORDINATE_BYTES, "big")
    except (der.UnexpectedDER, OverflowError, IndexError):
        raise GmError(
            "SM2 ciphertext is no ASN.1 of two INTEGERs and two OCTET STRINGs (GM/T 0009)"
        ) from None
    if after or body or len(c3) != DIGEST_BYTES or not c2:
        raise GmError("SM2 ciphertext's ASN.1 has a part of a wrong length, or bytes after its end")
    return Sm2Parts(c1, bytes(c2), bytes(c3))
