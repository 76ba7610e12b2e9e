"""A QR scanner to practise on."""

from __future__ import annotations

from sandbox.devices.line import Line


class Scanner:
    """Sends what a code says, as a line of text."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def scan(self, text: str, encoding: str = "utf-8", ending: bytes = b"\r\n") -> None:
        """Hold a code before the scanner."""
        self.line.write(text.encode(encoding) + ending)
