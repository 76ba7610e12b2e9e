"""What stands around every screen: hall and clock above, below it the modes anybody may choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.frame import frame
from kiosk.ui.parts import PlainButton, Style, Weight, Words
from kiosk.ui.screen import Target
from kiosk.ui.words import Catalogues


@dataclass(frozen=True, slots=True)
class Choices:
    """What is called when a mode's button is pressed."""

    language: Callable[[], None]
    big: Callable[[], None]
    low: Callable[[], None]


class Bar(Widget):
    """Head and modes; built anew when a mode changes."""

    def __init__(self, form: Form, words: Catalogues, hall_name: str, choices: Choices) -> None:
        super().__init__(size_hint=(None, None), size=(form.width, form.height))
        boxes = frame(form)
        with self.canvas.before:
            Color(*theme.PAPER)
            Rectangle(pos=(0, 0), size=self.size)
            Color(*theme.HEAD)
            Rectangle(pos=(0, form.height - boxes.head.height), size=(boxes.head.width, boxes.head.height))
        hall = Words(form, hall_name, boxes.hall, theme.NORMAL,
                     Style(bold=True, align="left", colour=theme.HEAD_INK))  # fmt: skip
        self._clock = Words(form, "", boxes.clock, theme.NORMAL, Style(align="right", colour=theme.HEAD_INK))
        self.add_widget(hall)
        self.add_widget(self._clock)
        self.targets: dict[str, Target] = {}
        following = words.following()
        for name, text, box, release in (
            ("language", words.own_name(following), boxes.language, choices.language),
            (
                "big",
                words.say("Normal type") if form.big else words.say("Large type"),
                boxes.big,
                choices.big,
            ),
            ("low", words.say("Normal height") if form.low else words.say("Lower"), boxes.low, choices.low),
        ):
            button = PlainButton(form, text, box, theme.NORMAL, release, Weight.QUIET)
            self.add_widget(button)
            self.targets[name] = Target(button, text)

    def show_time(self, now: datetime) -> None:
        """Let the clock tell the time."""
        self._clock.show(f"{now:%H:%M}")
