"""Five keys: each level by its own bytes, bounces once, noise never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.drivers.keypad import KeyPad
from kiosk.events import Key
from pad.codes import Level
from tests.kiosk.drivers.portions import SIZES, errors, heard

MS = 1_000_000
SINGLE = {Level(level): str(level).encode() for level in range(1, 6)}
FRAMED = {Level(level): bytes((0xAA, level, 0x0D)) for level in range(1, 6)}
TURNED = {Level(level): str(6 - level).encode() for level in range(1, 6)}


def pad(codes: dict[Level, bytes] = SINGLE, debounce_ms: int = 150) -> KeyPad:
    return KeyPad(codes, debounce_ms)


@pytest.mark.parametrize("codes", [SINGLE, FRAMED, TURNED], ids=["single", "framed", "turned"])
@pytest.mark.parametrize("level", list(Level))
def test_each_level_has_its_own_bytes(codes: dict[Level, bytes], level: Level) -> None:
    assert heard(pad(codes), codes[level]) == [Key(level)]


@pytest.mark.parametrize(("sent", "level"), [(b"1", 5), (b"2", 4), (b"3", 3), (b"4", 2), (b"5", 1)])
def test_a_maker_who_numbers_the_best_one_is_understood_value_by_value(sent: bytes, level: int) -> None:
    assert heard(pad(TURNED), sent) == [Key(Level(level))]


def test_a_bouncing_contact_is_one_press() -> None:
    keys = pad()
    pressed = [keys.feed(b"5", at * MS).events for at in (0, 3, 9, 140)]
    assert pressed == [(Key(Level(5)),), (), (), ()]


def test_a_key_that_is_held_and_repeats_is_one_press() -> None:
    keys = pad()
    assert sum(len(keys.feed(b"5", at * 100 * MS).events) for at in range(50)) == 1


def test_the_same_key_pressed_again_later_is_another_press() -> None:
    keys = pad()
    assert keys.feed(b"5", 0).events == keys.feed(b"5", 150 * MS).events == (Key(Level(5)),)


def test_two_keys_at_once_are_two_presses() -> None:
    assert heard(pad(), b"51") == [Key(Level(5)), Key(Level(1))]


def test_without_debouncing_every_code_counts() -> None:
    assert heard(pad(debounce_ms=0), b"555") == [Key(Level(5))] * 3


def test_noise_is_counted_once_and_hides_no_key() -> None:
    assert errors(pad(FRAMED), b"\x00\xff\xaa\xaa") == 1
    assert heard(pad(FRAMED), b"\x00\xff\xaa\xaa" + FRAMED[Level(1)]) == [Key(Level(1))]


@given(noise=st.binary(max_size=200), sizes=SIZES, level=st.sampled_from(list(Level)))
def test_a_key_behind_any_noise_is_heard(noise: bytes, sizes: list[int], level: Level) -> None:
    keys = pad(FRAMED)
    heard(keys, noise, sizes)
    assert keys.feed(FRAMED[level], 10**12).events == (Key(level),)


@given(data=st.binary(max_size=300), sizes=SIZES)
def test_how_bytes_are_cut_changes_nothing_and_little_is_held(data: bytes, sizes: list[int]) -> None:
    one, other = pad(FRAMED), pad(FRAMED)
    assert heard(one, data, sizes) == heard(other, data)
    assert len(one._held) < 3


def test_a_line_opened_anew_forgets_half_a_code() -> None:
    keys = pad(FRAMED)
    keys.feed(b"\xaa\x05", 0)
    keys.reset()
    assert heard(keys, b"\x0d") == []
