"""How words are set into a box: their size off a short ladder, their lines, and at last a cut.

Pure: what a character takes is asked of ``advance``, in em. Lines break between Chinese characters
but never before a closing mark, at spaces, and after a Tibetan tsheg; where there are several they
are made about equally long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Advance = Callable[[str], float]

LADDER: Final = (1.8, 2.2, 2.8, 3.4, 4.2, 5.2, 6.6, 8.2, 10.4, 13.0)
"""Every type size there is, in units: each is a quarter larger than the one before.

Few, because each size of a Chinese font that is in use costs megabytes.
"""
LINE: Final = 1.25
"""From line to line, in em."""
_FIRST_LINE: Final = 1.28
"""What one line needs of its box, in em; the font's own leading may stand out of it, unseen."""
_CUT: Final = "…"
_NOT_FIRST: Final = frozenset("，。、；：？！）》」』”’…％%,.;:?!)]}\u0f0b\u0f0d")
_NOT_LAST: Final = frozenset("（《「『“‘([{")
_TSHEG: Final = "\u0f0b"
_NO_BREAK_SPACE: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Type:
    """What words are set in: what a character takes of a line, in em, and by how much lines are taller.

    ``tall`` is 1 for Chinese and Latin; stacked Tibetan letters want more.
    """

    advance: Advance
    tall: float = 1.0


@dataclass(frozen=True, slots=True)
class Setting:
    """Words as they are to be drawn: their lines, and the size in units."""

    lines: tuple[str, ...]
    size: float


def uniform(texts: Iterable[str], width: float, height: float, size: float, face: Type) -> float:
    """The largest size, ``size`` at most, at which every text fits and none is broken but at spaces."""
    texts, advance = tuple(texts), face.advance
    longest = max(sum(map(advance, word)) for text in texts for word in text.split(" "))
    for rung in reversed(LADDER):
        if rung > size + 0.01 or longest * rung > width:
            continue
        if max(_height(len(wrap(text, width / rung, advance)), face) for text in texts) * rung <= height:
            return rung
    return LADDER[0]


def fit(text: str, width: float, height: float, size: float, face: Type) -> Setting:
    """Set ``text`` into a box as large as it goes, ``size`` at most; all lengths in units.

    Rather than break a word it becomes smaller; what does not fit at the smallest size is cut.
    """
    advance = face.advance
    rungs = [each for each in LADDER if each <= size + 0.01][-5:] or [LADDER[0]]
    for rung in reversed(rungs):
        lines = wrap(text, width / rung, advance)
        if _height(len(lines), face) * rung <= height and not _breaks_words(text, width / rung, advance):
            return Setting(tuple(_balanced(text, lines, width / rung, advance)), rung)
    least = rungs[0]
    room = max(1, int((height / least / face.tall - _FIRST_LINE) / LINE + 1.001))
    return Setting(tuple(_cut(text, width / least, room, advance)), least)


def wrap(text: str, width: float, advance: Advance) -> list[str]:
    """Break into lines no wider than ``width`` em; a single character is never broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, taken = "", 0.0
        for piece in _pieces(paragraph):
            if line and taken + sum(map(advance, piece.rstrip(" "))) > width:
                lines.append(line.rstrip(" "))
                line, taken = "", 0.0
            *whole, rest = _chopped(piece, width, advance)
            lines.extend(whole)
            line += rest
            taken += sum(map(advance, rest))
        lines.append(line.rstrip(" "))
    return lines


def _pieces(text: str) -> list[str]:
    """What may not be broken: a word with the space after it, a Chinese character with its marks."""
    pieces: list[str] = []
    before = ""
    for char in text:
        if pieces and not _may_break(before, char):
            pieces[-1] += char
        else:
            pieces.append(char)
        before = char
    return pieces


def _may_break(before: str, char: str) -> bool:
    if not before or char == " " or char in _NOT_FIRST or before in _NOT_LAST:
        return False
    if _NO_BREAK_SPACE in (before, char):
        return False
    return before in (" ", _TSHEG) or _is_chinese(before) or _is_chinese(char)


def _breaks_words(text: str, width: float, advance: Advance) -> bool:
    return any(sum(map(advance, piece.rstrip(" "))) > width for piece in _pieces(text))


def _is_chinese(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\uffef" or char >= "\U00020000"


def _chopped(word: str, width: float, advance: Advance) -> list[str]:
    parts, part, taken = [], "", 0.0
    for char in word:
        wide = advance(char)
        if part and char != " " and taken + wide > width:
            parts.append(part)
            part, taken = "", 0.0
        part += char
        taken += wide
    return [*parts, part]


def _balanced(text: str, lines: list[str], width: float, advance: Advance) -> Sequence[str]:
    """As many lines, but about equally long."""
    if len(lines) < 2 or "\n" in text:
        return lines
    least, most, best = width / 2, width, lines
    for _ in range(5):
        middle = (least + most) / 2
        tried = wrap(text, middle, advance)
        if len(tried) == len(lines) and not _breaks_words(text, middle, advance):
            most, best = middle, tried
        else:
            least = middle
    return best


def _cut(text: str, width: float, room: int, advance: Advance) -> list[str]:
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if len(wrap(text[:middle] + _CUT, width, advance)) <= room:
            least = middle
        else:
            most = middle - 1
    return wrap(text[:least] + _CUT, width, advance)


def _height(lines: int, face: Type) -> float:
    return (_FIRST_LINE + (lines - 1) * LINE) * face.tall
