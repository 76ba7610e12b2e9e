"""What must hold of every codec whatever comes: used by the coverage-guided run and by its kept corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from kiosk.drivers.codec import Codec
from kiosk.drivers.counter_line import Command, CounterLine, answer
from kiosk.drivers.idcard import IdCard
from kiosk.drivers.keypad import KeyPad
from kiosk.drivers.scanner import LINE_MAX, PAUSE_NS, Scanned, Scanner
from kiosk.events import Key
from kiosk.slips import slip_of
from pad import enrolment, settings
from pad.codes import Level
from pad.enrolment import EnrolmentError

_CODES: Final = {Level(level): bytes((0xAA, level, 0x0D)) for level in range(1, 6)}
_LATER: Final = 10 * PAUSE_NS
_NO_CARD: Final = bytes.fromhex("aaaaaa9669 0004 00 00 80 84")
_SCANNER: Final = settings.Scanner()


def _reader() -> IdCard:
    reader = IdCard()
    reader.wanted = True
    reader.poll()
    return reader


def check(name: str, data: bytes) -> None:
    """Feed a codec; the first byte says into what portions the rest is cut.

    :raises AssertionError: if something does not hold
    """
    TARGETS[name](data[1:], data[0] + 1 if data else 1)


def _fed(codec: Codec[Any], data: bytes, portion: int) -> list[Any]:
    events: list[Any] = []
    for at in range(0, len(data), portion):
        heard = codec.feed(data[at : at + portion], 0)
        assert heard.errors >= 0
        events += heard.events
    return events


def _keypad(data: bytes, portion: int) -> None:
    keys = KeyPad(_CODES, debounce_ms=150)
    assert _fed(keys, data, portion) == _fed(KeyPad(_CODES, debounce_ms=150), data, len(data) or 1)
    assert len(keys._held) <= 3
    assert keys.feed(_CODES[Level(1)], _LATER).events == (Key(Level(1)),), "a key behind noise is heard"


def _scanner(data: bytes, portion: int) -> None:
    scanner = Scanner()
    codes = _fed(scanner, data, portion)
    assert codes == _fed(Scanner(), data, len(data) or 1)
    assert len(scanner._held) <= LINE_MAX
    for each in codes:
        slip_of(each.text, _SCANNER)
        with suppress(EnrolmentError):
            enrolment.parse(each.text)
    assert scanner.feed(b"P-1\r\n", _LATER).events == (Scanned("P-1"),), "a code behind noise is read"


def _counter_line(data: bytes, portion: int) -> None:
    line = CounterLine()
    assert _fed(line, data, portion) == _fed(CounterLine(), data, len(data) or 1)
    assert line.feed(answer(b"{}"), 0).events[-1:] == (Command(b"{}"),), "a call behind noise is heard"


def _idcard(data: bytes, portion: int) -> None:
    reader = _reader()
    assert _fed(reader, data, portion) == _fed(_reader(), data, len(data) or 1)
    assert len(reader._frames._held) <= 2 * (2048 + 7)
    while not reader.poll().send:
        pass
    reader.feed(_NO_CARD, 0)
    assert reader.answers, "an answer behind noise is heard"


TARGETS: Final[Mapping[str, Callable[[bytes, int], None]]] = {
    "keypad": _keypad,
    "scanner": _scanner,
    "counter_line": _counter_line,
    "idcard": _idcard,
}
