"""What every screen is: parts placed once, targets named, and a way to follow a new view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from kivy.uix.floatlayout import FloatLayout

from kiosk.events import Event
from kiosk.ui import layout, theme
from kiosk.ui.faces import FaceButton
from kiosk.ui.layout import Box
from kiosk.ui.parts import Words, place
from kiosk.ui.words import Catalogues
from kiosk.view import View
from pad.codes import Level


@dataclass(frozen=True, slots=True)
class Setting:
    """What screens are built with: the words, the window's size, and where events go.

    ``rearranged`` is told when a screen shows other targets without a new view.
    """

    words: Catalogues
    width: float
    height: float
    hall_name: str
    post: Callable[[Event], None]
    rearranged: Callable[[], None]

    @property
    def unit(self) -> float:
        """One hundredth of the window's shorter side, in pixels."""
        return min(self.width, self.height) / 100


@dataclass
class Target:
    """Something that can be tapped: the widget, and whether it answers now."""

    widget: Any
    enabled: bool = True


@dataclass
class Targets:
    """The targets on a screen by name, in the order they were added."""

    by_name: dict[str, Target] = field(default_factory=dict)


_FACE_SHARE: Final = 0.76
"""A face takes at most this share of its box's height; its word stands in the rest."""


class Screen(FloatLayout):
    """A screen: built for one view, it follows later views of the same kind by :meth:`follow`."""

    def __init__(self, setting: Setting, view: View) -> None:
        super().__init__(size=(setting.width, setting.height), pos=(0, 0))
        self.setting = setting
        self.targets = Targets()
        self.build(view)
        self.follow(view)

    def build(self, view: View) -> None:
        """Put the parts in place; a screen has none until it says so."""

    def follow(self, view: View) -> None:
        """Show what differs in a new view."""

    def leave(self) -> None:
        """Let go of everything: what a person began here must not go on into the next visit."""

    def tick(self) -> None:
        """Let time show; called some times a second while the screen has a ring."""

    def put(self, widget: Any, box: Box, name: str = "") -> Any:
        """Place a part; with a name it is a target."""
        place(widget, box, self.setting.height)
        widget.size_hint = (None, None)
        self.add_widget(widget)
        if name:
            self.targets.by_name[name] = Target(widget)
        return widget

    def write(self, text: str, box: Box, size: float, **style: Any) -> Words:
        """Place words; ``size`` in units."""
        words = Words(text, size * self.setting.unit, **style)
        self.put(words, box)
        return words

    def enable(self, name: str, enabled: bool) -> None:
        """Let a target answer or not."""
        target = self.targets.by_name[name]
        target.enabled = enabled
        target.widget.disabled = not enabled

    def faces(
        self, boxes: dict[Level, Box], release: Callable[[Level, str], None]
    ) -> dict[Level, FaceButton]:
        """Five faces with their words below."""
        unit = self.setting.unit
        words = {level: self.setting.words.level(level) for level in layout.ORDER}
        # one size for all five, so that none is louder: the longest word must fit the width
        # (Chinese is one em a character), and a line with its leading the height
        ems = max(
            len(part) * (0.62 if part.isascii() else 1.06) for word in words.values() for part in word.split()
        )
        buttons = {}
        for level in layout.ORDER:
            button = FaceButton(level, partial(release, level))
            box = boxes[level]
            share = button.share = min(_FACE_SHARE, box.width / box.height)
            buttons[level] = self.put(button, box, f"face-{level.value}")
            below = Box(box.left, box.top + box.height * share, box.width, box.height * (1 - share))
            size = min(theme.LARGE, box.width / unit / ems, below.height / unit / 1.5)
            self.write(words[level], below, size, bold=True)
        return buttons


def boxes_of(screen: Screen, names: Sequence[str] | None = None) -> dict[str, tuple[int, int, int, int]]:
    """Where targets are, in pixels from the top left."""
    height = screen.setting.height
    found = {}
    for name, target in screen.targets.by_name.items():
        if names is None or name in names:
            widget = target.widget
            found[name] = (
                round(widget.x), round(height - widget.top), round(widget.width), round(widget.height)
            )  # fmt: skip
    return found
