"""The parts screens are put together from: words that fit, buttons, cards, the ring."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, Final

from kivy.core.image import Image as CoreImage
from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Line, Rectangle, RoundedRectangle
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.label import Label
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.layout import Box
from pad import codes
from pad.clock import monotonic_ns

REGULAR: Final = "pad"
BOLD: Final = "pad-bold"
_SHRINK: Final = 0.06
_SHRINKING_STEPS: Final = 6
"""Words shrink by this share in so many steps before they are cut."""
_CUT: Final = "…"


def place(widget: Any, box: Box, window_height: float) -> None:
    """Put a widget at a box (Kivy counts from the bottom)."""
    widget.size = (box.width, box.height)
    widget.pos = (box.left, window_height - box.bottom)


class Words(Label):
    """Text that wraps, shrinks and at last is shortened, until it stands inside its box."""

    def __init__(self, text: str, type_size: float, *, bold: bool = False, align: str = "center",
                 valign: str = "middle", colour: theme.Colour = theme.INK, **given: Any) -> None:  # fmt: skip
        super().__init__(
            text=text,
            font_name=BOLD if bold else REGULAR,
            color=colour,
            halign=align,
            valign=valign,
            size_hint=(None, None),
            **given,
        )
        self._full_size = type_size
        self.bind(size=self.fit, text=self.fit)

    def fit(self, *_: Any) -> None:
        """Choose the largest size at which the text fits; at the smallest, cut it."""
        if self.width <= 1 or self.height <= 1:
            return
        whole = self.text
        for step in range(_SHRINKING_STEPS):
            if self._fits(whole, self._full_size * (1 - step * _SHRINK)):
                break
        else:
            self._cut(whole)
        self.text_size = self.size

    def _fits(self, text: str, type_size: float) -> bool:
        options = self._label.options | {"text_size": (self.width, None), "font_size": type_size}
        measured = CoreLabel(**options | {"text": text})
        measured.refresh()
        self.font_size = type_size
        return bool(measured.content_height <= self.height)

    def _cut(self, whole: str) -> None:
        least, most = 0, len(whole)
        while least < most:
            middle = (least + most + 1) // 2
            if self._fits(whole[:middle] + _CUT, self.font_size):
                least = middle
            else:
                most = middle - 1
        self.unbind(text=self.fit)
        self.text = whole[:least] + _CUT
        self.bind(text=self.fit)


class PlainButton(ButtonBehavior, Words):
    """A button with words: ``strong`` for what most people want next."""

    def __init__(self, text: str, size: float, release: Callable[[], None], *, strong: bool = False,
                 **given: Any) -> None:  # fmt: skip
        self._strong = strong
        self._release = release
        super().__init__(text=text, type_size=size, bold=strong, **given)
        self.padding = (size * 0.4, size * 0.1, size * 0.4, size * 0.1)
        self.bind(pos=self.draw, size=self.draw, state=self.draw, disabled=self.draw)

    def draw(self, *_: Any) -> None:
        """Draw the button below its words."""
        pressed = self.state == "down"
        fill, ink, edge = theme.CARD, theme.ACCENT, theme.ACCENT
        if self._strong:
            fill, ink = theme.ACCENT, theme.HEAD_INK
        if self.disabled:
            fill, ink, edge = theme.DISABLED, theme.DISABLED_INK, theme.DISABLED
        elif pressed:
            fill, ink = theme.PRESSED, theme.INK
        self.color = self.disabled_color = ink
        self.canvas.before.clear()
        radius = [min(self.height / 2, 28)] * 4
        with self.canvas.before:
            Color(*fill)
            RoundedRectangle(pos=self.pos, size=self.size, radius=radius)
            Color(*edge)
            Line(rounded_rectangle=(*self.pos, *self.size, radius[0]), width=1.4)

    def on_release(self) -> None:
        """Do what the button says."""
        self._release()


class Chip(PlainButton):
    """An indicator to tick: a box with a tick, the platform's words beside it."""

    def __init__(self, text: str, size: float, release: Callable[[], None]) -> None:
        self.ticked = False
        super().__init__(text, size, release, align="left")
        self.padding = (size * 2.2, 0, size * 0.5, 0)

    def draw(self, *_: Any) -> None:
        """Draw the chip; the tick tells by shape, the fill by colour as well."""
        pressed = self.state == "down"
        self.canvas.before.clear()
        side = min(self.height * 0.5, self._full_size * 1.15)
        left, bottom = self.x + self._full_size * 0.6, self.center_y - side / 2
        with self.canvas.before:
            Color(*(theme.PRESSED if pressed or self.ticked else theme.CARD))
            RoundedRectangle(pos=self.pos, size=self.size, radius=[14])
            Color(*(theme.ACCENT if self.ticked else theme.LINE))
            Line(rounded_rectangle=(*self.pos, *self.size, 14), width=2 if self.ticked else 1.2)
            Line(rounded_rectangle=(left, bottom, side, side, side * 0.2), width=1.5)
            if self.ticked:
                tick = (0.2, 0.52, 0.42, 0.28, 0.82, 0.76)
                points = [(left if at % 2 == 0 else bottom) + part * side for at, part in enumerate(tick)]
                Line(points=points, width=max(2.0, side * 0.08), cap="round", joint="round")


class RingMark(Widget):
    """The time left as a quiet ring; while a finger is on the glass it stands full and still."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.ends_ns = 0
        self.total_s = 1.0
        self.held = True
        self._shown = -1
        self.bind(pos=self._draw_anew, size=self._draw_anew)

    def _draw_anew(self, *_: Any) -> None:
        self._shown = -1
        self.draw()

    def draw(self, *_: Any) -> None:
        """Draw what is left, in steps of two degrees: fewer would jump, more would only cost."""
        left = (self.ends_ns - monotonic_ns()) / 1e9 / self.total_s
        angle = 360 if self.held else max(0, min(360, round(left * 180) * 2))
        if angle == self._shown:
            return
        self._shown = angle
        radius = min(self.size) / 2 - 6
        self.canvas.clear()
        with self.canvas:
            Color(*theme.DISABLED)
            Line(circle=(self.center_x, self.center_y, radius), width=5)
            Color(*theme.LINE)
            if angle > 0:
                Line(circle=(self.center_x, self.center_y, radius, 360 - angle, 360), width=5, cap="round")


class Comment(TextInput):
    """The comment's field: plain text on one or more lines' height, never over what the screen allows."""

    def __init__(self, hint: str, size: float, changed: Callable[[str], None], **given: Any) -> None:
        super().__init__(
            hint_text=hint,
            font_name=REGULAR,
            font_size=size,
            multiline=False,
            write_tab=False,
            foreground_color=theme.INK,
            hint_text_color=theme.QUIET_INK,
            background_color=theme.CARD,
            background_normal="",
            background_active="",
            cursor_color=theme.ACCENT,
            size_hint=(None, None),
            use_bubble=False,
            use_handles=False,
            **given,
        )
        self._changed = changed
        self.bind(text=self._tell, size=self._centre, line_height=self._centre)
        self.bind(pos=self._edge, focus=self._edge)

    def insert_text(self, substring: str, from_undo: bool = False) -> Any:
        """Take in what may be written: no control characters, no pictures, at most 150 in all."""
        allowed = "".join(char for char in substring if is_writable(char))
        room = codes.COMMENT_ON_SCREEN_MAX - len(self.text)
        return super().insert_text(allowed[: max(0, room)], from_undo=from_undo)

    def let_go(self) -> None:
        """Give the keyboard back, and tell of no change any more."""
        self.unbind(text=self._tell)
        self.focus = False

    def _tell(self, *_: Any) -> None:
        self._changed(self.text)

    def _centre(self, *_: Any) -> None:
        # one pixel less than half the room: a line that does not quite fit is not drawn at all
        self.padding = (self.font_size * 0.6, max(0, (self.height - self.line_height) / 2 - 1))
        self.scroll_y = 0
        self._edge()

    def _edge(self, *_: Any) -> None:
        self.canvas.after.clear()
        with self.canvas.after:
            Color(*(theme.ACCENT if self.focus else theme.LINE))
            Line(rounded_rectangle=(*self.pos, *self.size, 10), width=2 if self.focus else 1.2)


def is_writable(char: str) -> bool:
    """Whether a character may stand in a comment: text, not control characters or emoji."""
    import unicodedata

    emoji = 0x1F000 <= ord(char) <= 0x1FAFF or 0x2600 <= ord(char) <= 0x27BF or char in "\ufe0f\u200d"
    return not emoji and unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")


class Card(Widget):
    """A white card to stand things on."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.bind(pos=self._draw, size=self._draw)

    def _draw(self, *_: Any) -> None:
        self.canvas.clear()
        with self.canvas:
            Color(*theme.CARD)
            RoundedRectangle(pos=self.pos, size=self.size, radius=[18])
            Color(*theme.DISABLED)
            Line(rounded_rectangle=(*self.pos, *self.size, 18), width=1.2)


class Photo(Widget):
    """The clerk's photo, cut to its box; an empty box if it cannot be read."""

    def __init__(self, photo: bytes, **given: Any) -> None:
        super().__init__(**given)
        self._texture = _texture(photo)
        self.bind(pos=self._draw, size=self._draw)

    def _draw(self, *_: Any) -> None:
        self.canvas.clear()
        if self._texture is None:
            return
        width, height = self._texture.size
        scale = min(self.width / width, self.height / height)
        size = (width * scale, height * scale)
        pos = (self.center_x - size[0] / 2, self.center_y - size[1] / 2)
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(texture=self._texture, pos=pos, size=size)


def _texture(photo: bytes) -> Any:
    if not photo:
        return None
    kind = "png" if photo.startswith(b"\x89PNG") else "jpg"
    try:
        return CoreImage(BytesIO(photo), ext=kind).texture
    except Exception:
        # Kivy's image providers raise anything on a damaged picture; a card without a photo is still a card
        return None
