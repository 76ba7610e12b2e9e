"""The pages' words: English in the pages themselves, Chinese in one catalogue."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Final

import polib

from pad.codes import Level

FOLDER: Final = Path(__file__).with_name("locale")
CHINESE: Final = "zh_CN"
ENGLISH: Final = "en"
HTML_LANGUAGE: Final = {CHINESE: "zh-CN", ENGLISH: "en"}
LEVELS: Final = {
    Level.VERY_SATISFIED: "Very satisfied",
    Level.SATISFIED: "Satisfied",
    Level.FAIRLY_SATISFIED: "Fairly satisfied",
    Level.DISSATISFIED: "Dissatisfied",
    Level.VERY_DISSATISFIED: "Very dissatisfied",
}
DURATIONS: Final = ((86400, "{n} d"), (3600, "{n} h"), (60, "{n} min"), (1, "{n} s"))
"""Units of time by their seconds."""


class Said(StrEnum):
    """What a page says of a request it cannot follow."""

    OTHER_SITE = "A form of another site is not taken."
    NO_ADDRESS = "The address of a pad has the form http://127.0.0.1:27100."
    NO_CASE = "There is no bad rating of this number."
    NOT_NOW = "This step does not follow what is there by now."
    NOTHING_RATED = "Nothing was rated in this period."
    OTHER_FIGURES = "The figures are others than those you looked through. Please look again."
    NOT_FOR_PADS = "No pad would take these figures."
    NO_SWITCH = "There is no such switch."


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.html_language = HTML_LANGUAGE[language]
        self._texts: dict[str, str] = {}
        if language != ENGLISH:
            entries = polib.pofile(str(FOLDER / f"{language}.po"), encoding="utf-8")
            self._texts = {entry.msgid: entry.msgstr for entry in entries if entry.msgstr}

    def say(self, message: str, **parts: object) -> str:
        """A message with its parts filled in."""
        return self._texts.get(message, message).format(**parts)

    def duration(self, seconds: float) -> str:
        """A length of time in its largest whole unit."""
        for unit, message in DURATIONS:
            if seconds >= unit:
                return self.say(message, n=int(seconds // unit))
        return self.say(DURATIONS[-1][1], n=0)

    def level(self, level: int) -> str:
        """A level's name."""
        return self.say(LEVELS[Level(level)])


def wanted(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language to answer in: asked for in the address, kept from before, or the browser's first of ours.

    :param accepted: the header Accept-Language, whose order of weights is read as browsers write it
    """
    for each in (asked, kept):
        if each in HTML_LANGUAGE:
            return each
    for part in accepted.split(","):
        tag = re.split("[-;]", part.strip().lower())[0]
        if tag in ("zh", "en"):
            return CHINESE if tag == "zh" else ENGLISH
    return CHINESE
