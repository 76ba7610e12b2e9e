"""What every screen is: parts placed once, targets named, and a way to follow a new view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kivy.graphics import Color, Line
from kivy.uix.widget import Widget

from kiosk.events import Event
from kiosk.ui import theme, typeset
from kiosk.ui.faces import FaceButton
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.invitation import FaceBox
from kiosk.ui.offers import Offers
from kiosk.ui.parts import PlainButton, RingMark, Style, Weight, Words, face_of
from kiosk.ui.words import Catalogues
from kiosk.view import View
from pad.codes import Level


@dataclass(frozen=True, slots=True)
class Setting:
    """What screens are built with: the words, the form, and where events go.

    ``rearranged`` is told when a screen shows other targets without a new view; ``offers`` has what
    Pinyin may mean; ``rehearse`` plays every sound.
    """

    words: Catalogues
    form: Form
    hall_name: str
    post: Callable[[Event], None]
    rearranged: Callable[[], None]
    offers: Offers
    rehearse: Callable[[], None]


@dataclass
class Target:
    """Something that can be pressed: the widget, what it says, and whether it answers now."""

    widget: Any
    says: str
    enabled: bool = True


class Screen(Widget):
    """A screen: built for one view, it follows later views of the same kind by :meth:`follow`."""

    def __init__(self, setting: Setting, view: View) -> None:
        self.setting = setting
        self.form = setting.form
        super().__init__(size_hint=(None, None), size=(self.form.width, self.form.height))
        self.targets: dict[str, Target] = {}
        self._ring: RingMark | None = None
        self.build(view)
        self.follow(view)

    def build(self, view: View) -> None:
        """Put the parts in place; a screen has none until it says so."""

    def follow(self, view: View) -> None:
        """Show what differs in a new view."""

    def leave(self) -> None:
        """Let go of everything: what a person began here must not go on into the next visit."""

    def tick(self) -> None:
        """Let the ring close; called some times a second while the view has one."""
        if self._ring is not None:
            self._ring.draw()

    def put_ring(self, box: Box) -> None:
        """Add the ring of the time left."""
        self._ring = RingMark(self.form, box)
        self.add_widget(self._ring)

    def show_time_left(self, view: View) -> None:
        """Let the ring stand as the view has it."""
        if self._ring is not None and view.ring is not None:
            self._ring.ends_ns, self._ring.total_s = view.ring.ends_ns, view.ring.total_s
            self._ring.held = view.ring.held
        self.tick()

    def put(self, widget: Any, name: str = "", says: str = "") -> Any:
        """Add a part; with a name it is a target."""
        self.add_widget(widget)
        if name:
            self.targets[name] = Target(widget, says)
        return widget

    def write(self, text: str, box: Box, size: float, style: Style | None = None) -> Words:
        """Add words; ``size`` in units."""
        words = Words(self.form, text, box, size, style)
        self.add_widget(words)
        return words

    def button(
        self, name: str, text: str, box: Box, release: Callable[[], None], *, strong: bool = False
    ) -> PlainButton:
        """Add a button."""
        size, weight = (theme.LARGE, Weight.STRONG) if strong else (theme.NORMAL, Weight.USUAL)
        made: PlainButton = self.put(PlainButton(self.form, text, box, size, release, weight), name, text)
        return made

    def enable(self, name: str, enabled: bool) -> None:
        """Let a target answer or not."""
        target = self.targets[name]
        target.enabled = enabled
        target.widget.disabled = not enabled

    def faces(
        self, boxes: Mapping[Level, FaceBox], size: float, release: Callable[[Level, str], None]
    ) -> dict[Level, FaceButton]:
        """Five faces with their words, all of one size so that none is louder."""
        form = self.form
        said = {level: self.setting.words.level(level) for level in boxes}
        box = next(iter(boxes.values())).word
        common = typeset.uniform(
            said.values(),
            box.width / form.unit * 0.99,
            box.height / form.unit,
            size * form.type_scale,
            face_of("".join(said.values())),
        )
        return {
            level: self.put(
                FaceButton(form, level, box, said[level], common, partial(release, level)),
                f"face-{level.value}",
                said[level],
            )
            for level, box in boxes.items()
        }

    @property
    def letters(self) -> int:
        """How many letters of Pinyin wait to become characters."""
        return 0

    def in_order(self) -> list[str]:
        """The targets that answer, as the keys go through them."""
        return [name for name, target in self.targets.items() if target.enabled]


def mark(widget: Any, form: Form) -> None:
    """Show that the keys have come to a widget."""
    widget.canvas.after.clear()
    gap = 0.6 * form.unit
    with widget.canvas.after:
        Color(*theme.INK)
        Line(
            rounded_rectangle=(
                widget.x - gap, widget.y - gap, widget.width + 2 * gap, widget.height + 2 * gap, 3 * form.unit
            ),
            width=0.6 * form.unit,
        )  # fmt: skip


def unmark(widget: Any) -> None:
    """The keys have gone on."""
    widget.canvas.after.clear()


def boxes_of(screen: Screen) -> dict[str, tuple[int, int, int, int]]:
    """Where targets are, in pixels from the top left."""
    return {name: box_of(target.widget, screen.form) for name, target in screen.targets.items()}


def box_of(widget: Any, form: Form) -> tuple[int, int, int, int]:
    """Where a widget is, in pixels from the top left."""
    top = form.height - widget.top
    return round(widget.x), round(top), round(widget.width), round(widget.height)
