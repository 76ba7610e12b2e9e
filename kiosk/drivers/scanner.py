"""The QR scanner: lines ended by CR, LF or both, in UTF-8 or GBK. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from kiosk.drivers.codec import Heard

LINE_MAX: Final = 4096
"""A QR code has at most 2 953 bytes."""
PAUSE_NS: Final = 1_000_000_000
"""A code comes in one go: what stood on the line so long before it is noise."""
_ENDS: Final = re.compile(rb"[\r\n]")
_ENCODINGS: Final = ("utf-8", "gb18030")
_NO_TEXT: Final = ("Cc", "Cf")
"""Unicode's controls; a rare character in a name may well have no category Python knows."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a code says; it may say whose slip it is."""

    text: str = field(repr=False)


class Scanner:
    """Bytes in, codes out; a line that is too long, or no text, is dropped whole."""

    poll_s = None
    answers = True

    def __init__(self) -> None:
        self._held = bytearray()
        self._too_long = False
        self._heard_ns = 0

    def feed(self, data: bytes, at_ns: int) -> Heard[Scanned]:
        """The codes whose lines ended."""
        codes: list[Scanned] = []
        errors, at = 0, 0
        if at_ns - self._heard_ns >= PAUSE_NS:
            errors += bool(self._held)
            self.reset()
        self._heard_ns = at_ns
        for end in _ENDS.finditer(data):
            errors += self._hold(data[at : end.start()])
            at = end.end()
            line, self._held, self._too_long = bytes(self._held), bytearray(), False
            if not line.strip():
                continue
            text = _text(line)
            if text is None:
                errors += 1
            else:
                codes.append(Scanned(text))
        errors += self._hold(data[at:])
        return Heard(tuple(codes), errors=errors)

    def poll(self) -> Heard[Scanned]:
        """It is never asked anything."""
        return Heard()

    def reset(self) -> None:
        """Forget what is half said."""
        self._held, self._too_long = bytearray(), False

    def _hold(self, part: bytes) -> int:
        """Keep a part of a line; 1 if it became too long by it."""
        if self._too_long:
            return 0
        if len(self._held) + len(part) <= LINE_MAX:
            self._held += part
            return 0
        self._held, self._too_long = bytearray(), True
        return 1


def _text(line: bytes) -> str | None:
    """The line as text; None if it is none in either encoding."""
    for encoding in _ENCODINGS:
        try:
            text = line.decode(encoding).strip()
        except UnicodeDecodeError:
            continue
        if not any(unicodedata.category(each) in _NO_TEXT and each != "\t" for each in text):
            return text
    return None
