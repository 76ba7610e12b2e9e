"""The key pad: a configurable map from bytes to levels, for whatever make stands at the window. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.drivers.codec import Heard
from kiosk.events import Key
from pad.codes import Level

_MS: Final = 1_000_000


class KeyPad:
    """One key pad; ``codes`` says which bytes each level's key sends.

    No code may stand within another (:mod:`pad.settings` sees to it): then the longest end of what
    came that begins a code is all there is to remember, and no press hides in noise.

    The same key again within ``debounce_ms`` of the last time is the same press: contacts bounce,
    and some pads repeat a key that is held.
    """

    poll_s = None
    answers = True

    def __init__(self, codes: Mapping[Level, bytes], debounce_ms: int) -> None:
        self._levels = {code: level for level, code in codes.items()}
        self._beginnings = {code[:length] for code in self._levels for length in range(len(code) + 1)}
        self._debounce_ns = debounce_ms * _MS
        self._held = b""
        self._last: tuple[Level, int] | None = None
        self._in_noise = False

    def feed(self, data: bytes, at_ns: int) -> Heard[Key]:
        """The keys that were pressed."""
        pressed: list[Key] = []
        errors = 0
        for byte in data:
            self._held += bytes((byte,))
            while self._held not in self._beginnings:
                self._held = self._held[1:]
                errors += not self._in_noise
                self._in_noise = True
            level = self._levels.get(self._held)
            if level is None:
                continue
            self._held, self._in_noise = b"", False
            if self._is_new(level, at_ns):
                pressed.append(Key(level))
            self._last = (level, at_ns)
        return Heard(tuple(pressed), errors=errors)

    def poll(self) -> Heard[Key]:
        """It is never asked anything."""
        return Heard()

    def reset(self) -> None:
        """Forget what is half said."""
        self._held = b""

    def _is_new(self, level: Level, at_ns: int) -> bool:
        return self._last is None or self._last[0] is not level or at_ns - self._last[1] >= self._debounce_ns
