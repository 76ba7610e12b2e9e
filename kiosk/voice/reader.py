"""Reads out what is on the glass: the sentence of each step, and where the five keys have come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.ui.words import Catalogues
from kiosk.view import ScreenName, View
from kiosk.voice.prompts import Prompt, prompt_of, prompt_on, spoken

if TYPE_CHECKING:
    from kiosk.voice.speaker import Speaker

_SILENT: Final = (ScreenName.IDLE, ScreenName.SERVING)


class Reader:
    """For the UI thread; everything that takes time happens in the speaker's.

    Until it has a ``speaker`` it reads to itself: the first screen does not wait for sound.
    """

    def __init__(self) -> None:
        self.speaker: Speaker | None = None

    def changed(self, before: View, after: View, words: Catalogues) -> None:
        """One view gave way to another: say what is due, or be silent where nobody is spoken to."""
        prompt = prompt_of(before, after)
        if prompt is not None:
            self._speak(prompt, words)
        elif after.screen in _SILENT and before.screen not in _SILENT and self.speaker is not None:
            self.speaker.hush()

    def again(self, view: View, words: Catalogues) -> None:
        """Say what belongs to a view once more, or in another language."""
        prompt = prompt_on(view)
        if prompt is not None:
            self._speak(prompt, words)

    def name(self, text: str, words: Catalogues) -> None:
        """Say what a button says."""
        if self.speaker is not None:
            self.speaker.speak(None, text, words.language)

    def rehearse(self, words: Catalogues) -> None:
        """Say everything there is."""
        if self.speaker is not None:
            self.speaker.rehearse(words.language)

    def _speak(self, prompt: Prompt, words: Catalogues) -> None:
        if self.speaker is not None:
            self.speaker.speak(prompt, spoken(prompt, words.say), words.language)
