"""What every screen has: the head with hall and clock, the foot with the modes and the page's buttons."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form


@dataclass(frozen=True, slots=True)
class Frame:
    """The boxes around a page; ``actions`` is where the page's own buttons go, ring included."""

    window: Box
    head: Box
    hall: Box
    clock: Box
    body: Box
    actions: Box
    language: Box
    big: Box
    low: Box


def frame(form: Form) -> Frame:
    """The parts of every screen."""
    unit = form.unit
    window = Box(0, 0, form.width, form.height)
    margin, gap = 3 * unit, 1.5 * unit
    head, below = window.cut_top((8 if not form.big else 9.5) * unit)
    inner = head.inset(margin, 0)
    hall, clock = inner.cut_right(20 * unit * form.type_scale, 2 * unit)
    rest = below.inset(margin, 0)
    rest = Box(rest.left, rest.top + gap, rest.width, rest.height - 2 * gap)
    if form.is_upright:
        rest, modes = rest.cut_bottom(form.tap, gap)
        body, actions = rest.cut_bottom(form.tap, gap)
    else:
        body, foot = rest.cut_bottom(form.tap, gap)
        modes, actions = foot.cut_left(min(64 * unit, foot.width * 0.4), 3 * unit)
    language, big, low = modes.columns(3, gap)
    return Frame(window, head, hall, clock, body, actions, language, big, low)


def ring_and_buttons(form: Form, actions: Box, count: int) -> tuple[Box, tuple[Box, ...]]:
    """The ring at the right end of the page's buttons, and so many buttons before it."""
    buttons, ring = actions.cut_right(actions.height, 2 * form.unit)
    width = min(38 * form.unit, (buttons.width - 2 * form.unit * (count - 1)) / count)
    taken = width * count + 2 * form.unit * (count - 1)
    row = Box(buttons.right - taken, buttons.top, taken, buttons.height)
    return ring, row.columns(count, 2 * form.unit)
