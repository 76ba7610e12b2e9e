"""Screens that say one thing: thanks, taken back, rated before or by phone, paused, closed, no room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.faces import (
    sign_of_pause,
    sign_of_taking_back,
    sign_of_trouble,
    sign_of_yes,
)
from kiosk.ui.layout.resting import message
from kiosk.ui.parts import Style, place
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
    ScreenName.RATED_BY_PHONE: Message(
        sign_of_yes,
        "You have rated on your phone, thank you",
        "If that was not you, please tell the hall's manager.",
    ),
    ScreenName.FORESTALLED: Message(
        sign_of_taking_back,
        "This matter was just rated on a phone",
        "What was tapped here is not counted. If that was not you, please tell the hall's manager.",
    ),
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
        words, boxes = self.setting.words, message(self.form)
        said = MESSAGES[view.screen]
        sign = self.put(Widget(size_hint=(None, None)))
        place(sign, boxes.sign, self.form)
        said.sign(sign.canvas, sign.center, boxes.sign.width / 2)
        self.write(words.say(said.title), boxes.title, theme.HUGE, Style(bold=True))
        text = view.notice or words.say(said.text)
        self.write(text, boxes.text, theme.LARGE, Style(colour=theme.QUIET_INK))
