"""The devices to practise on, at the other end of their lines: real pyserial, bytes as documented."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from sandbox.devices.idcard import Card, CardReader
from sandbox.devices.keypad import KeyPad
from sandbox.devices.line import Line
from sandbox.devices.scanner import Scanner

FIND = bytes.fromhex("aaaaaa9669 0003 20 01 22")
SELECT = bytes.fromhex("aaaaaa9669 0003 20 02 21")
READ = bytes.fromhex("aaaaaa9669 0003 30 01 32")
CARD = Card("欧阳明月", "11010519491231002X")
LIFTED = 0x80


class Asker:
    """A pad's end of a reader's line."""

    def __init__(self, path: Path) -> None:
        self.port = serial.Serial(str(path), 115200, timeout=60)

    def ask(self, request: bytes) -> bytes:
        """One request; the whole answer."""
        self.port.write(request)
        head = self.port.read(7)
        return head + self.port.read(int.from_bytes(head[5:7], "big"))

    def status(self, request: bytes) -> int:
        return self.ask(request)[9]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path / "device") as plugged:
        yield plugged


@pytest.fixture
def reader(line: Line) -> Iterator[CardReader]:
    one = CardReader(line, answer_after_s=0.0)
    yield one
    one.stop()


@pytest.fixture
def asker(line: Line) -> Iterator[Asker]:
    one = Asker(line.path)
    yield one
    one.port.close()


def is_checked(answer: bytes) -> bool:
    check = 0
    for byte in answer[5:-1]:
        check ^= byte
    return answer[:5] == bytes.fromhex("aaaaaa9669") and check == answer[-1]


def test_a_card_is_found_selected_and_read_in_the_documented_frames(reader: CardReader, asker: Asker) -> None:
    assert asker.status(FIND) == LIFTED
    reader.put(CARD)
    assert (asker.status(FIND), asker.status(SELECT)) == (0x9F, 0x90)
    read = asker.ask(READ)
    assert len(read) == 1295
    assert is_checked(read)
    assert read[5:14] == bytes.fromhex("0508 0000 90 0100 0400")
    text = read[14:270].decode("utf-16-le")
    assert (text[:15].strip(), text[61:79]) == (CARD.name, CARD.number)
    assert reader.requests == ["find", "find", "select", "read"]


def test_a_card_that_was_read_is_not_found_again_until_it_is_lifted(reader: CardReader, asker: Asker) -> None:
    reader.put(CARD)
    for request in (FIND, SELECT, READ):
        asker.ask(request)
    assert asker.status(FIND) == LIFTED
    reader.lift()
    reader.put(CARD)
    assert asker.status(FIND) == 0x9F


def test_steps_out_of_order_are_refused(reader: CardReader, asker: Asker) -> None:
    assert asker.status(SELECT) == 0x81
    assert asker.status(READ) == 0x41
    reader.put(CARD)
    assert asker.status(READ) == 0x41


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (FIND[:-1] + b"\x00", 0x10),
        (bytes.fromhex("aaaaaa9669 0004 20 01 00 25"), 0x11),
        (bytes.fromhex("aaaaaa9669 0003 99 01 9b"), 0x21),
    ],
)
def test_a_wrong_request_is_answered_with_its_error(
    reader: CardReader, asker: Asker, request_: bytes, status: int
) -> None:
    assert asker.status(request_) == status
    assert asker.status(FIND) == LIFTED


def test_the_next_answer_can_be_made_an_error(reader: CardReader, asker: Asker) -> None:
    reader.put(CARD)
    reader.fail_next("find", 0x40)
    assert (asker.status(FIND), asker.status(FIND)) == (0x40, 0x9F)


def test_answers_come_in_portions_and_behind_noise_where_told(reader: CardReader, asker: Asker) -> None:
    reader.portion, reader.noise_before = 2, b"\x00\xff"
    asker.port.write(FIND)
    assert asker.port.read(2) == b"\x00\xff"
    assert is_checked(asker.port.read(11))


def test_a_request_behind_noise_is_heard(reader: CardReader, asker: Asker) -> None:
    asker.port.write(b"\x00\xaa\xaa")
    assert asker.status(FIND) == LIFTED


def test_a_muted_reader_says_nothing(reader: CardReader, line: Line) -> None:
    reader.muted = True
    asked = threading.Event()
    with serial.Serial(str(line.path), timeout=0.05) as port:
        port.write(FIND)
        while not reader.requests:
            asked.wait(0.01)
        assert port.read(1) == b""
    assert reader.requests == ["find"]


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_key_sends_its_level(line: Line, level: int) -> None:
    with serial.Serial(str(line.path), timeout=60) as port:
        KeyPad(line).press(level)
        assert port.read(1) == str(level).encode()


def test_a_contact_may_bounce(line: Line) -> None:
    with serial.Serial(str(line.path), timeout=60) as port:
        KeyPad(line).bounce(4)
        assert port.read(3) == b"444"


def test_a_code_is_a_line_of_text(line: Line) -> None:
    with serial.Serial(str(line.path), timeout=60) as port:
        Scanner(line).scan("办件", "gbk", b"\r")
        assert port.read(5) == "办件".encode("gbk") + b"\r"


def test_whoever_has_the_line_open_is_hung_up_on_when_it_is_pulled_out(line: Line) -> None:
    with serial.Serial(str(line.path), timeout=60) as port:
        line.unplug()
        with pytest.raises(serial.SerialException):
            port.read(1)
    assert not line.path.is_symlink()
    assert not line.plugged


def test_it_may_be_plugged_in_again_and_twice_is_once(line: Line) -> None:
    line.unplug()
    line.unplug()
    line.plug()
    line.plug()
    with serial.Serial(str(line.path), timeout=60) as port:
        line.write(b"5")
        assert port.read(1) == b"5"


def test_what_is_longer_than_a_line_holds_comes_whole(line: Line) -> None:
    with serial.Serial(str(line.path), timeout=60) as port:
        said = bytes(range(256)) * 1000
        thread = threading.Thread(target=line.write, args=(said,))
        thread.start()
        assert port.read(len(said)) == said
        thread.join()


def test_what_nobody_reads_blocks_nothing(line: Line) -> None:
    line.write(b"x" * 1_000_000)
    line.unplug()
    line.write(b"x")
