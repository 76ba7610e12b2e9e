"""A QR code on the glass: whole pixels a module, so that it is crisp at any size."""

from __future__ import annotations

from typing import Final

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget

from kiosk.phone_link import modules
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.parts import place

QUIET: Final = 4
"""Modules left white around (ISO/IEC 18004)."""


class QrCode(Widget):
    """The code of a text, as large as its box lets whole pixels be, in the middle of it."""

    def __init__(self, form: Form, box: Box, text: str) -> None:
        super().__init__(size_hint=(None, None))
        place(self, box, form)
        rows = modules(text)
        count = len(rows) + 2 * QUIET
        self.module = max(1, int(min(self.size) // count))
        side = self.module * count
        left, bottom = round(self.center_x - side / 2), round(self.center_y - side / 2)
        inner = self.module * len(rows)
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(pos=(left, bottom), size=(side, side))
            Rectangle(
                texture=_texture(rows),
                pos=(left + QUIET * self.module, bottom + QUIET * self.module),
                size=(inner, inner),
            )


def _texture(rows: tuple[tuple[bool, ...], ...]) -> Texture:
    texture = Texture.create(size=(len(rows), len(rows)), colorfmt="luminance")
    texture.mag_filter = texture.min_filter = "nearest"
    pixels = bytes(0 if dark else 255 for row in reversed(rows) for dark in row)
    texture.blit_buffer(pixels, colorfmt="luminance", bufferfmt="ubyte")
    return texture
