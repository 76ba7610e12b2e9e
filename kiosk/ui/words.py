"""The screens' words, by language: gettext catalogues, one ``.po`` file each in ``kiosk/locale``.

The message ids are the English sentences, so English needs no catalogue. Another language is
added by dropping its catalogue into ``locale`` beside the settings file. Indicator texts are not
here: they are the platform's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polib

from pad.codes import Level

FOLDER: Final = Path(__file__).parents[1] / "locale"
ENGLISH: Final = "en"
CHINESE: Final = "zh_CN"

LEVELS: Final = {
    Level.VERY_SATISFIED: "Very satisfied",
    Level.SATISFIED: "Satisfied",
    Level.FAIRLY_SATISFIED: "Fairly satisfied",
    Level.DISSATISFIED: "Dissatisfied",
    Level.VERY_DISSATISFIED: "Very dissatisfied",
}


class LanguageError(Exception):
    """There is no catalogue for the language configured, or one cannot be used."""


class Catalogues:
    """Every language there is; :meth:`say` speaks the chosen one."""

    def __init__(self, first: str, *folders: Path) -> None:
        """Read the catalogues of these folders (none named: the pad's own); a later one's win.

        :raises LanguageError: if there is none for ``first``, or one cannot be read
        """
        files = [file for folder in folders or (FOLDER,) for file in sorted(folder.glob("*.po"))]
        self._texts = {file.stem: _read(file) for file in files}
        self._texts.setdefault(ENGLISH, {})
        if first not in self._texts:
            there = ", ".join(self._texts)
            raise LanguageError(f"screen.language: found {first!r}; there are catalogues for {there}")
        self._first = first
        self.language = first

    def say(self, message: str, **parts: object) -> str:
        """A message in the chosen language, with its parts filled in."""
        return self._texts[self.language].get(message, message).format(**parts)

    def pick(self, texts: Mapping[str, str]) -> str:
        """A text of the platform's in the chosen language; where it has none, the Chinese one."""
        return texts.get(self.language) or texts.get(CHINESE) or next(iter(texts.values()), "")

    def level(self, level: Level) -> str:
        """A level's word."""
        return self.say(LEVELS[level])

    @property
    def is_chinese(self) -> bool:
        """Whether the chosen language is Chinese."""
        return self.language.startswith("zh")

    def reset(self) -> bool:
        """Back to the language configured, for the next person; whether it was another."""
        was, self.language = self.language, self._first
        return was != self._first

    def following(self) -> str:
        """The language the button leads to."""
        languages = list(self._texts)
        return languages[(languages.index(self.language) + 1) % len(languages)]

    def switch(self) -> None:
        """On to the next language."""
        self.language = self.following()

    def own_name(self, language: str) -> str:
        """What a language calls itself: its catalogue's translation of this message."""
        return self._texts[language].get("English", "English")


def _read(file: Path) -> dict[str, str]:
    try:
        entries = polib.pofile(str(file), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LanguageError(f"{file}: found {error}; a gettext catalogue in UTF-8 is needed") from error
    return {entry.msgid: entry.msgstr for entry in entries if entry.msgstr}
