"""Frames are found within their own length, whatever stands before them and however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.drivers import counter_line, idcard
from kiosk.drivers.crc16 import Crc16
from kiosk.drivers.frames import Frames, Shape, frame
from tests.kiosk.drivers.portions import SIZES, cut

SHAPES = [counter_line.SHAPE, idcard.SHAPE]
COUNTER, CARD = SHAPES


def crc_ccitt_false(data: bytes) -> int:
    """Bit by bit, as the textbook has it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1) ^ 0x1021 if value & 0x8000 else value << 1
            value &= 0xFFFF
    return value


def contents(shape: Shape) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=0, max_size=min(shape.longest - 2, 300))


def false_preamble(shape: Shape) -> st.SearchStrategy[bytes]:
    """What looks like a frame for a long time and is none."""
    return st.integers(0, 0xFFFF).map(lambda length: shape.preamble + length.to_bytes(2, "big"))


def noise(shape: Shape) -> st.SearchStrategy[bytes]:
    """Bytes, false preambles, cut-off frames and frames with a wrong check, joined."""
    broken = contents(shape).map(lambda each: frame(shape, each)[:-1])
    wrong = contents(shape).map(lambda each: frame(shape, each)[:-1] + bytes((frame(shape, each)[-1] ^ 1,)))
    parts = st.one_of(st.binary(max_size=60), false_preamble(shape), broken, wrong)
    return st.lists(parts, max_size=6).map(b"".join)


def whole(frames: Frames, data: bytes, sizes: list[int]) -> list[bytes]:
    return [each for part in cut(data, sizes) for each in frames.feed(part)]


def test_the_crc_is_the_one_the_catalogues_call_ccitt_false() -> None:
    check = Crc16()
    assert check.between(0, check.run(0, b"123456789"), 9) == 0x29B1
    assert crc_ccitt_false(b"123456789") == 0x29B1


@given(before=st.binary(max_size=80), stretch=st.binary(max_size=400))
def test_the_crc_of_a_stretch_comes_from_the_running_values_at_its_ends(
    before: bytes, stretch: bytes
) -> None:
    check = Crc16()
    start = check.run(0, before)
    assert check.between(start, check.run(start, stretch), len(stretch)) == crc_ccitt_false(stretch)


def test_a_counter_frame_is_written_as_the_contract_says() -> None:
    assert frame(COUNTER, b"{}") == bytes.fromhex("aa55 0002 7b7d") + crc_ccitt_false(b"{}").to_bytes(
        2, "big"
    )


@pytest.mark.parametrize(
    ("request_", "written"),
    [
        (idcard.Request.FIND, "aaaaaa9669 0003 20 01 22"),
        (idcard.Request.SELECT, "aaaaaa9669 0003 20 02 21"),
        (idcard.Request.READ, "aaaaaa9669 0003 30 01 32"),
    ],
)
def test_a_request_to_the_card_reader_has_the_documented_bytes(
    request_: idcard.Request, written: str
) -> None:
    assert frame(CARD, request_.value) == bytes.fromhex(written)


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
@given(data=st.data())
def test_frames_come_out_as_they_went_in_however_they_are_cut(shape: Shape, data: st.DataObject) -> None:
    sent = data.draw(st.lists(contents(shape), max_size=5))
    stream = b"".join(frame(shape, each) for each in sent)
    frames = Frames(shape)
    assert whole(frames, stream, data.draw(SIZES)) == sent
    assert frames.errors == 0


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
@given(data=st.data())
def test_a_frame_behind_any_noise_is_found_with_its_own_last_byte(shape: Shape, data: st.DataObject) -> None:
    before, sent = data.draw(noise(shape)), data.draw(contents(shape))
    frames = Frames(shape)
    by_the_way = whole(frames, before, data.draw(SIZES))
    whole_frame = frame(shape, sent)
    found = whole(frames, whole_frame[:-1], data.draw(SIZES))
    last = frames.feed(whole_frame[-1:])
    assert sent in [*found, *last], (by_the_way, found, last)


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
@given(data=st.data())
def test_how_bytes_are_cut_changes_nothing(shape: Shape, data: st.DataObject) -> None:
    stream = data.draw(noise(shape)) + frame(shape, b"{}") + data.draw(noise(shape))
    one, other = Frames(shape), Frames(shape)
    assert whole(one, stream, data.draw(SIZES)) == whole(other, stream, [])


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
def test_a_false_preamble_with_a_long_length_hides_no_frame(shape: Shape) -> None:
    frames = Frames(shape)
    assert frames.feed(shape.preamble + (shape.longest).to_bytes(2, "big") + b"noise") == []
    assert frames.feed(frame(shape, b"{}")) == [b"{}"]
    assert frames.errors == 1


def test_noise_that_completes_a_frame_with_the_true_ones_first_bytes_does_not_cost_the_true_one() -> None:
    noise = bytes.fromhex("aaaaaa9669 0004 4145")  # with the preamble's first bytes its check is right
    frames = Frames(CARD)
    assert frames.feed(noise + frame(CARD, b"\0\0\x80")) == [b"AE\xaa", b"\0\0\x80"]


def test_a_frame_within_a_frame_does_not_cost_the_outer_one() -> None:
    inner = frame(COUNTER, b"{}")
    assert Frames(COUNTER).feed(frame(COUNTER, b"[" + inner + b"]")) == [b"{}", b"[" + inner + b"]"]


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
@pytest.mark.parametrize("length", [b"\x07\xd0", b"\xff\xff"])
def test_what_is_held_is_bounded_whatever_comes(shape: Shape, length: bytes) -> None:
    frames = Frames(shape)
    for _ in range(50):
        frames.feed((shape.preamble + length) * 500)
    assert len(frames._held) <= 2 * (shape.longest + shape.head)
    assert len(frames._due) <= 3 * len(frames._held)


@pytest.mark.parametrize("shape", SHAPES, ids=["counter", "card"])
def test_the_work_grows_no_faster_than_the_bytes(shape: Shape) -> None:
    """Counted, not timed: how many bytes the check looks at, and how many candidates are opened."""
    looked = 0

    class Counting:
        size = shape.check.size

        def run(self, value: int, data: bytes | bytearray) -> int:
            nonlocal looked
            looked += len(data)
            return shape.check.run(value, data)

        def between(self, start: int, end: int, length: int) -> int:
            return shape.check.between(start, end, length)

    worst = (shape.preamble + (shape.longest - 8).to_bytes(2, "big")) * 20_000
    counting = Shape(shape.preamble, shape.longest, Counting(), shape.counts_check, shape.checks_length)
    Frames(counting).feed(worst)
    assert looked <= len(worst)


def test_a_frame_longer_than_allowed_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="65536 bytes would be counted; at most 65535 are allowed"):
        frame(COUNTER, bytes(65_536))


def test_a_line_opened_anew_forgets_what_was_half_said() -> None:
    frames = Frames(COUNTER)
    frames.feed(frame(COUNTER, b"{}")[:-1])
    frames.reset()
    assert frames.feed(b"\x00") == []
    assert frames.feed(frame(COUNTER, b"[]")) == [b"[]"]
