"""CRC-16/CCITT-FALSE, also of a stretch from the running values at its ends. Pure."""

from __future__ import annotations

import binascii
from array import array
from dataclasses import dataclass
from functools import cache
from typing import Final

_POLYNOMIAL: Final = 0x11021
_BEGINS: Final = 0xFFFF
_LONGEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Crc16:
    """Polynomial 0x1021, begins with 0xFFFF, nothing mirrored, nothing inverted.

    The running value begins with 0 instead: a CRC is linear, so the check of ``length`` bytes between
    two running values is the later one, less what the earlier one and 0xFFFF have become behind them.
    """

    size: int = 2

    def run(self, value: int, data: bytes | bytearray) -> int:
        """The running value after ``data``."""
        return binascii.crc_hqx(data, value)

    def between(self, start: int, end: int, length: int) -> int:
        """The CRC of the ``length`` bytes (at most 65 535) between two running values."""
        return end ^ _times(start ^ _BEGINS, _behind_zeros()[length])


def _times(one: int, other: int) -> int:
    """The product of two remainders."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        other >>= 1
        one <<= 1
        if one & 0x10000:
            one ^= _POLYNOMIAL
    return product


@cache
def _behind_zeros() -> array[int]:
    """What a 1 has become behind each number of zero bytes."""
    powers = array("H", [1])
    for _ in range(_LONGEST):
        powers.append(binascii.crc_hqx(b"\0", powers[-1]))
    return powers
