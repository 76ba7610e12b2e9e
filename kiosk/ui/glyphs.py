"""Which font has which character: names keep their rare ones, Kivy's text has no fallback of its own.

Pure: fonts are asked through HarfBuzz, Kivy's markup is plain text. Asking is a fraction of a
microsecond a character and the files are mapped, not read, so everything is done where it is needed.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import uharfbuzz

from kiosk.ui.theme import FontError, Fonts

GETA: Final = "〓"
"""What Chinese and Japanese printers have always set where they had no type (U+3013)."""
_NOWHERE: Final = ""
_BREAK: Final = "[anchor=]"
"""An anchor without a name: Kivy sets what follows as a piece of its own.

Beside markup, Kivy breaks lines at spaces and between pieces only; a Chinese line is to break anywhere.
"""
_TSHEG: Final = "་"
"""Ends a Tibetan syllable; lines break after it, as there are no spaces."""
_FIRST_WIDE: Final = "\u2e80"
"""From here on characters are Chinese (or of neighbours written alike): a line breaks beside each."""
_SELECTORS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))

_log = logging.getLogger(__name__)


class Glyphs:
    """The characters of the fonts, the main two together and the rare ones by the names to register.

    ``rare`` is what ``LabelBase.register`` has to be told. The private use area is what each font
    makes of it: only with ``private_use`` (fonts the hall has chosen) is it looked up.
    """

    def __init__(self, fonts: Fonts, *, private_use: bool = False) -> None:
        """Map the files.

        :raises FontError: if one is no font
        """
        self.rare: dict[str, Path] = {f"pad-rare-{at}": path for at, path in enumerate(fonts.rare)}
        self._main = [_open(path) for path in dict.fromkeys((fonts.regular, fonts.bold))]
        self._others = {name: _open(path) for name, path in self.rare.items()}
        self._private_use = private_use
        # grows to what a hall writes with: some thousands
        self._in_main: set[str] = set()
        self._nowhere: set[str] = set()
        self._advances: dict[str, float] = {}

    def advance(self, char: str) -> float:
        """What a character takes of a line, in em, in the widest of the fonts it may be drawn in."""
        known = self._advances.get(char)
        if known is None:
            known = self._advances[char] = self._advance(char)
        return known

    def _advance(self, char: str) -> float:
        if char in _SELECTORS or unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
            return 0.0
        fonts = [font for font in (*self._main, *self._others.values()) if _has(font, [char])][
            : len(self._main)
        ]
        return max((_width(font, char) for font in fonts), default=1.0)

    def missing(self, text: str) -> bool:
        """Whether the main font lacks something in a text, so that it needs to be marked."""
        if self._in_main.issuperset(text):
            return False
        return any(self._font_for(cluster) is not None for cluster in _clusters(text))

    def marked(self, text: str) -> str | None:
        """The text as Kivy markup that names a font where the main one lacks it; None: no need."""
        if not self.missing(text):
            return None
        marked = ""
        for name, neighbours in groupby(self._pieces(text), key=lambda piece: piece[0]):
            written = _BREAK.join(escaped(piece) for _, piece in neighbours)
            marked += f"[font={name}]{written}[/font]" if name else _BREAK + written
        return marked

    def _pieces(self, text: str) -> Iterator[tuple[str | None, str]]:
        """What a line is not broken inside of, each with its font."""
        font, piece = None, ""
        for following, shown in self._shown(_clusters(text)):
            if piece and (following != font or _may_break(piece[-1], shown[0])):
                yield font, piece
                piece = ""
            font, piece = following, piece + shown
        if piece:
            yield font, piece

    def _shown(self, clusters: Iterable[str]) -> Iterator[tuple[str | None, str]]:
        for cluster in clusters:
            font = self._font_for(cluster)
            if font != _NOWHERE:
                yield font, cluster
            elif len(cluster) > 1:
                yield from self._shown(cluster)
            else:
                self._tell(cluster)
                yield None, GETA

    def _tell(self, char: str) -> None:
        if char not in self._nowhere:
            self._nowhere.add(char)
            # how many, not which: it may be half of somebody's name
            _log.warning(
                "screen.fonts_for_rare: found no font with a character, %d so far; 〓 stands for it",
                len(self._nowhere),
            )

    def _font_for(self, cluster: str) -> str | None:
        """The name of the rare font a cluster needs, None for the main one."""
        if cluster in self._in_main:
            return None
        needed = [char for char in cluster if not _is_invisible(char)]
        if not self._private_use and any(unicodedata.category(char) == "Co" for char in needed):
            return _NOWHERE
        if all(_has(font, needed) for font in self._main):
            if len(cluster) == 1:
                self._in_main.add(cluster)
            return None
        return next((name for name, font in self._others.items() if _has(font, needed)), _NOWHERE)


def escaped(text: str) -> str:
    """Text that says in markup what it says without; as ``kivy.utils.escape_markup``, without Kivy."""
    return text.replace("&", "&amp;").replace("[", "&bl;").replace("]", "&br;")


def _width(font: uharfbuzz.Font, char: str) -> float:
    glyph = font.get_nominal_glyph(ord(char))
    if glyph is None:
        return 0.0
    width: float = font.get_glyph_h_advance(glyph) / font.face.upem
    return width


def _open(path: Path) -> uharfbuzz.Font:
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path))
    if not face.glyph_count:
        raise FontError(f"{path}: found something else; an OpenType or TrueType font file is needed")
    font = uharfbuzz.Font(face)
    font.get_nominal_glyph(ord(GETA))  # the first question reads the table of characters; better now
    return font


def _has(font: uharfbuzz.Font, needed: Iterable[str]) -> bool:
    """Whether a font can draw it all: HarfBuzz puts together what the font has only in one."""
    cluster = "".join(needed)
    return any(
        all(font.get_nominal_glyph(ord(char)) for char in form)
        for form in (cluster, unicodedata.normalize("NFC", cluster))
    )


def _clusters(text: str) -> Iterator[str]:
    """A character with the marks on it: a stack of Tibetan letters comes from one font."""
    cluster = ""
    for char in text:
        if cluster and (char in _SELECTORS or unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")):
            cluster += char
        else:
            if cluster:
                yield cluster
            cluster = char
    if cluster:
        yield cluster


def _is_invisible(char: str) -> bool:
    """Whether no glyph is needed: controls, joiners, spaces of any width, choices of a variant."""
    return unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp") or char in _SELECTORS


def _may_break(last: str, first: str) -> bool:
    """Whether a line may break between two neighbours that no space separates."""
    if unicodedata.category(first) in ("Pe", "Pf", "Po", "Zs") or unicodedata.category(last) in ("Ps", "Pi"):
        return False
    return last == _TSHEG or last >= _FIRST_WIDE or first >= _FIRST_WIDE
