"""Colours that can be read, and told apart by people who see fewer of them; fonts that can be found."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from kiosk.ui import theme
from kiosk.ui.theme import Colour, FontError
from pad.codes import Level
from pad.settings import Screen

WORDS = {
    "ink on paper": (theme.INK, theme.PAPER),
    "ink on a card": (theme.INK, theme.CARD),
    "ink under a finger": (theme.INK, theme.PRESSED),
    "quiet ink on paper": (theme.QUIET_INK, theme.PAPER),
    "quiet ink on a card": (theme.QUIET_INK, theme.CARD),
    "the head": (theme.HEAD_INK, theme.HEAD),
    "a button": (theme.ACCENT, theme.CARD),
    "a notice": (theme.ACCENT, theme.PAPER),
    "a strong button": (theme.HEAD_INK, theme.ACCENT),
    "a button that does not answer": (theme.DISABLED_INK, theme.DISABLED),
    "a notice at rest": (theme.INK, theme.PRESSED),
    "figures": (theme.ACCENT, theme.CARD),
}
SHAPES = {
    "a button's edge": (theme.ACCENT, theme.PAPER),
    "a quiet button's edge": (theme.LINE, theme.CARD),
    "a pressed one's edge": (theme.ACCENT, theme.PRESSED),
    "the ring": (theme.LINE, theme.PAPER),
    "a tick": (theme.HEAD_INK, theme.ACCENT),
    "a box to tick": (theme.LINE, theme.CARD),
    "where the keys have come to": (theme.INK, theme.PAPER),
    **{f"face {level.value} on its card": (theme.LEVEL_EDGE[level], theme.CARD) for level in Level},
    **{f"face {level.value} under a finger": (theme.LEVEL_EDGE[level], theme.PRESSED) for level in Level},
}

# What the three kinds of dichromats see, in linear light: Machado, Oliveira, Fernandes 2009, severity 1.
SIGHT = {
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
APART = 20.0
"""CIE76 distance above which two colours are told apart at a glance; 2.3 is just noticeable."""


def linear(colour: Colour) -> tuple[float, ...]:
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = rgb
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: Colour, sight: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    light = linear(colour)
    return lab(
        tuple(min(1.0, max(0.0, sum(m * c for m, c in zip(row, light, strict=True)))) for row in sight)
    )


@pytest.mark.parametrize("pair", WORDS.values(), ids=WORDS.keys())
def test_words_are_read_without_effort(pair: tuple[Colour, Colour]) -> None:
    assert theme.contrast(*pair) >= 7


@pytest.mark.parametrize("pair", SHAPES.values(), ids=SHAPES.keys())
def test_shapes_stand_out_from_their_ground(pair: tuple[Colour, Colour]) -> None:
    assert theme.contrast(*pair) >= 3


@pytest.mark.parametrize("level", list(Level))
def test_an_expression_stands_out_from_its_face(level: Level) -> None:
    assert theme.contrast(theme.LEVEL_FEATURES[level], theme.LEVEL_FILL[level]) >= 3


@pytest.mark.parametrize("sight", SIGHT.values(), ids=SIGHT.keys())
def test_five_levels_are_five_colours_to_everybody(sight: tuple[tuple[float, ...], ...]) -> None:
    colours = {level: seen(colour, sight) for level, colour in theme.LEVEL_FILL.items()}
    for (one, here), (other, there) in combinations(colours.items(), 2):
        distance = sum((a - b) ** 2 for a, b in zip(here, there, strict=True)) ** 0.5
        assert distance >= APART, f"{one!r} and {other!r}: {distance:.1f}"


def test_contrast_is_the_one_of_wcag() -> None:
    assert theme.contrast(theme.colour("#000000"), theme.colour("#FFFFFF")) == pytest.approx(21)
    assert theme.contrast(theme.colour("#767676"), theme.colour("#FFFFFF")) == pytest.approx(4.54, abs=0.01)


def test_the_fonts_that_are_configured_are_taken(tmp_path: Path) -> None:
    regular, bold = tmp_path / "a.otf", tmp_path / "b.otf"
    regular.touch()
    bold.touch()
    found = theme.fonts(Screen(font=str(regular), font_bold=str(bold)))
    assert (found.regular, found.bold) == (regular, bold)


def test_a_font_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    there = tmp_path / "a.otf"
    there.touch()
    with pytest.raises(FontError, match=r"^screen\.font_bold: found .*absent\.otf"):
        theme.fonts(Screen(font=str(there), font_bold=str(tmp_path / "absent.otf")))


def test_no_font_at_all_names_the_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(theme, "_PLACES", (tmp_path,))
    with pytest.raises(FontError, match=r"^screen\.font: found nothing"):
        theme.fonts(Screen())
