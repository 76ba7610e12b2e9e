"""A key pad to practise on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.devices.line import Line

CODES: Final[Mapping[int, bytes]] = {level: str(level).encode() for level in (5, 4, 3, 2, 1)}
"""What each level's key sends."""


class KeyPad:
    """Five keys."""

    def __init__(self, line: Line, codes: Mapping[int, bytes] = CODES) -> None:
        self.line = line
        self._codes = dict(codes)

    def press(self, level: int) -> None:
        """Press a key once."""
        self.line.write(self._codes[level])

    def bounce(self, level: int, times: int = 3) -> None:
        """Press a key whose contact bounces."""
        for _ in range(times):
            self.press(level)
