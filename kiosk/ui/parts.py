"""The parts screens are put together from: words set into their box, buttons, cards, the ring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import Any, ClassVar, Final

from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.widget import Widget

from kiosk.ui import theme, typeset
from kiosk.ui.glyphs import Glyphs
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.typeset import Type
from pad.clock import monotonic_ns

REGULAR: Final = "pad"
BOLD: Final = "pad-bold"
rare: Glyphs | None = None
"""What marks characters that the first font has not; set once, when the fonts are registered."""
_TALL: Final = 1.42
"""By how much a line may be taller that has characters of another font; the tallest Tibetan stacks are."""
_AT_ONCE_NS: Final = 1_000_000_000
"""A press that long ago is a thing that leans on the glass, and spoils nobody's."""
_FONT_LEADING: Final = 1.448
"""What Noto Sans CJK puts from line to line by itself, in em."""


def place(widget: Any, box: Box, form: Form) -> None:
    """Put a widget at a box (Kivy counts from the bottom)."""
    widget.size = (box.width, box.height)
    widget.pos = (box.left, form.height - box.bottom)


def face_of(text: str) -> Type:
    """What a text is set in."""
    if rare is None:
        return Type(lambda _char: 1.0)
    return Type(rare.advance, _TALL if rare.missing(text) else 1.0)


@dataclass(frozen=True, slots=True)
class Style:
    """How words look: weight, side, colour, and the room left free at either side, in pixels."""

    bold: bool = False
    align: str = "center"
    colour: theme.Colour = theme.INK
    pad: float = 0.0


class Words(Label):
    """Text that stands inside its box: wrapped, smaller if it must be, and at last cut.

    ``size`` is in units before the form's own scale.
    """

    def __init__(self, form: Form, text: str, box: Box, size: float, style: Style | None = None) -> None:
        style = style or Style()
        self._form, self._box, self._type, self._pad = form, box, size * form.type_scale, style.pad
        super().__init__(
            **self._set(text),
            font_name=BOLD if style.bold else REGULAR,
            color=style.colour,
            disabled_color=style.colour,
            halign=style.align,
            valign="middle",
            size_hint=(None, None),
        )
        place(self, box, form)
        if not self.markup:
            # Chinese characters sit a little below the middle of the line that the font leads for
            self.y += 0.08 * self.font_size
        self.said = text

    def show(self, text: str) -> None:
        """Show another text."""
        if text != self.said:
            self.said = text
            for name, value in self._set(text).items():
                setattr(self, name, value)

    def _set(self, text: str) -> dict[str, Any]:
        unit = self._form.unit
        inner = self._box.width - 2 * self._pad
        found = typeset.fit(text, inner / unit * 0.99, self._box.height / unit, self._type, face_of(text))
        lines = "\n".join(found.lines)
        markup = rare.marked(lines) if rare is not None else None
        return {
            "markup": markup is not None,
            # with markup Kivy makes a text of less leading higher, a piece at a time
            "line_height": typeset.LINE / _FONT_LEADING if markup is None else 1.0,
            "text": lines if markup is None else markup,
            "font_size": found.size * unit,
            "text_size": (inner, None),
        }


class Pressable(ButtonBehavior, Widget):
    """Something that is pressed: it shows the finger in the same frame, and tells when it is lifted.

    Where two are pressed at about the same time, by a palm or two hands, neither was meant.
    """

    _down: ClassVar[dict[Pressable, int]] = {}
    """Those that have a finger on them, and since when."""

    def __init__(self, form: Form, box: Box, release: Callable[[], None]) -> None:
        self.form = form
        self._release = release
        self._spoiled = False
        # a short press shows as long as it lasts; nothing is put off by it
        super().__init__(size_hint=(None, None), min_state_time=0, always_release=False)
        place(self, box, form)
        self.bind(state=self.draw, disabled=self.draw)

    def draw(self, *_: Any) -> None:
        """Draw it as it is now."""

    def on_press(self) -> None:
        """Remember when, and see what else is pressed."""
        now = monotonic_ns()
        others = [each for each, since in self._down.items() if now - since < _AT_ONCE_NS]
        self._down[self] = now
        self._spoiled = bool(others)
        for each in others:
            each.spoil()

    @classmethod
    def let_go(cls, *, spoilt: bool) -> None:
        """Forget what is pressed, its screen has gone; ``spoilt`` if it was another person's as well."""
        if spoilt:
            for each in cls._down:
                each.spoil()
        cls._down.clear()

    def spoil(self) -> None:
        """Something else was pressed as well: nothing comes of this."""
        self._spoiled = True

    def by_key(self) -> None:
        """Pressed by one of the five keys: no finger is involved."""
        if not self.disabled:
            self._release()

    def on_state(self, _widget: Any, state: str) -> None:
        """However the finger left, it is gone."""
        if state == "normal":
            self._down.pop(self, None)

    def on_release(self) -> None:
        """Do what it says."""
        if not self._spoiled:
            self._release()


class Weight(Enum):
    """How loud a button is: what most people want next, a way to go, or a thing that is just there."""

    STRONG = "strong"
    USUAL = "usual"
    QUIET = "quiet"


_LOOK: Final = {
    Weight.STRONG: (theme.ACCENT, theme.HEAD_INK, theme.ACCENT),
    Weight.USUAL: (theme.CARD, theme.ACCENT, theme.ACCENT),
    Weight.QUIET: (theme.CARD, theme.INK, theme.LINE),
}


class PlainButton(Pressable):
    """A button with words."""

    def __init__(self, form: Form, text: str, box: Box, size: float, release: Callable[[], None],
                 weight: Weight = Weight.USUAL) -> None:  # fmt: skip
        super().__init__(form, box, release)
        self._weight = weight
        self.words = Words(form, text, box, size, Style(bold=weight is Weight.STRONG, pad=1.2 * form.unit))
        self.add_widget(self.words)
        self.draw()

    def draw(self, *_: Any) -> None:
        """Draw the button below its words."""
        held = self.state == "down"
        fill, ink, edge = _LOOK[self._weight]
        if self.disabled:
            fill, ink, edge = theme.DISABLED, theme.DISABLED_INK, theme.DISABLED
        elif held:
            fill, ink, edge = theme.PRESSED, theme.INK, theme.ACCENT
        self.words.color = self.words.disabled_color = ink
        self.canvas.before.clear()
        with self.canvas.before:
            width = 0.5 * self.form.unit if held else 1.3
            rounded(self.pos, self.size, 2.4 * self.form.unit, fill, edge, width)


class Chip(Pressable):
    """An indicator to tick: a box with a tick, the platform's words beside it."""

    def __init__(self, form: Form, text: str, box: Box, size: float, release: Callable[[], None]) -> None:
        super().__init__(form, box, release)
        self.ticked = False
        self._side = min(box.height * 0.5, 4.2 * form.unit)
        _, beside = box.cut_left(self._side * 1.9)
        self.add_widget(Words(form, text, beside.cut_right(1.2 * form.unit)[0], size, Style(align="left")))
        self.draw()

    def draw(self, *_: Any) -> None:
        """Draw the chip; the tick tells by shape, the fill by colour as well."""
        unit, side = self.form.unit, self._side
        held = self.state == "down" or self.ticked
        left, bottom = self.x + side * 0.5, self.center_y - side / 2
        self.canvas.before.clear()
        with self.canvas.before:
            rounded(
                self.pos, self.size, 2 * unit, theme.PRESSED if held else theme.CARD,
                theme.ACCENT if held else theme.LINE, 0.4 * unit if held else 1.3,
            )  # fmt: skip
            if self.ticked:
                Color(*theme.ACCENT)
                RoundedRectangle(pos=(left, bottom), size=(side, side), radius=[side * 0.22])
                Color(*theme.HEAD_INK)
                tick = (0.22, 0.52, 0.42, 0.28, 0.80, 0.74)
                points = [(left if at % 2 == 0 else bottom) + part * side for at, part in enumerate(tick)]
                Line(points=points, width=max(1.6, side * 0.07), cap="round", joint="round")
            else:
                Color(*theme.LINE)
                Line(rounded_rectangle=(left, bottom, side, side, side * 0.22), width=1.4)


class RingMark(Widget):
    """The time left as a quiet ring; while a finger is on the glass it stands full and still."""

    def __init__(self, form: Form, box: Box) -> None:
        super().__init__(size_hint=(None, None))
        place(self, box, form)
        self._width = max(2.5, 0.7 * form.unit)
        self._radius = min(self.size) / 2 * 0.72
        self.ends_ns = 0
        self.total_s = 1.0
        self.held = True
        self._shown = -1

    def draw(self) -> None:
        """Draw what is left, in steps of two degrees: fewer would jump, more would only cost."""
        left = (self.ends_ns - monotonic_ns()) / 1e9 / self.total_s
        angle = 360 if self.held else max(0, min(360, round(left * 180) * 2))
        if angle == self._shown:
            return
        self._shown = angle
        self.canvas.clear()
        with self.canvas:
            Color(*theme.DISABLED)
            Line(circle=(self.center_x, self.center_y, self._radius), width=self._width)
            Color(*theme.LINE)
            if angle > 0:
                Line(
                    circle=(self.center_x, self.center_y, self._radius, 360 - angle, 360),
                    width=self._width,
                    cap="round",
                )


class Card(Widget):
    """A white card to stand things on."""

    def __init__(self, form: Form, box: Box, fill: theme.Colour = theme.CARD) -> None:
        super().__init__(size_hint=(None, None))
        place(self, box, form)
        with self.canvas:
            rounded(self.pos, self.size, 2.4 * form.unit, fill, theme.DISABLED)


class Photo(Widget):
    """The clerk's photo, whole in its box; an empty box if it cannot be read."""

    def __init__(self, form: Form, photo: bytes, box: Box) -> None:
        super().__init__(size_hint=(None, None))
        place(self, box, form)
        texture = _texture(photo)
        if texture is None:
            return
        width, height = texture.size
        scale = min(self.width / width, self.height / height)
        size = (width * scale, height * scale)
        pos = (self.center_x - size[0] / 2, self.center_y - size[1] / 2)
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(texture=texture, pos=pos, size=size)


def rounded(pos: Any, size: Any, radius: float, fill: theme.Colour, edge: theme.Colour,
            width: float = 1.3) -> None:  # fmt: skip
    """A rounded rectangle with an edge, on the canvas that is open."""
    radius = min(radius, size[1] / 2)
    Color(*fill)
    RoundedRectangle(pos=pos, size=size, radius=[radius])
    Color(*edge)
    Line(rounded_rectangle=(*pos, *size, radius), width=width)


def _texture(photo: bytes) -> Any:
    if not photo:
        return None
    kind = "png" if photo.startswith(b"\x89PNG") else "jpg"
    try:
        return CoreImage(BytesIO(photo), ext=kind).texture
    except Exception:
        # Kivy's image providers raise anything on a damaged picture; a card without a photo is still a card
        return None
