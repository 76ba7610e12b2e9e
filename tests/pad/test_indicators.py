"""The indicator catalogue: the national list as it was served, and what a broken file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pad import indicators
from pad.codes import Level
from pad.indicators import CatalogueError

FILE = Path(__file__).parents[2] / "config/indicators/national-2020-05-22.toml"


def test_the_national_list_has_40_in_force_and_32_retired() -> None:
    catalogue = indicators.load(FILE)
    assert (catalogue.version, len(catalogue.in_force), len(catalogue.retired)) == ("2020-05-22", 40, 32)


@pytest.mark.parametrize("level", list(Level))
def test_each_level_shows_three_at_once_and_five_behind_more(level: Level) -> None:
    of_level = indicators.load(FILE).of_level(level)
    assert [each.more for each in of_level] == [False] * 3 + [True] * 5
    assert all(each.code[0] == str(level.value) for each in of_level)


def test_retired_indicators_have_words_but_are_not_known() -> None:
    catalogue = indicators.load(FILE)
    assert catalogue.text("501")
    assert not catalogue.knows("501")
    assert catalogue.knows("510")
    assert catalogue.text("999") is None


def row(code: str, level: int) -> str:
    return f'[[indicator]]\ncode = "{code}"\nlevel = {level}\ntext = "x"\nmore = false\n'


WHOLE = 'version = "1"\n' + "".join(row(f"{level}10", level) for level in (1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version = ", "Invalid value"),
        (WHOLE.replace('version = "1"', ""), "version"),
        (WHOLE + row("211", 5), "first digit says 2"),
        (WHOLE + row("510", 5), "stands twice"),
        (WHOLE + row("x10", 5), "digits"),
        ('version = "1"\n' + row("510", 5), "no indicator for level 1"),
        (WHOLE + row("511", 5) + 'colour = "red"\n', "colour"),
    ],
)
def test_a_broken_list_is_refused_with_its_file_and_fault(text: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words) as refused:
        indicators.parse(text, "list.toml")
    assert str(refused.value).startswith("list.toml")


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        indicators.load(tmp_path / "none.toml")
