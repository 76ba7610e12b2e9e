"""Colours, type sizes and fonts: data that the screens draw with, and no Kivy.

The level colours run from blue over yellow to red: a scale that people with red-green blindness
tell apart as well. Meaning never rests on colour alone: each face has its own features and word.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pad.codes import Level
from pad.settings import Screen

Colour = tuple[float, float, float, float]


def colour(hexadecimal: str, alpha: float = 1.0) -> Colour:
    """A colour from ``#RRGGBB``."""
    red, green, blue = (int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return (red, green, blue, alpha)


PAPER: Final = colour("#F3F6FB")
CARD: Final = colour("#FFFFFF")
INK: Final = colour("#14213D")
QUIET_INK: Final = colour("#3A4763")
HEAD: Final = colour("#0A3A7A")
HEAD_INK: Final = colour("#FFFFFF")
ACCENT: Final = colour("#0A4FA3")
LINE: Final = colour("#7D8BA6")
PRESSED: Final = colour("#D5E3F7")
DISABLED: Final = colour("#E3E8F0")
DISABLED_INK: Final = colour("#414B5E")

LEVEL_FILL: Final = {
    Level.VERY_SATISFIED: colour("#0A5BA8"),
    Level.SATISFIED: colour("#4FA8E0"),
    Level.FAIRLY_SATISFIED: colour("#F4D35E"),
    Level.DISSATISFIED: colour("#E2762A"),
    Level.VERY_DISSATISFIED: colour("#9E1B1B"),
}
LEVEL_FEATURES: Final = {
    Level.VERY_SATISFIED: colour("#FFFFFF"),
    Level.SATISFIED: colour("#0B1B33"),
    Level.FAIRLY_SATISFIED: colour("#0B1B33"),
    Level.DISSATISFIED: colour("#0B1B33"),
    Level.VERY_DISSATISFIED: colour("#FFFFFF"),
}

LEVEL_EDGE: Final = {
    Level.VERY_SATISFIED: colour("#063A6E"),
    Level.SATISFIED: colour("#1C618F"),
    Level.FAIRLY_SATISFIED: colour("#7A5C00"),
    Level.DISSATISFIED: colour("#8A3D08"),
    Level.VERY_DISSATISFIED: colour("#5E0C0C"),
}
"""Around each face: its shape stands out from the ground even where its colour would not."""

# Type sizes in units (hundredths of the shorter side), rungs of kiosk.ui.typeset.LADDER.
HUGE: Final = 8.2
TITLE: Final = 5.2
LARGE: Final = 4.2
NORMAL: Final = 3.4
SMALL: Final = 2.8
TINY: Final = 2.2

_PLACES: Final = (
    Path(sys.prefix) / "share/fonts",
    Path("/usr/share/fonts/window-rating-pad"),
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/truetype/wqy"),
    Path("/usr/share/fonts/truetype/babelstone"),
    Path("/usr/share/fonts/truetype/hanazono"),
    Path("/usr/share/fonts/truetype/tibetan"),
    Path("/usr/share/fonts/truetype/noto"),
)
_REGULAR: Final = (
    "NotoSansCJKsc-Common-Regular.otf",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
)
_BOLD: Final = (
    "NotoSansCJKsc-Common-Bold.otf",
    "NotoSansCJKsc-Bold.otf",
    "NotoSansCJK-Bold.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
)
# The whole of Noto comes first; beside it HanaMinB completes GB 18030-2022, and BabelStone is drawn as
# the mainland writes, so that it goes before that.
_RARE: Final = (
    "NotoSansCJKsc-Regular.otf",
    "BabelStoneHan.ttf",
    "HanaMinB.ttf",
    "DDC_Uchen.ttf",
    "NotoSansYi-Regular.ttf",
)


class FontError(Exception):
    """No font with Chinese characters was found; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Fonts:
    """The two faces everything is written in, and those for characters they lack, first come first."""

    regular: Path
    bold: Path
    rare: tuple[Path, ...] = ()


def fonts(screen: Screen) -> Fonts:
    """The fonts that are configured, else those installed.

    :raises FontError: if there is none, or the configured one is not there
    """
    return Fonts(
        regular=_font("screen.font", screen.font, _REGULAR),
        bold=_font("screen.font_bold", screen.font_bold, _BOLD),
        rare=tuple(_font("screen.fonts_for_rare", path, ()) for path in screen.fonts_for_rare)
        or tuple(path for name in _RARE for place in _PLACES if (path := place / name).is_file()),
    )


def _font(setting: str, configured: str, names: tuple[str, ...]) -> Path:
    candidates = [Path(configured)] if configured else [place / name for name in names for place in _PLACES]
    for path in candidates:
        if path.is_file():
            return path
    found = configured or "nothing, and no font with Chinese characters is installed"
    raise FontError(f"{setting}: found {found}; the path of an OpenType or TrueType font file is needed")


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two opaque colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(given: Colour) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in given[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
