"""Where the keys of the touch keyboard and of the number pad stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.frame import frame, ring_and_buttons

WIDE_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NARROW_ROWS: Final = ("abcdefg", "hijklmn", "opqrstu", "vwxyz")
"""Where ten keys side by side would be too small for a finger, the alphabet stands in its order."""
DIGITS: Final = ("123", "456", "789", "<0c")


@dataclass(frozen=True, slots=True)
class KeyboardLayout:
    """The comment's page: what was written, the characters offered, the keys."""

    text: Box
    count: Box
    offered: Box
    previous: Box
    following: Box
    letters: dict[str, Box]
    script: Box
    comma: Box
    space: Box
    stop: Box
    erase: Box
    done: Box
    ring: Box


@dataclass(frozen=True, slots=True)
class NumberLayout:
    """A page with words on one side and a number pad on the other; ``digits`` by what they type."""

    title: Box
    text: Box
    given: Box
    shown: Box
    digits: dict[str, Box]
    actions: tuple[Box, ...]
    ring: Box


def keyboard(form: Form) -> KeyboardLayout:
    """The comment's page on this form."""
    given, unit = frame(form), form.unit
    gap = unit
    body = given.body
    rows = WIDE_ROWS if body.width >= 10 * form.tap + 9 * gap else NARROW_ROWS
    count = len(rows) + 2
    top = max(body.top + 11 * unit, form.height / 3 if form.low else 0)
    room = (body.bottom - top - (count - 1) * gap) / count
    height = min(room, 16 * unit if form.is_upright else form.tap)
    text, keys = body.cut_bottom(count * height + (count - 1) * gap, gap)
    text = Box(text.left, text.top, text.width, min(text.height, 60 * unit))
    lines = keys.rows(count, gap)
    text, counter = text.cut_right(12 * unit * form.type_scale, gap)
    offered, turning = lines[0].cut_right(2 * height + gap, gap)
    previous, following = turning.columns(2, gap)
    letters = _letters(rows, lines[1:-1], gap)
    script, rest = lines[-1].cut_left(lines[-1].width * 0.17, gap)
    comma, rest = rest.cut_left(max(height, rest.width * 0.12), gap)
    rest, erase = rest.cut_right(max(height * 1.2, rest.width * 0.2), gap)
    space, stop = rest.cut_right(max(height, rest.width * 0.2), gap)
    ring, (done,) = ring_and_buttons(form, given.actions, 1)
    return KeyboardLayout(
        text, counter, offered, previous, following, letters, script, comma, space, stop, erase, done, ring
    )


def _letters(rows: tuple[str, ...], lines: tuple[Box, ...], gap: float) -> dict[str, Box]:
    most = max(len(row) for row in rows)
    width = lines[0].columns(most, gap)[0].width
    boxes: dict[str, Box] = {}
    for row, line in zip(rows, lines, strict=True):
        wide = len(row) * width + (len(row) - 1) * gap
        placed = line.middle(wide, line.height)
        boxes |= dict(zip(row, placed.columns(len(row), gap), strict=True))
    return boxes


def number_page(form: Form, actions: int) -> NumberLayout:
    """A page on which a number is typed, with so many buttons in the foot."""
    given, unit = frame(form), form.unit
    gap = 1.2 * unit
    shown_height = 9 * unit * form.type_scale
    if form.is_upright:
        pad_height = min(shown_height + 4 * 15 * unit + 4 * gap, given.body.height * 0.62)
        words, pad = given.body.cut_bottom(pad_height, 2 * gap)
        pad = pad.middle(min(pad.width, 76 * unit), pad.height)
    else:
        words, pad = given.body.cut_right(given.body.width * 0.42, 4 * gap)
        if form.low:
            least = shown_height + 4 * form.tap + 4 * gap
            pad = pad.cut_bottom(min(pad.height, least))[1]
    shown, keys = pad.cut_top(shown_height, gap)
    title, rest = words.cut_top(9 * unit * form.type_scale, gap)
    text, kept = rest.cut_bottom(min(8 * unit * form.type_scale, rest.height * 0.3), gap)
    digits = {
        key: box
        for row, line in zip(DIGITS, keys.rows(4, gap), strict=True)
        for key, box in zip(row, line.columns(3, gap), strict=True)
    }
    ring, buttons = ring_and_buttons(form, given.actions, actions)
    return NumberLayout(title, text, kept, shown, digits, buttons, ring)
