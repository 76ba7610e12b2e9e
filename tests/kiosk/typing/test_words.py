"""A list of words: what is read, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.typing import words


def test_words_are_read_with_their_syllables(tmp_path: Path) -> None:
    file = tmp_path / "words.toml"
    file.write_text('"排队" = "pai\'dui"\n', encoding="utf-8")
    assert words.read(file) == {"排队": "pai'dui"}


def test_a_hall_that_has_no_words_of_its_own_lacks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert words.read(tmp_path / "none.toml") == {}
    assert not caplog.records


@pytest.mark.parametrize(
    "line",
    [
        """ "排队" = "paidui" """,
        """ "排队" = "pai'dui'le" """,
        """ "排队" = "pai dui" """,
        """ "排队" = "Pai'Dui" """,
        """ "排队" = "" """,
        """ "排队" = 7 """,
        """ "排队" = ["pai", "dui"] """,
        """ "" = "" """,
        f'"{"长" * 17}" = "chang' + "'chang" * 16 + '"',
    ],
)
def test_a_slip_leaves_out_its_own_word_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    file = tmp_path / "words.toml"
    file.write_text(f'{line}\n"预约" = "yu\'yue"\n', encoding="utf-8")
    assert words.read(file) == {"预约": "yu'yue"}
    assert "write one syllable for each character" in caplog.text


@pytest.mark.parametrize("content", [b"\xff", b"= ="])
def test_a_list_that_is_no_list_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    file = tmp_path / "words.toml"
    file.write_bytes(content)
    assert words.read(file) == {}
    assert "its words are left out" in caplog.text


def test_the_list_that_is_shipped_has_no_slip(caplog: pytest.LogCaptureFixture) -> None:
    assert words.read(words.SHIPPED)
    assert not caplog.records
