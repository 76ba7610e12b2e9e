"""What keys do to a comment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.typing.composing import Composing, Script, is_writable

LATIN = Composing(script=Script.LATIN)


def typed(composing: Composing, keys: str) -> Composing:
    for key in keys:
        composing = composing.press(key)
    return composing


def test_pinyin_waits_until_characters_are_taken() -> None:
    composing = typed(Composing(), "fuwu")
    assert (composing.text, composing.letters) == ("", "fuwu")
    assert composing.take("服务", 4) == Composing("服务")


def test_a_word_may_take_the_front_of_what_waits() -> None:
    composing = typed(Composing(), "fuwutaidu").take("服务", 4)
    assert (composing.text, composing.letters) == ("服务", "taidu")
    assert typed(Composing(), "xi'an").take("西", 2).letters == "an"


def test_latin_letters_are_written_at_once() -> None:
    assert typed(LATIN, "so").space().press("k").text == "so k"


def test_marks_are_those_of_the_script() -> None:
    assert typed(Composing("好"), ",.").text == "好，。"
    assert typed(Composing("ok", script=Script.LATIN), ",.").text == "ok,."


def test_a_mark_writes_what_waits_first() -> None:
    assert typed(Composing(), "ok,").text == "ok，"


def test_another_script_writes_what_waits() -> None:
    assert typed(Composing(), "abc").with_script(Script.LATIN) == Composing("abc", script=Script.LATIN)


def test_backspace_takes_letters_before_characters() -> None:
    composing = typed(Composing("好"), "f")
    assert composing.backspace() == Composing("好")
    assert composing.backspace().backspace() == Composing("")
    assert Composing().backspace() == Composing()


def test_a_space_is_no_space_while_pinyin_waits() -> None:
    assert typed(Composing(), "fu").space() == typed(Composing(), "fu")
    assert Composing("好").space().text == "好 "


def test_a_hundred_and_fifty_characters_and_no_more_however_they_come() -> None:
    full = Composing("字" * 149)
    assert len(full.take("服务", 4).text) == 150
    assert len(typed(full.with_script(Script.LATIN), "abc").text) == 150
    assert len(typed(full, "abc").flush().text) == 150


@pytest.mark.parametrize(
    "char", ["好", "a", "1", " ", "，", "。", "！", "ñ", "𠮷", "\U00031350", "\U0002ebf0", "བ", "℃", "①"]
)
def test_what_may_be_written(char: str) -> None:
    assert is_writable(char)


@pytest.mark.parametrize(
    "char",
    [
        "\n",
        "\t",
        "\x00",
        "\x7f",
        "\u200d",
        "\ufe0f",
        "😀",
        "☺",
        "🇨",
        "\ud800",
        "\ue000",
        "\u2028",
        "←",
        "\u3164",
        "\ufffc",
    ],
)
def test_what_may_not(char: str) -> None:
    assert not is_writable(char)
    assert Composing("好").insert(char) == Composing("好")


@given(st.lists(st.one_of(st.sampled_from("abz',. 1"), st.text(max_size=3), st.none()), max_size=200))
def test_nothing_that_is_typed_ever_breaks_a_rule(keys: list[str | None]) -> None:
    composing = Composing()
    for key in keys:
        composing = (
            composing.backspace()
            if key is None
            else composing.insert(key)
            if len(key) != 1
            else composing.press(key)
        )
        assert len(composing.text) <= 150
        assert len(composing.letters) <= 60
        assert all(map(is_writable, composing.text + composing.letters))
