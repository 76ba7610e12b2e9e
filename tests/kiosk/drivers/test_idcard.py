"""The ID-card reader: find, select, read; every error by name; only name and number come out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.drivers.codec import Heard
from kiosk.drivers.idcard import AT_REST, PATIENCE, PATIENCE_MAX, CardEvent, IdCard, card_of, is_number
from kiosk.events import CardFailed, CardRead, CardTrouble
from tests.kiosk.drivers.portions import SIZES, cut

NAME, NUMBER = "欧阳明月", "11010519491231002X"
FIND = bytes.fromhex("aaaaaa9669 0003 20 01 22")
SELECT = bytes.fromhex("aaaaaa9669 0003 20 02 21")
READ = bytes.fromhex("aaaaaa9669 0003 30 01 32")
NO_CARD = bytes.fromhex("aaaaaa9669 0004 00 00 80 84")


def answer(status: int, data: bytes = b"") -> bytes:
    """A reader's answer, built by hand from the documented layout."""
    body = (len(data) + 4).to_bytes(2, "big") + bytes((0, 0, status)) + data
    check = 0
    for byte in body:
        check ^= byte
    return bytes.fromhex("aaaaaa9669") + body + bytes((check,))


FOUND, SELECTED = answer(0x9F), answer(0x90)


def text_of(name: str = NAME, number: str = NUMBER) -> bytes:
    """The 256 bytes of text: each field at its documented length, UTF-16LE, filled with blanks."""
    fields = (
        (name, 30), ("2", 2), ("01", 4), ("19491231", 16), ("某市某区某路1号", 70), (number, 36),
        ("某市公安局", 30), ("20160101", 16), ("20360101", 16), ("", 36),
    )  # fmt: skip
    text = b"".join(
        (value.encode("utf-16-le") + " ".encode("utf-16-le") * 40)[:size] for value, size in fields
    )
    assert len(text) == 256
    return text


def read_answer(name: str = NAME, number: str = NUMBER, photo: bytes = bytes(1024)) -> bytes:
    return answer(0x90, (256).to_bytes(2, "big") + (1024).to_bytes(2, "big") + text_of(name, number) + photo)


def test_the_answer_to_a_reading_has_the_documented_length() -> None:
    assert len(read_answer()) == 1295
    assert read_answer()[5:7] == bytes.fromhex("0508")


class Reader:
    """A codec that somebody asks, poll by poll."""

    def __init__(self, *, wanted: bool = True) -> None:
        self.codec = IdCard()
        self.codec.wanted = wanted
        self.events: list[CardEvent] = []
        self.errors = 0

    def poll(self) -> bytes:
        return self._took(self.codec.poll())

    def hears(self, data: bytes, sizes: list[int] | None = None) -> bytes:
        return b"".join(self._took(self.codec.feed(part, 0)) for part in cut(data, sizes or []))

    def _took(self, heard: Heard[CardEvent]) -> bytes:
        self.events += heard.events
        self.errors += heard.errors
        return heard.send

    def sees_no_card(self) -> None:
        assert self.poll() == FIND
        assert self.hears(NO_CARD) == b""

    def puts_card(self) -> None:
        assert self.poll() == FIND
        assert self.hears(FOUND) == SELECT
        assert self.hears(SELECTED) == READ


def asked() -> Reader:
    """A reader with no card on it, while somebody is asked for one."""
    reader = Reader()
    reader.sees_no_card()
    return reader


def test_a_card_is_found_selected_and_read() -> None:
    reader = asked()
    reader.puts_card()
    assert reader.hears(read_answer()) == b""
    assert reader.events == [CardRead(NAME, NUMBER)]
    assert reader.errors == 0


@given(sizes=SIZES)
def test_an_answer_may_come_in_any_portions(sizes: list[int]) -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(read_answer(), sizes)
    assert reader.events == [CardRead(NAME, NUMBER)]


@given(noise=st.binary(max_size=100))
def test_an_answer_behind_noise_is_understood(noise: bytes) -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(noise + b"\xaa\xaa\xaa\x96\x69\x05" + read_answer())
    assert reader.events[-1:] == [CardRead(NAME, NUMBER)]


def test_nothing_else_of_the_card_is_kept() -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(read_answer(photo=b"PHOTO" * 204 + b"PHOT"))
    kept = repr(vars(reader.codec)) + repr(vars(reader.codec._frames)) + repr(reader.events)
    assert "PHOTO" not in kept
    assert NUMBER not in kept
    assert "\\x53\\x4b" not in kept
    assert bytes(reader.codec._frames._held) == b""


@pytest.mark.parametrize("length", ["0508", "07d0", "0800"])
@pytest.mark.parametrize("where", ["before", "behind"])
def test_nothing_of_the_card_stays_within_a_frame_that_noise_began(length: str, where: str) -> None:
    noise = bytes.fromhex("aaaaaa9669" + length)
    reader = asked()
    reader.puts_card()
    reader.hears(noise + read_answer() if where == "before" else read_answer(photo=noise + bytes(1017)))
    assert reader.events == [CardRead(NAME, NUMBER)]
    assert bytes(reader.codec._frames._held) == b""
    reader.sees_no_card()


def test_the_same_card_is_not_read_again_until_it_is_lifted() -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(read_answer())
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == b""
    reader.sees_no_card()
    reader.puts_card()
    reader.hears(read_answer())
    assert reader.events == [CardRead(NAME, NUMBER)] * 2


def test_a_card_that_lay_there_before_has_to_be_lifted_first() -> None:
    reader = Reader()
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == b""
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == b""
    assert reader.events == [CardFailed(CardTrouble.LIFT_FIRST)]
    reader.sees_no_card()
    reader.puts_card()
    reader.hears(read_answer())
    assert reader.events[1:] == [CardRead(NAME, NUMBER)]


def test_the_person_before_left_a_card_the_next_is_told_to_lift_it() -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(read_answer())
    reader.codec.wanted = False
    for _ in range(AT_REST):
        sent = reader.poll()
    assert sent == FIND
    reader.hears(FOUND)
    reader.codec.wanted = True
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == b""
    assert reader.events == [CardRead(NAME, NUMBER), CardFailed(CardTrouble.LIFT_FIRST)]


def test_nothing_is_read_while_nobody_is_asked() -> None:
    reader = Reader(wanted=False)
    sent = []
    for _ in range(20):
        asked_for = reader.poll()
        sent.append(asked_for)
        if asked_for:
            sent.append(reader.hears(FOUND))
    assert set(sent) == {b"", FIND}
    assert sent.count(FIND) == 20 // AT_REST
    assert reader.events == []


def test_who_goes_on_while_the_card_is_read_is_not_told_of() -> None:
    reader = asked()
    reader.puts_card()
    reader.codec.wanted = False
    reader.hears(read_answer())
    assert reader.events == []


def test_a_card_put_while_the_reader_was_silent_is_not_the_next_persons() -> None:
    reader = asked()
    assert reader.poll() == FIND
    reader.codec.wanted = False
    for _ in range(PATIENCE * 3):
        reader.poll()
    reader.codec.wanted = True
    for _ in range(PATIENCE * 3):
        reader.poll()
    assert reader.hears(FOUND) == b""
    assert reader.events == [CardFailed(CardTrouble.LIFT_FIRST)]


@pytest.mark.parametrize("polls", [0, 1, 2])
@pytest.mark.parametrize("told", [read_answer(), answer(0x41)])
def test_what_is_read_for_one_person_is_not_the_next_persons(told: bytes, polls: int) -> None:
    reader = asked()
    reader.puts_card()
    reader.codec.wanted = False
    for _ in range(polls):
        reader.poll()
    reader.codec.wanted = True
    for _ in range(polls):
        reader.poll()
    assert reader.hears(told) == b""
    assert reader.events == []


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (0x10, CardTrouble.CHECKSUM), (0x11, CardTrouble.LENGTH), (0x21, CardTrouble.COMMAND),
        (0x40, CardTrouble.WRONG_CARD), (0x41, CardTrouble.READ_FAILED), (0x80, CardTrouble.FIND_FAILED),
        (0x81, CardTrouble.SELECT_FAILED), (0x77, CardTrouble.UNKNOWN),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", ["select", "read"])
def test_every_error_has_its_name_and_the_card_has_to_be_lifted(
    status: int, trouble: CardTrouble, step: str
) -> None:
    reader = asked()
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == SELECT
    if step == "read":
        assert reader.hears(SELECTED) == READ
    assert reader.hears(answer(status)) == b""
    assert (reader.events, reader.errors) == ([CardFailed(trouble)], 1)
    assert reader.poll() == FIND
    assert reader.hears(FOUND) == b""
    reader.sees_no_card()
    reader.puts_card()


@pytest.mark.parametrize("status", [0x10, 0x11, 0x21, 0x40])
def test_an_error_in_finding_has_its_name_too(status: int) -> None:
    reader = asked()
    reader.poll()
    reader.hears(answer(status))
    assert [type(each) for each in reader.events] == [CardFailed]


def test_a_reader_that_does_not_answer_is_asked_again_and_known_to_be_silent() -> None:
    reader = asked()
    assert reader.poll() == FIND
    assert [reader.poll() for _ in range(PATIENCE - 1)] == [b""] * (PATIENCE - 1)
    answers = [reader.codec.answers]
    assert reader.poll() == FIND
    answers.append(reader.codec.answers)
    assert reader.hears(NO_CARD) == b""
    answers.append(reader.codec.answers)
    assert (answers, reader.errors, reader.events) == ([True, False, True], 1, [])


def test_an_answer_that_comes_slowly_is_waited_for_but_noise_not_for_ever() -> None:
    slow, noisy = asked(), asked()
    for reader in (slow, noisy):
        reader.puts_card()
    whole = read_answer()
    for at in range(0, len(whole), 80):
        slow.hears(whole[at : at + 80])
        assert slow.poll() == (b"" if at + 80 < len(whole) else FIND)
    assert slow.events == [CardRead(NAME, NUMBER)]
    sent = []
    for _ in range(PATIENCE_MAX):
        noisy.hears(b"\x00")
        sent.append(noisy.poll())
    assert sent == [b""] * (PATIENCE_MAX - 1) + [FIND]


def test_a_reading_that_is_never_answered_is_told() -> None:
    reader = asked()
    reader.puts_card()
    for _ in range(PATIENCE):
        sent = reader.poll()
    assert sent == FIND
    assert reader.events == [CardFailed(CardTrouble.NO_ANSWER)]


def test_an_answer_that_comes_late_is_no_reading() -> None:
    reader = asked()
    reader.puts_card()
    assert reader.hears(SELECTED) == b""
    assert reader.hears(read_answer()) == b""
    assert reader.events == [CardRead(NAME, NUMBER)]


def test_a_reading_that_comes_after_it_was_given_up_is_no_trouble_with_the_next_question() -> None:
    reader = asked()
    reader.puts_card()
    for _ in range(PATIENCE):
        reader.poll()
    assert reader.hears(read_answer()) == b""
    assert reader.hears(NO_CARD) == b""
    assert reader.events == [CardFailed(CardTrouble.NO_ANSWER)]
    reader.puts_card()


def test_what_nobody_asked_for_is_an_error() -> None:
    reader = asked()
    assert reader.hears(read_answer()) == b""
    assert (reader.events, reader.errors) == ([], 1)


def test_an_answer_with_a_wrong_check_is_dropped() -> None:
    reader = asked()
    reader.puts_card()
    whole = read_answer()
    reader.hears(whole[:-1] + bytes((whole[-1] ^ 1,)))
    assert reader.events == []
    assert reader.hears(whole) == b""
    assert reader.events == [CardRead(NAME, NUMBER)]
    assert reader.errors == 1


def test_a_line_opened_anew_begins_with_finding() -> None:
    reader = asked()
    reader.puts_card()
    reader.codec.reset()
    assert reader.poll() == FIND


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", CardTrouble.DAMAGED_TEXT),
        (bytes(300), CardTrouble.DAMAGED_TEXT),
        (b"\x01\x00\x04\x00" + b"\x00\xd8" * 128, CardTrouble.DAMAGED_TEXT),
        (b"\x01\x00\x04\x00" + text_of(name=""), CardTrouble.DAMAGED_TEXT),
        (b"\x01\x00\x04\x00" + text_of(name="a\nb"), CardTrouble.DAMAGED_TEXT),
        (b"\x01\x00\x04\x00" + text_of(number="110105194912310021"), CardTrouble.WRONG_NUMBER),
        (b"\x01\x00\x04\x00" + text_of(number=""), CardTrouble.WRONG_NUMBER),
    ],
)
def test_a_text_that_cannot_be_is_told_and_not_kept(data: bytes, trouble: CardTrouble) -> None:
    assert card_of(data) == CardFailed(trouble)


@pytest.mark.parametrize("name", ["张\u3000三", "王\ue000", "\U00020087明", "\U00031350华", "阿·买买提"])
def test_a_name_with_a_rare_character_or_a_wide_blank_is_a_name(name: str) -> None:
    assert card_of(b"\x01\x00\x04\x00" + text_of(name=name)) == CardRead(name, NUMBER)


def test_a_small_x_is_the_check_digit_too() -> None:
    assert card_of(b"\x01\x00\x04\x00" + text_of(number=NUMBER.lower())) == CardRead(NAME, NUMBER)


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_noticed() -> None:
    assert is_number(NUMBER)
    for at, digit in itertools.product(range(17), "0123456789"):
        if NUMBER[at] != digit:
            assert not is_number(NUMBER[:at] + digit + NUMBER[at + 1 :])
    for at in range(16):
        swapped = NUMBER[:at] + NUMBER[at + 1] + NUMBER[at] + NUMBER[at + 2 :]
        assert swapped == NUMBER or not is_number(swapped)


@pytest.mark.parametrize("number", ["", "1" * 17, "\uff11" * 17 + "X", NUMBER + "0"])
def test_what_has_not_eighteen_plain_characters_is_no_number(number: str) -> None:
    assert not is_number(number)


@given(data=st.binary(max_size=400), sizes=SIZES)
def test_no_bytes_make_it_raise_or_invent_a_card(data: bytes, sizes: list[int]) -> None:
    reader = asked()
    reader.puts_card()
    reader.hears(data, sizes)
    assert not any(isinstance(each, CardRead) for each in reader.events)


def test_neither_name_nor_number_is_in_a_repr() -> None:
    assert NAME not in repr(CardRead(NAME, NUMBER))
    assert NUMBER not in repr(CardRead(NAME, NUMBER))
