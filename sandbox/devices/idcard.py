"""An ID-card reader of the GA 450 family to practise on (domain §5), with its delays and errors."""

from __future__ import annotations

import queue
import random
import threading
import time
from dataclasses import dataclass
from typing import Final

from sandbox.devices.line import Line

PREAMBLE: Final = b"\xaa\xaa\xaa\x96\x69"
REQUESTS: Final = {b"\x20\x01": "find", b"\x20\x02": "select", b"\x30\x01": "read"}
FOUND, DONE, NO_CARD, NOT_SELECTED, READ_FAILED = 0x9F, 0x90, 0x80, 0x81, 0x41
CHECKSUM, LENGTH, COMMAND = 0x10, 0x11, 0x21
_PHOTO_BYTES: Final = 1024
_PORTION_PAUSE_S: Final = 0.002


def checked(body: bytes) -> bytes:
    """A frame around length and contents."""
    check = 0
    for byte in body:
        check ^= byte
    return PREAMBLE + body + bytes((check,))


def answer(status: int, data: bytes = b"") -> bytes:
    """A reader's answer: ``LEN | SW1 SW2 SW3 | DATA | CHK``."""
    return checked((len(data) + 4).to_bytes(2, "big") + bytes((0, 0, status)) + data)


@dataclass(frozen=True, slots=True)
class Card:
    """A made-up person's card."""

    name: str
    number: str
    sex: str = "2"
    nation: str = "01"
    birth: str = "19491231"
    address: str = "某省某市某区某街道1号"
    issuer: str = "某市公安局"
    valid_from: str = "20160101"
    valid_to: str = "20360101"
    photo_seed: int = 1

    def text(self) -> bytes:
        """The 256 bytes of text, UTF-16LE, each field filled up with blanks."""
        fields = (
            (self.name, 30), (self.sex, 2), (self.nation, 4), (self.birth, 16), (self.address, 70),
            (self.number, 36), (self.issuer, 30), (self.valid_from, 16), (self.valid_to, 16), ("", 36),
        )  # fmt: skip
        return b"".join(value[: size // 2].ljust(size // 2).encode("utf-16-le") for value, size in fields)

    def data(self) -> bytes:
        """What a reading brings: both lengths, the text, the photo."""
        photo = random.Random(self.photo_seed).randbytes(_PHOTO_BYTES)  # noqa: S311 - a picture of nobody
        return (256).to_bytes(2, "big") + _PHOTO_BYTES.to_bytes(2, "big") + self.text() + photo


class CardReader:
    """One reader; a card that was read is not found again until it is lifted."""

    def __init__(self, line: Line, answer_after_s: float = 0.02) -> None:
        self.line = line
        line.on_data = self._heard
        self.requests: list[str] = []
        """What it was asked so far."""
        self.asked_at: list[float] = []
        """When, on the monotonic clock."""
        self.noise_before = b""
        self.portion = 0
        """Answers are sent in portions of so many bytes; 0: whole."""
        self.muted = False
        self.unplug_at = ""
        """The request at which somebody pulls the plug, instead of an answer."""
        self._answer_after_s = answer_after_s
        self._held = b""
        self._card: Card | None = None
        self._is_selected = self._is_read = False
        self._failures: dict[str, int] = {}
        self._said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def put(self, card: Card) -> None:
        """Put a card on the reader."""
        self._card, self._is_selected, self._is_read = card, False, False

    def lift(self) -> None:
        """Lift the card."""
        self._card, self._is_selected, self._is_read = None, False, False

    def fail_next(self, request: str, status: int) -> None:
        """Answer the next such request with an error (SW3)."""
        self._failures[request] = status

    def stop(self) -> None:
        """End its thread."""
        self._stopping.set()
        self._said.put(None)
        self._thread.join()

    # --- parts --------------------------------------------------------------------------

    def _heard(self, data: bytes) -> None:
        self._held += data
        while (start := self._held.find(PREAMBLE)) >= 0:
            body = self._held[start + len(PREAMBLE) :]
            length = int.from_bytes(body[:2], "big")
            if len(body) < 2 or len(body) < 2 + min(length, 16):
                return
            self._held = body[2 + min(length, 16) :]
            self._asked(body[: 2 + min(length, 16)])

    def _asked(self, body: bytes) -> None:
        check = 0
        for byte in body[:-1]:
            check ^= byte
        request = REQUESTS.get(body[2:4], "unknown")
        if len(body) != 5:
            reply = answer(LENGTH)
        elif check != body[-1]:
            reply = answer(CHECKSUM)
        elif request == "unknown":
            reply = answer(COMMAND)
        else:
            reply = self._reply(request)
        self.requests.append(request)
        self.asked_at.append(time.monotonic())
        if request == self.unplug_at:
            self.unplug_at = ""
            self.line.unplug()
        elif not self.muted:
            self._said.put(self.noise_before + reply)

    def _reply(self, request: str) -> bytes:
        if request in self._failures:
            return answer(self._failures.pop(request))
        card = self._card
        match request:
            case "find":
                return answer(NO_CARD if card is None or self._is_read else FOUND)
            case "select":
                self._is_selected = card is not None and not self._is_read
                return answer(DONE if self._is_selected else NOT_SELECTED)
        if card is None or not self._is_selected:
            return answer(READ_FAILED)
        self._is_read = True
        return answer(DONE, card.data())

    def _answer(self) -> None:
        while (said := self._said.get()) is not None:
            if self._stopping.wait(self._answer_after_s):
                return
            portion = self.portion or len(said)
            for at in range(0, len(said), portion):
                self.line.write(said[at : at + portion])
                if self.portion and self._stopping.wait(_PORTION_PAUSE_S):
                    return
