"""The five faces, drawn as vectors: each expression unmistakable in black and white.

What tells them apart without colour: the mouth from open laughter to deep bow, the brows from
raised to frowning, the eyes from smiling arcs over open dots to squeezed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kivy.graphics import Color, Ellipse, Line, Mesh
from kivy.uix.widget import Widget

from kiosk.ui import theme
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.invitation import FaceBox
from kiosk.ui.parts import Pressable, Style, Words, place, rounded
from pad.codes import Level

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Features:
    """An expression on a disc of radius 1 about (0, 0), y upwards.

    ``mouth`` is the height of the corners over the middle; ``brow`` the slope of the brows (inner
    end down is negative); ``brow_height`` where they sit; ``eyes`` is "smiling", "open" or "shut".
    """

    mouth: float
    mouth_width: float
    mouth_height: float
    is_open: bool
    eyes: str
    brow: float | None = None
    brow_height: float = 0.52


FEATURES: Final = {
    Level.VERY_SATISFIED: Features(0.42, 0.56, -0.14, True, "smiling"),
    Level.SATISFIED: Features(0.26, 0.46, -0.36, False, "open"),
    Level.FAIRLY_SATISFIED: Features(0.0, 0.40, -0.34, False, "open"),
    Level.DISSATISFIED: Features(-0.22, 0.42, -0.30, False, "open", brow=-0.10),
    Level.VERY_DISSATISFIED: Features(-0.32, 0.46, -0.26, True, "shut", brow=-0.26, brow_height=0.56),
}


def _arc(width: float, depth: float, height: float, steps: int = 24) -> list[Point]:
    """A parabola's bow: corners at ``height + depth``, the middle at ``height``."""
    return [
        (x, height + depth * (x / width) ** 2)
        for x in (width * (2 * step / steps - 1) for step in range(steps + 1))
    ]


def draw_face(canvas: Any, level: Level, centre: Point, radius: float) -> None:
    """Draw a face on a canvas, in window pixels."""
    features = FEATURES[level]
    stroke = max(1.5, radius * 0.05)
    edge = max(1.2, radius * 0.035)

    def at(point: Point) -> Point:
        return centre[0] + point[0] * radius, centre[1] + point[1] * radius

    def line(points: list[Point], width: float = stroke) -> None:
        Line(points=[part for each in points for part in at(each)], width=width, cap="round", joint="round")

    with canvas:
        Color(*theme.LEVEL_FILL[level])
        _disc(centre, radius - edge)
        Color(*theme.LEVEL_EDGE[level])
        Line(circle=(*centre, radius - edge, 0, 360, 96), width=edge)
        Color(*theme.LEVEL_FEATURES[level])
        _eyes(features, at, line, radius)
        _brows(features, line)
        _mouth(features, at, line)


def _disc(centre: Point, radius: float) -> None:
    Ellipse(pos=(centre[0] - radius, centre[1] - radius), size=(2 * radius, 2 * radius), segments=96)
    Line(circle=(*centre, radius - 0.6, 0, 360, 96), width=1.1)


def _eyes(
    features: Features, at: Callable[[Point], Point], line: Callable[[list[Point]], None], radius: float
) -> None:
    for side in (-1, 1):
        x, y = side * 0.36, 0.24
        if features.eyes == "smiling":
            line([(x + dx, y + dy) for dx, dy in _arc(0.16, -0.17, 0.09)])
        elif features.eyes == "shut":
            line([(x - side * 0.15, y), (x + side * 0.14, y + 0.13)])
            line([(x - side * 0.15, y), (x + side * 0.14, y - 0.11)])
        else:
            size = radius * 0.12
            left, bottom = at((x, y))
            Ellipse(pos=(left - size, bottom - size * 1.25), size=(2 * size, 2.5 * size), segments=48)


def _brows(features: Features, line: Callable[[list[Point]], None]) -> None:
    if features.brow is None:
        return
    for side in (-1, 1):
        inner, outer = side * 0.18, side * 0.54
        line([(inner, features.brow_height + features.brow), (outer, features.brow_height)])


def _mouth(features: Features, at: Callable[[Point], Point], line: Callable[[list[Point]], None]) -> None:
    lower = _arc(features.mouth_width, features.mouth, features.mouth_height - max(0.0, features.mouth))
    if not features.is_open:
        line(lower)
        return
    # an open mouth: the bow closed by a flat lip, filled
    corner = lower[0][1]
    upper = [(x, corner) for x, _ in lower]
    vertices: list[float] = []
    for high, low in zip(upper, lower, strict=True):
        for point in (high, low):
            vertices.extend((*at(point), 0.0, 0.0))
    Mesh(vertices=vertices, indices=list(range(len(vertices) // 4)), mode="triangle_strip")
    line([*lower, *reversed(upper), lower[0]])


class FaceButton(Pressable):
    """A face with its word, on a card that is pressed as a whole; it answers in the same frame.

    ``word_size`` is one for all five, so that none is louder.
    """

    def __init__(self, form: Form, level: Level, boxes: FaceBox, word: str, word_size: float,
                 release: Callable[[str], None]) -> None:  # fmt: skip
        self.level = level
        self.visit_id = ""
        self.chosen = False
        self._visit_at_press = ""
        self._tell = release
        self._boxes = boxes
        super().__init__(form, boxes.button, self._tapped)
        beside = boxes.word.left > boxes.face.left + boxes.face.width / 2
        align = "left" if beside else "center"
        self.add_widget(
            Words(form, word, boxes.word, word_size / form.type_scale, Style(bold=True, align=align))
        )
        self.draw()

    def draw(self, *_: Any) -> None:
        """Draw card and face; the chosen one is told by a tick and an edge, the pressed one by both."""
        unit, box = self.form.unit, self._boxes.face
        held = self.state == "down"
        marked = held or self.chosen
        self.canvas.before.clear()
        with self.canvas.before:
            rounded(
                self.pos, self.size, 3 * unit, theme.PRESSED if marked else theme.CARD,
                theme.ACCENT if marked else theme.LINE, 0.55 * unit if marked else 1.2,
            )  # fmt: skip
        radius = box.width / 2 * (0.92 if held else 1.0)
        centre = (box.left + box.width / 2, self.form.height - box.top - box.height / 2)
        draw_face(self.canvas.before, self.level, centre, radius)
        if self.chosen:
            badge = max(1.9 * unit, radius * 0.34)
            _tick(self.canvas.before, (centre[0] + radius * 0.72, centre[1] + radius * 0.72), badge)

    def on_press(self) -> None:
        """Remember for which visit the finger came down."""
        super().on_press()
        self._visit_at_press = self.visit_id

    def by_key(self) -> None:
        """Pressed by a key, for the visit that is shown."""
        self._visit_at_press = self.visit_id
        super().by_key()

    def _tapped(self) -> None:
        self._tell(self._visit_at_press)


class FaceMark(Widget):
    """A face that is only looked at, on a ground of its own."""

    def __init__(self, form: Form, level: Level, box: Box) -> None:
        super().__init__(size_hint=(None, None))
        place(self, box, form)
        with self.canvas:
            Color(*theme.CARD)
            _disc(self.center, min(self.size) / 2)
        draw_face(self.canvas, level, self.center, min(self.size) / 2 * 0.93)


def _tick(canvas: Any, centre: Point, radius: float) -> None:
    _sign(canvas, centre, radius, [[(-0.42, 0.02), (-0.12, -0.32), (0.46, 0.34)]], 0.12)


def sign_of_yes(canvas: Any, centre: Point, radius: float) -> None:
    """A tick in a disc."""
    _sign(canvas, centre, radius, [[(-0.42, 0.02), (-0.12, -0.32), (0.46, 0.34)]])


def sign_of_pause(canvas: Any, centre: Point, radius: float) -> None:
    """Two bars in a disc."""
    _sign(canvas, centre, radius, [[(-0.2, -0.36), (-0.2, 0.36)], [(0.2, -0.36), (0.2, 0.36)]])


def sign_of_trouble(canvas: Any, centre: Point, radius: float) -> None:
    """An exclamation mark in a disc."""
    _sign(canvas, centre, radius, [[(0, -0.02), (0, 0.46)], [(0, -0.38), (0, -0.36)]])


def sign_of_taking_back(canvas: Any, centre: Point, radius: float) -> None:
    """An arrow that turns back, in a disc."""
    bow = [
        (0.36 * math.cos(math.radians(angle)), 0.36 * math.sin(math.radians(angle)) - 0.04)
        for angle in range(-150, 121, 10)
    ]
    tip = bow[-1]
    _sign(
        canvas, centre, radius, [bow, [(tip[0] + 0.02, tip[1] + 0.26), tip, (tip[0] + 0.26, tip[1] - 0.06)]]
    )


def _sign(
    canvas: Any, centre: Point, radius: float, strokes: list[list[Point]], width: float = 0.065
) -> None:
    with canvas:
        Color(*theme.ACCENT)
        _disc(centre, radius)
        Color(*theme.HEAD_INK)
        for stroke in strokes:
            points = [part for x, y in stroke for part in (centre[0] + x * radius, centre[1] + y * radius)]
            Line(points=points, width=max(1.4, radius * width), cap="round", joint="round")
