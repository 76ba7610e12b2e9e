"""SM2 encryption of what goes to a platform: the libraries there are, against :mod:`pad.gm`.

Left out: the wrappers of the GmSSL C library (gmssl_pyx, gmssl-fast, easy_gmssl) refuse plaintext
over 255 bytes, and a batch of ratings has 50 kB; smcryptopy and gmssl_pyx have no aarch64 wheel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from cryptography.hazmat.primitives import hashes
from gmalg.base import Hash
from gmalg.sm2 import SM2Core, _ecdlp, bytes_to_point
from gmalg.sm3 import SM3
from gmssl.sm2 import CryptSM2

from bench.table import Row
from pad import gm

RECORD: Final = b'{"projectNo":"500105202405201234","satisfaction":"5","evalDetail":"510,517"}'.ljust(500)
SIZES: Final = (("one rating, 0.5 kB", RECORD), ("100 ratings, 50 kB", RECORD * 100))
ROUNDS: Final = 5
CHOSEN: Final = "pad.gm (ecdsa, OpenSSL's SM3)"


class OpenSslSm3(Hash):  # type: ignore[misc]  # gmalg has no types
    """OpenSSL's SM3 as gmalg wants a hash, so that its own key derivation runs on it."""

    def __init__(self) -> None:
        self.reset()

    @classmethod
    def hash_length(cls) -> int:
        """Of SM3, in bytes."""
        return gm.SM3_BYTES

    def reset(self) -> None:
        """Begin another message."""
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes) -> None:
        """Take the next part of the message."""
        self._hash.update(data)

    def value(self) -> bytes:
        """The digest of the message so far."""
        return self._hash.copy().finalize()


def measure(_folder: Path) -> list[Row]:
    """Every library at every size, in turns, so that a busy moment meets them all."""
    public_key = gm.sm2_generate_keypair().public_key
    libraries = _libraries(public_key)
    rows = []
    for size, plaintext in SIZES:
        times: dict[str, list[float]] = {library: [] for library in libraries}
        for encrypt in libraries.values():
            encrypt(plaintext[:1])  # tables are made at first use
        for _ in range(ROUNDS):
            for library, encrypt in libraries.items():
                start = perf_counter()
                encrypt(plaintext)
                times[library].append((perf_counter() - start) * 1000)
        chosen = median(times.pop(CHOSEN))
        rows += [
            Row(f"SM2 of {size}", chosen, "ms", library, median(taken), "≤ 1 ×")
            for library, taken in times.items()
        ]
    return rows


def _libraries(public_key: str) -> dict[str, Callable[[bytes], object]]:
    point = bytes_to_point(bytes.fromhex(public_key))
    own, fast = SM2Core(_ecdlp, SM3()), SM2Core(_ecdlp, OpenSslSm3())
    other = CryptSM2("", "", mode=1)
    other.public_key = public_key.removeprefix("04")  # its constructor strips every leading 0 and 4
    return {
        CHOSEN: lambda plaintext: gm.sm2_encrypt(public_key, plaintext),
        "gmalg, OpenSSL's SM3": lambda plaintext: fast.encrypt(plaintext, point),
        "gmalg": lambda plaintext: own.encrypt(plaintext, point),
        "gmssl": other.encrypt,
    }
