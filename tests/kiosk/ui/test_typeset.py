"""How words are set: sizes off the ladder, lines that break where a reader would, nothing out of its box."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.typeset import LADDER, LINE, Type, fit, uniform, wrap


def advance(char: str) -> float:
    """A font in which Chinese characters are square and others half as wide."""
    return 1.0 if char >= "\u2e80" else 0.5


FACE = Type(advance)


def width_of(line: str) -> float:
    return sum(map(advance, line))


def test_chinese_breaks_anywhere_but_never_before_a_closing_mark() -> None:
    assert wrap("业务办完后，请评价。", 5, advance) == ["业务办完", "后，请评", "价。"]


def test_an_opening_mark_never_ends_a_line() -> None:
    assert wrap("不动产登记（新）", 6, advance) == ["不动产登记", "（新）"]


def test_words_break_at_spaces() -> None:
    assert wrap("Tap another face", 6, advance) == ["Tap another", "face"]


def test_a_no_break_space_keeps_its_neighbours_together() -> None:
    assert wrap("about 12\u00a0km", 4, advance) == ["about", "12\u00a0km"]


def test_tibetan_breaks_after_the_tsheg() -> None:
    assert wrap("བོད་ཡིག་གི", 3, advance) == ["བོད་", "ཡིག་གི"]


def test_a_word_too_long_for_any_line_is_broken() -> None:
    assert wrap("5001102026112300017", 5, advance) == ["5001102026", "112300017"]


def test_what_fits_keeps_its_size() -> None:
    assert fit("满意", 20, 10, 4.2, FACE) == fit("满意", 20, 10, 4.3, FACE)
    assert fit("满意", 20, 10, 4.2, FACE).size == 4.2


def test_it_becomes_smaller_before_it_breaks_a_word() -> None:
    set_in = fit("Dissatisfied", 22, 20, 4.2, FACE)
    assert set_in.lines == ("Dissatisfied",)
    assert set_in.size == 3.4


def test_lines_are_about_equally_long() -> None:
    lines = fit("点其他表情可以更改圆环走完将自动提交", 62, 20, 3.4, FACE).lines
    assert [len(line) for line in lines] in ([9, 9], [10, 8], [18])


def test_what_does_not_fit_even_small_is_cut_and_says_so() -> None:
    set_in = fit("很" * 500, 30, 6, 4.2, FACE)
    assert set_in.lines[-1].endswith("…")
    assert len(set_in.lines) * LINE * set_in.size <= 7


def test_taller_lines_are_set_smaller() -> None:
    assert fit("བོད་", 20, 4, 4.2, Type(advance, tall=1.5)).size < fit("བོད་", 20, 4, 4.2, FACE).size


@pytest.mark.parametrize("words", [["非常满意", "满意", "基本满意", "不满意", "非常不满意"]])
def test_one_size_for_all_five_is_that_of_the_longest(words: list[str]) -> None:
    assert uniform(words, 18, 8, 5.2, FACE) == 3.4
    assert uniform(words, 100, 8, 5.2, FACE) == 5.2


@given(
    st.text(st.sampled_from("满意服务，。（）ab Word12་བོད་"), max_size=200),
    st.floats(4, 150),
    st.floats(3, 60),
    st.sampled_from(LADDER),
)
def test_nothing_ever_stands_out_of_its_box(text: str, width: float, height: float, size: float) -> None:
    set_in = fit(text, width, height, size, FACE)
    assert set_in.size in LADDER
    widest = max(map(width_of, set_in.lines), default=0)
    # one character with its closing marks is the least there is
    assert widest * set_in.size <= width or max(map(len, set_in.lines)) <= 8 or widest <= 2
    joined = "".join(set_in.lines).rstrip("…").replace(" ", "")
    assert text.replace(" ", "").replace("\n", "").startswith(joined)
