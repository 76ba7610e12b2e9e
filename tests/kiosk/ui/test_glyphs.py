"""Names with rare characters and Tibetan stacks, as Kivy's own text provider sets them; no window."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui import glyphs, theme
from kiosk.ui.glyphs import GETA, Glyphs
from kiosk.ui.theme import FontError
from pad.settings import Screen

RARE: Final = "𠮷𡈽㐂𮧵䶮𫠊𬍛𪚥𱅒龘"
SYLLABLES: Final = ("བོད་", "རྒྱ་", "སྐྱོ་", "བསྒྲུབས་", "ༀམཎིཔདྨེཧཱུྃ་")
SENTENCE: Final = "བོད་ལྗོངས་སུ་གྲོང་ཁྱེར་གྱི་ཞབས་ཞུའི་ལྟེ་གནས་ཀྱིས་བསྒྲུབས་པ།"
NO_FONT_HAS: Final = "\U0003fffd"
TAG: Final = re.compile(r"\[(?:font=[^]]*|/font|anchor=)\]")


class Paper:
    """Kivy's labels in a process of their own."""

    def __init__(self, asked: Glyphs, fonts: theme.Fonts) -> None:
        named = {"pad": fonts.regular, **asked.rare}
        self._glyphs = asked
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kiosk.ui.text_on_paper", *(f"{k}={v}" for k, v in named.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> int:
        self._process.communicate(timeout=20)
        return self._process.returncode

    def set(self, text: str, *, marked: bool = True, **options: Any) -> tuple[list[str], list[bytes]]:
        """The lines and the rows of pixels that a text comes out as."""
        markup = self._glyphs.marked(text) if marked else None
        asked = {"text": markup or text, "markup": markup is not None, "font_name": "pad", "font_size": 40}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked | options) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["lines"], [bytes.fromhex(row) for row in answer["rows"]]

    def ink(self, text: str, **options: Any) -> list[bytes]:
        """The pixels from the first row and column with ink to the last."""
        _, rows = self.set(text, **options)
        while rows and not any(rows[0]):
            del rows[0]
        while rows and not any(rows[-1]):
            del rows[-1]
        if not rows:
            return []
        inked = [any(row[at] for row in rows) for at in range(len(rows[0]))]
        first, last = inked.index(True), len(inked) - inked[::-1].index(True)
        return [row[first:last] for row in rows]


FONTS: Final = theme.fonts(Screen())
ASKED: Final = Glyphs(FONTS)


@pytest.fixture(scope="module")
def installed() -> Glyphs:
    return Glyphs(FONTS)


@pytest.fixture(scope="module")
def paper(installed: Glyphs) -> Iterator[Paper]:
    printing = Paper(installed, FONTS)
    yield printing
    assert printing.close() == 0


# --- what is drawn --------------------------------------------------------------------------


@pytest.mark.parametrize("char", RARE)
def test_a_rare_character_is_a_character_and_no_box(paper: Paper, installed: Glyphs, char: str) -> None:
    boxes = [paper.ink(NO_FONT_HAS, marked=False, font_name=name) for name in ("pad", *installed.rare)]
    assert paper.ink(char) not in [*boxes, paper.ink(GETA)]


def test_no_two_rare_characters_look_alike(paper: Paper) -> None:
    assert len({b"/".join(paper.ink(char)) for char in RARE}) == len(RARE)


def test_all_of_gb_18030_2022_has_a_glyph(installed: Glyphs) -> None:
    blocks = ((0x4E00, 0x9FEF), (0x3400, 0x4DB5), (0x20000, 0x2A6D6), (0x2A700, 0x2B734), (0x2B740, 0x2B81D),
              (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0))  # fmt: skip
    characters = "".join(chr(code) for first, last in blocks for code in range(first, last + 1))
    characters += "﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩"
    radicals = "".join(map(chr, range(0x2F00, 0x2FD6)))
    assert (len(characters), len(radicals)) == (87_887, 214), "as its level 3 counts them"
    assert GETA not in (installed.marked(characters + radicals) or "")


@pytest.mark.parametrize("size", [17, 24, 33, 40, 64])
@pytest.mark.parametrize("syllable", SYLLABLES)
def test_a_tall_stack_is_not_clipped(paper: Paper, syllable: str, size: int) -> None:
    roomy = paper.ink(syllable, font_size=size, padding=[20, 20, 20, 20])
    assert paper.ink(syllable, font_size=size) == roomy


def test_tibetan_letters_stack(paper: Paper) -> None:
    stack, letter = paper.ink("སྒྲུ"), paper.ink("ས")
    assert len(stack) > 1.4 * len(letter)
    assert len(stack[0]) < 1.4 * len(letter[0])


def test_tibetan_breaks_after_a_syllable_and_nowhere_else(paper: Paper) -> None:
    for width in range(150, 600, 10):
        lines, _ = paper.set(SENTENCE, text_size=[width, None])
        assert "".join(lines) == SENTENCE
        assert [line[-1] for line in lines[:-1]] == ["་"] * (len(lines) - 1)


def test_a_line_with_a_rare_character_is_filled_like_any_other(paper: Paper) -> None:
    for width in (280, 400, 520):
        ordinary, _ = paper.set("关于某某中某某的个体工商户设立登记请您评价", text_size=[width, None])
        with_rare, _ = paper.set("关于某某𮧵某某的个体工商户设立登记请您评价", text_size=[width, None])
        assert [len(line) for line in with_rare] == [len(line) for line in ordinary]


@pytest.mark.parametrize(
    "name", ["[b]𮧵[/b]", "𮧵 & [font=pad]", "&bl;𮧵&amp;", "[anchor=]𮧵[/font]", "]𮧵["]
)
def test_what_looks_like_markup_in_a_name_stands_there_as_it_is(paper: Paper, name: str) -> None:
    lines, _ = paper.set(name)
    assert lines == [name]


# --- what is marked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "王芳", "Window 3, 工号 1024", "[b]&", "行1\n行2\t", "é e\u0301", "葛\U000e0100城"]
)
def test_what_the_main_font_has_is_left_alone(installed: Glyphs, text: str) -> None:
    assert not installed.missing(text)
    assert installed.marked(text) is None


def test_ordinary_text_asks_no_font_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Glyphs(FONTS)
    assert asked.marked("王芳为您服务") is None
    monkeypatch.setattr(glyphs, "_has", lambda *_: pytest.fail("a font was asked"))
    assert asked.marked("芳为王服务您您") is None


def test_a_rare_character_names_its_font(installed: Glyphs) -> None:
    font = next(name for name, path in installed.rare.items() if path.name == "BabelStoneHan.ttf")
    marked = installed.marked("王𮧵")
    assert marked is not None
    assert f"[font={font}]𮧵[/font]" in marked


def test_a_stack_is_of_one_font(installed: Glyphs) -> None:
    marked = installed.marked("བསྒྲུབས")
    assert marked is not None
    assert marked.count("[font=") == 1
    assert TAG.sub("", marked) == "བསྒྲུབས"


def test_a_mark_of_another_script_costs_only_itself(installed: Glyphs) -> None:
    marked = installed.marked(f"王\u0f74{NO_FONT_HAS}\u0f74")
    assert marked is not None
    assert TAG.sub("", marked) == f"王\u0f74{GETA}\u0f74"


@given(st.text(st.sampled_from(RARE + "王芳，。（）《 Aa1[]&;/=\n" + "བསྒྲུ་།")))
def test_markup_adds_nothing_and_loses_nothing(text: str) -> None:
    marked = ASKED.marked(text)
    if marked is not None:
        plain = TAG.sub("", marked).replace("&bl;", "[").replace("&br;", "]").replace("&amp;", "&")
        assert plain == text


def test_what_no_font_has_is_a_geta(caplog: pytest.LogCaptureFixture) -> None:
    asked = Glyphs(FONTS)
    with caplog.at_level(logging.WARNING):
        marked = asked.marked(f"王{NO_FONT_HAS}芳\ud800")
        asked.marked(f"王{NO_FONT_HAS}芳")
    assert marked is not None
    assert TAG.sub("", marked) == f"王{GETA}芳{GETA}"
    assert len(caplog.messages) == 2, "each character is told of once"
    assert [re.findall(r"\d+", message) for message in caplog.messages] == [["1"], ["2"]]
    assert not any(char in message for message in caplog.messages for char in ("王", NO_FONT_HAS, "\ud800"))


def test_private_use_means_something_only_in_the_halls_own_font() -> None:
    fonts = theme.Fonts(FONTS.regular, FONTS.bold, _named("BabelStoneHan.ttf"))
    installed, chosen = Glyphs(fonts).marked("\ue863"), Glyphs(fonts, private_use=True).marked("\ue863")
    assert (installed, chosen) == (f"[anchor=]{GETA}", "[font=pad-rare-0]\ue863[/font]")


# --- where fonts come from ------------------------------------------------------------------


def _named(*names: str) -> tuple[Path, ...]:
    return tuple(path for path in FONTS.rare if path.name in names)


def test_the_configured_fonts_for_rare_characters_replace_those_installed(tmp_path: Path) -> None:
    first, second = tmp_path / "b.ttf", tmp_path / "a.ttf"
    first.touch()
    second.touch()
    found = theme.fonts(Screen(fonts_for_rare=(str(first), str(second))))
    assert found.rare == (first, second)


def test_a_font_for_rare_characters_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(FontError, match=r"^screen\.fonts_for_rare: found .*absent\.ttf"):
        theme.fonts(Screen(fonts_for_rare=(str(tmp_path / "absent.ttf"),)))


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    text = tmp_path / "font.ttf"
    text.write_text("no font")
    with pytest.raises(FontError, match=r"font\.ttf: found something else"):
        Glyphs(theme.Fonts(FONTS.regular, FONTS.bold, (text,)))


def test_a_pad_without_any_rare_font_still_shows_the_rest() -> None:
    asked = Glyphs(theme.Fonts(FONTS.regular, FONTS.bold))
    assert asked.marked("王芳") is None
    assert asked.marked("王𪚥") == f"[anchor=]王[anchor=]{GETA}"
