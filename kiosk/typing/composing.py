"""A comment while it is being typed: what each key does to it. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pad.codes import COMMENT_ON_SCREEN_MAX

LETTERS_MAX: Final = 60
"""More Pinyin than this does not wait; nobody means it."""
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz'")
_FULL_WIDTH: Final = {",": "，", ".": "。"}
_PICTURES: Final = (
    (0x20E3, 0x20E3), (0x2190, 0x21FF), (0x2300, 0x23FF), (0x2600, 0x27BF), (0x2B00, 0x2BFF),
    (0xFE00, 0xFE0F), (0xFFFC, 0xFFFD), (0x1F000, 0x1FBFF), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Arrows, pictographs, emoji, what chooses their look, and what stands for a thing that is no character."""
_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by their category that show nothing."""
_IDEOGRAPHS: Final = ((0x20000, 0x2FFFD), (0x30000, 0x3FFFD))
"""Planes of Chinese characters alone. Unicode adds to them faster than Python's tables know."""


class Script(Enum):
    """What letter keys begin: Pinyin that waits for its characters, or the letters themselves."""

    PINYIN = "pinyin"
    LATIN = "latin"


def is_writable(char: str) -> bool:
    """Whether a character may stand in a comment: text of any script, no pictures and nothing invisible."""
    if any(first <= ord(char) <= last for first, last in _IDEOGRAPHS):
        return True
    if char in _FILLERS or any(first <= ord(char) <= last for first, last in _PICTURES):
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Composing:
    """The text so far, the Pinyin that waits behind it, and what letters begin now."""

    text: str = ""
    letters: str = ""
    script: Script = Script.PINYIN

    def press(self, char: str) -> Composing:
        """A letter or a mark: Pinyin waits, everything else is written, marks as the script has them."""
        if self.script is Script.PINYIN and char in _LETTERS:
            return self if len(self.letters) >= LETTERS_MAX else replace(self, letters=self.letters + char)
        if self.script is Script.PINYIN:
            char = _FULL_WIDTH.get(char, char)
        return self.insert(char)

    def insert(self, text: str) -> Composing:
        """Write characters as they are, behind what waits; those that may not stand there are left out."""
        flushed = self.flush()
        written = flushed.text + "".join(char for char in text if is_writable(char))
        return replace(flushed, text=written[:COMMENT_ON_SCREEN_MAX])

    def take(self, offered: str, letters: int) -> Composing:
        """Write characters that were offered, in the place of so many letters."""
        rest = self.letters[letters:].lstrip("'")
        written = self.text + "".join(char for char in offered if is_writable(char))
        return replace(self, text=written[:COMMENT_ON_SCREEN_MAX], letters=rest)

    def space(self) -> Composing:
        """A space; nothing while Pinyin waits, which a space does not end without an offer."""
        return self if self.letters else self.insert(" ")

    def backspace(self) -> Composing:
        """Take back the last letter that waits, else the last character."""
        if self.letters:
            return replace(self, letters=self.letters[:-1])
        return replace(self, text=self.text[:-1])

    def flush(self) -> Composing:
        """Write the letters that wait as they are."""
        return replace(self, text=(self.text + self.letters)[:COMMENT_ON_SCREEN_MAX], letters="")

    def with_script(self, script: Script) -> Composing:
        """Letters begin something else from now on; those that wait are written."""
        return replace(self.flush(), script=script)
