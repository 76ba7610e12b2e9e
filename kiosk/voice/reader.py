"""Reads out what is on the glass: the sentence of each step, and where the five keys have come to."""

from __future__ import annotations

from typing import Final

from kiosk.ui.words import Catalogues
from kiosk.view import ScreenName, View
from kiosk.voice.prompts import prompt_of, prompt_on, spoken
from kiosk.voice.speaker import Speaker

_SILENT: Final = (ScreenName.IDLE, ScreenName.SERVING)


class Reader:
    """For the UI thread; everything that takes time happens in the speaker's."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def changed(self, before: View, after: View, words: Catalogues) -> None:
        """One view gave way to another: say what is due, or be silent where nobody is spoken to."""
        prompt = prompt_of(before, after)
        if prompt is not None:
            self._speaker.speak(prompt, spoken(prompt, words.say), words.language)
        elif after.screen in _SILENT and before.screen not in _SILENT:
            self._speaker.hush()

    def again(self, view: View, words: Catalogues) -> None:
        """Say what belongs to a view once more, or in another language."""
        prompt = prompt_on(view)
        if prompt is not None:
            self._speaker.speak(prompt, spoken(prompt, words.say), words.language)

    def name(self, text: str, words: Catalogues) -> None:
        """Say what a button says."""
        self._speaker.speak(None, text, words.language)

    def rehearse(self, words: Catalogues) -> None:
        """Say everything there is."""
        self._speaker.rehearse(words.language)
