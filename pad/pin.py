"""The technician's PIN: 6 to 12 digits, kept as a salted scrypt hash, and guarded against guessing."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pad import keys
from pad.keys import SecretError

NAME: Final = "technician_pin"
FREE_TRIES: Final = 3
"""Wrong PINs in a row before the next ones have to wait."""
FIRST_WAIT_S: Final = 60.0
LONGEST_WAIT_S: Final = 3600.0
_ALLOWED: Final = re.compile(r"[0-9]{6,12}")
_STORED: Final = re.compile(r"scrypt:([0-9a-f]{32}):([0-9a-f]{64})")
_RUNS: Final = ("01234567890123456789", "98765432109876543210")


class PinError(ValueError):
    """A PIN cannot be set; the message says what is allowed, never the PIN."""


@dataclass(frozen=True, slots=True)
class Guard:
    """How many wrong PINs came in a row, and until when none counts; on the monotonic clock, in seconds."""

    wrong: int = 0
    closed_until_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long no PIN counts."""
        return max(0.0, self.closed_until_s - now_s)

    def after_wrong(self, now_s: float) -> Guard:
        """One more wrong PIN: after the free tries a minute, then twice as long each time, up to an hour."""
        wrong = self.wrong + 1
        if wrong < FREE_TRIES:
            return replace(self, wrong=wrong)
        pause_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(wrong - FREE_TRIES, 10))
        return Guard(wrong, now_s + pause_s)


def set_pin(state_dir: Path, pin: str) -> None:
    """Keep a PIN's hash in ``$PAD_STATE/keys``.

    :raises PinError: if it is none, or the first anybody would try
    """
    if not _ALLOWED.fullmatch(pin):
        raise PinError("a PIN has 6 to 12 digits, and nothing else")
    # what repeats is found again in its own double, before its end
    if pin in (pin + pin)[1:-1] or any(pin in run for run in _RUNS):
        raise PinError(
            "this is among the first PINs anybody tries; digits that only repeat or count are not allowed"
        )
    salt = os.urandom(16)
    hashed = f"scrypt:{salt.hex()}:{_hashed(pin, salt).hex()}"
    keys.write_secret(state_dir / "keys" / NAME, hashed, replace=True)


def stored_pin(state_dir: Path) -> str | None:
    """The hash that is kept; None if no PIN is set.

    :raises SecretError: if it is there and is none of ours
    """
    stored = keys.read_secret(state_dir, NAME)
    if stored is not None and not _STORED.fullmatch(stored):
        raise SecretError(f"{NAME}: found something that padctl did not write; set it anew: padctl pin")
    return stored


def is_right(pin: str, stored: str) -> bool:
    """Whether a PIN is the one whose hash is kept; takes some 50 ms on purpose."""
    found = _STORED.fullmatch(stored)
    if found is None:
        return False
    return hmac.compare_digest(_hashed(pin, bytes.fromhex(found[1])), bytes.fromhex(found[2]))


def _hashed(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
