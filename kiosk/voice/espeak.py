"""Sentences made into sound by espeak-ng, in the voice that reads each language right."""

from __future__ import annotations

import io
import re
from typing import Final

from kiosk.voice import sound
from kiosk.voice.child import Bell, ChildError, run
from kiosk.voice.sound import Sound, SoundError

_WORDS_A_MINUTE: Final = 150
"""A little slower than espeak-ng's 175: halls are loud, and many who come are old."""
_MANDARIN_A_MINUTE: Final = 180
"""A syllable counts as a word: four characters a second, where newsreaders have five."""
_PATIENCE_S: Final = 10.0
_MANDARIN: Final = "cmn-latn-pinyin"
"""espeak-ng 1.51's plain ``cmn`` spells the tones out in English ("ni-two"): espeak-ng issues 1028, 1236."""
_ENGLISH: Final = "en"
_NAME: Final = re.compile(r"^\s*\d+\s+(?P<name>\S+)|\((?P<other>\S+) \d+\)", re.MULTILINE)


def synthesised(text: str, voice: str, volume: int, bell: Bell) -> Sound:
    """The sound of a text; it goes in as a file, so that nothing in it can be taken for an option.

    :param volume: percent of the amplitude at which it just does not clip
    :raises ChildError: if espeak-ng is missing or cannot do it
    :raises kiosk.voice.child.Called: if the bell rings first
    """
    pace = _MANDARIN_A_MINUTE if voice == _MANDARIN else _WORDS_A_MINUTE
    options = ["-b", "1", "-v", voice, "-s", str(pace), "-a", str(volume)]
    made = run(
        ["espeak-ng", *options, "--stdin", "--stdout"], text.encode("utf-8", "replace"), _PATIENCE_S, bell
    )
    try:
        return sound.read(io.BytesIO(made))
    except SoundError as error:
        raise ChildError(f"espeak-ng: voice {voice}: {error}") from error


class Voices:
    """Which of espeak-ng's voices speaks which language; it is asked once."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    def of(self, language: str, bell: Bell) -> str | None:
        """The voice for a language such as ``zh_CN`` or ``fr``, None if it has none.

        :raises ChildError: if espeak-ng is missing or does not answer
        :raises kiosk.voice.child.Called: if the bell rings first
        """
        whole = language.lower().replace("_", "-")
        short = whole.partition("-")[0]
        if short == "zh":
            return _MANDARIN
        if short == "en":
            return _ENGLISH
        if not self._names:
            listed = run(["espeak-ng", "--voices"], b"", _PATIENCE_S, bell).decode("utf-8", "replace")
            self._names = frozenset(match["name"] or match["other"] for match in _NAME.finditer(listed))
        return next((name for name in (whole, short) if name in self._names), None)
