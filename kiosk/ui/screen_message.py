"""Screens that say one thing: thanks, taken back, already rated, paused, closed, no room, starting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kivy.uix.widget import Widget

from kiosk.ui import layout, theme
from kiosk.ui.faces import (
    sign_of_pause,
    sign_of_taking_back,
    sign_of_trouble,
    sign_of_yes,
)
from kiosk.ui.screen import Screen
from kiosk.view import ScreenName, View

Sign = Callable[[Any, tuple[float, float], float], None]


@dataclass(frozen=True, slots=True)
class Message:
    """A sign, a title, and a line below it."""

    sign: Sign
    title: str
    text: str


MESSAGES: Final = {
    ScreenName.THANKS: Message(sign_of_yes, "Thank you", "Your rating is recorded."),
    ScreenName.WITHDRAWN: Message(sign_of_taking_back, "Nothing was recorded", "Your rating was taken back."),
    ScreenName.ALREADY_RATED: Message(sign_of_yes, "Already rated", "This matter has its rating. Thank you."),
    ScreenName.PAUSED: Message(
        sign_of_pause, "Service paused", "Please wait a moment, or use another window."
    ),
    ScreenName.CLOSED: Message(sign_of_pause, "Window closed", "Please use another window."),
    ScreenName.CANNOT_STORE: Message(
        sign_of_trouble,
        "Ratings cannot be taken now",
        "This pad needs a technician. Please rate by phone or at the service desk.",
    ),
    ScreenName.STARTING: Message(sign_of_pause, "Starting", "One moment, please."),
}


class MessageScreen(Screen):
    """One message, for everybody to read from afar."""

    def build(self, view: View) -> None:
        """Put sign and words in place."""
        setting, words = self.setting, self.setting.words
        boxes = layout.message(setting.width, setting.height)
        message = MESSAGES[view.screen]
        sign = self.put(Widget(), boxes.sign)
        radius = boxes.sign.width / 2 * 0.9
        message.sign(sign.canvas, sign.center, radius)
        self.write(words.say(message.title), boxes.title, theme.TITLE * 1.4, bold=True)
        text = view.notice or words.say(message.text)
        self.write(text, boxes.text, theme.LARGE, colour=theme.QUIET_INK)
