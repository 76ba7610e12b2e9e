"""A clerk's old system to practise on: calls the counter service over a serial line (design §4)."""

from __future__ import annotations

import binascii
import itertools
import json
import queue
from typing import Any, Final

from sandbox.devices.line import Line

_PREAMBLE: Final = b"\xaa\x55"
_HEAD: Final = 4


def framed(body: bytes) -> bytes:
    """``AA 55 | length | JSON | CRC-16/CCITT-FALSE``."""
    check = binascii.crc_hqx(body, 0xFFFF)
    return _PREAMBLE + len(body).to_bytes(2, "big") + body + check.to_bytes(2, "big")


class SerialClerk:
    """Calls one after the other, and waits for each answer."""

    def __init__(self, line: Line) -> None:
        self.line = line
        line.on_data = self._heard
        self._held = b""
        self._numbers = itertools.count(1)
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def call(self, method: str, path: str, body: object = None, within_s: float = 20.0) -> tuple[int, Any]:
        """One call; its status and what was answered.

        :raises TimeoutError: if no answer comes in time
        """
        number = next(self._numbers)
        asked = {"id": number, "method": method, "path": path} | ({} if body is None else {"body": body})
        self.line.write(framed(json.dumps(asked, ensure_ascii=False).encode()))
        while True:
            answer = self.answer(within_s)
            if answer["id"] == number:
                return answer["status"], answer["body"]

    def answer(self, within_s: float = 20.0) -> dict[str, Any]:
        """The next answer, whichever call it is of.

        :raises TimeoutError: if none comes in time
        """
        try:
            return self._answers.get(timeout=within_s)
        except queue.Empty:
            raise TimeoutError(f"the pad did not answer within {within_s:g} s") from None

    def _heard(self, data: bytes) -> None:
        self._held += data
        while (start := self._held.find(_PREAMBLE)) >= 0:
            length = int.from_bytes(self._held[start + 2 : start + _HEAD], "big")
            end = start + _HEAD + length + 2
            if len(self._held) < start + _HEAD or len(self._held) < end:
                return
            body = self._held[start + _HEAD : end - 2]
            if framed(body) == self._held[start:end]:
                self._answers.put(json.loads(body))
                self._held = self._held[end:]
            else:
                self._held = self._held[start + 1 :]
