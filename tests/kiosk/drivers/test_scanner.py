"""Scanned lines: CR, LF or both, UTF-8 or GBK, bounded, and never anything that is no text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.drivers.scanner import LINE_MAX, PAUSE_NS, Scanned, Scanner
from tests.kiosk.drivers.portions import SIZES, errors, heard

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=80)


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_line_is_a_code_in_either_encoding_and_however_it_ends(ending: bytes, encoding: str) -> None:
    assert heard(Scanner(), "办件 500110".encode(encoding) + ending) == [Scanned("办件 500110")]


@pytest.mark.parametrize("text", ["张\u3000三 500110", '{"a":\t"王\ue000"}', "\U00031350 500110", "a\u00a0b"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_wide_blanks_tabs_and_rare_characters_are_text(text: str, encoding: str) -> None:
    assert heard(Scanner(), text.encode(encoding) + b"\r") == [Scanned(text)]


def test_an_empty_line_is_nothing() -> None:
    assert heard(Scanner(), b"\r\n\r\n  \r\n") == []
    assert errors(Scanner(), b"\r\n\r\n  \r\n") == 0


@pytest.mark.parametrize("line", [b"\x00\x01\x02", b"\xff\xff\xff", "\u202e123".encode()])
def test_what_is_no_text_is_counted_and_dropped(line: bytes) -> None:
    assert heard(Scanner(), line + b"\r") == []
    assert errors(Scanner(), line + b"\r") == 1


def test_a_line_too_long_is_dropped_whole_and_the_next_is_read() -> None:
    scanner = Scanner()
    assert heard(scanner, b"A" * (LINE_MAX + 1) + b"TAIL\rP-1\r", [700]) == [Scanned("P-1")]
    assert heard(scanner, b"A" * LINE_MAX + b"\r") == [Scanned("A" * LINE_MAX)]


def test_what_stood_on_the_line_a_while_before_is_no_part_of_a_code() -> None:
    scanner = Scanner()
    scanner.feed(b"~#", 0)
    assert scanner.feed(b"P-1\r", PAUSE_NS).events == (Scanned("P-1"),)
    assert scanner.feed(b"P-", PAUSE_NS).events == ()
    assert scanner.feed(b"2\r", PAUSE_NS + 1).events == (Scanned("P-2"),)


@given(texts=st.lists(TEXT, max_size=5), sizes=SIZES)
def test_codes_come_out_as_they_were_scanned(texts: list[str], sizes: list[int]) -> None:
    stream = b"".join(text.encode() + b"\r\n" for text in texts)
    assert heard(Scanner(), stream, sizes) == [Scanned(text) for text in texts]


@given(noise=st.binary(max_size=200), sizes=SIZES)
def test_a_code_behind_any_noise_is_read(noise: bytes, sizes: list[int]) -> None:
    scanner = Scanner()
    heard(scanner, noise, sizes)
    assert scanner.feed(b"P-1\r\n", PAUSE_NS).events == (Scanned("P-1"),)


@given(data=st.binary(max_size=300), sizes=SIZES)
def test_how_bytes_are_cut_changes_nothing(data: bytes, sizes: list[int]) -> None:
    assert heard(Scanner(), data, sizes) == heard(Scanner(), data)


def test_what_is_held_is_bounded() -> None:
    scanner = Scanner()
    heard(scanner, b"A" * 100_000, [999])
    assert len(scanner._held) <= LINE_MAX


def test_a_scanned_text_is_not_in_its_repr() -> None:
    assert "P-1" not in repr(Scanned("P-1"))
