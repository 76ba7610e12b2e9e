"""Where the reasons page's parts stand, and how many reasons go on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.frame import frame, ring_and_buttons
from kiosk.ui.layout.invitation import FaceBox, small_faces
from pad.codes import Level

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class ReasonsLayout:
    """The reasons page's boxes; as many ``cells`` as were asked for, or fewer if no more have room."""

    faces: dict[Level, FaceBox]
    chosen: Box
    hint: Box
    cells: tuple[Box, ...]
    withdraw: Box
    decline: Box
    submit: Box
    ring: Box


def reasons(form: Form, entries: int) -> ReasonsLayout:
    """The reasons page on this form, with so many things to press between faces and foot."""
    given, unit, scale = frame(form), form.unit, form.type_scale
    gap = 1.5 * unit
    words_height = (14 if form.is_upright else 8.5) * unit * scale
    faces_height = max(form.tap, (18 if form.is_upright else 13) * unit)
    words, rest = given.body.cut_top(words_height, gap)
    if form.low:
        rest = _lower(form, rest)
    row, area = rest.cut_top(faces_height, 2 * gap)
    if form.is_upright:
        chosen, hint = words.cut_top(6.5 * unit * scale)
    else:
        chosen, hint = words.cut_left(words.width * 0.42, 2 * unit)
    ring, (withdraw, decline, submit) = ring_and_buttons(form, given.actions, 3)
    return ReasonsLayout(
        faces=small_faces(form, row),
        chosen=chosen,
        hint=hint,
        cells=_cells(form, area, entries),
        withdraw=withdraw,
        decline=decline,
        submit=submit,
        ring=ring,
    )


def _lower(form: Form, rest: Box) -> Box:
    """The part of the body that hands reach."""
    top = max(rest.top, form.height * (0.4 if form.is_upright else 0.36))
    return Box(rest.left, top, rest.width, rest.bottom - top)


def _cells(form: Form, area: Box, entries: int) -> tuple[Box, ...]:
    unit = form.unit
    gap = 1.5 * unit
    least = form.tap if form.low else max(form.tap, (13.5 if form.big else 11) * unit)
    rows = max(1, int((area.height + gap) // (least + gap)))
    narrowest = (60 if form.big else 44) * unit
    most_columns = max(1, int((area.width + gap) // (narrowest + gap)))
    columns = next((n for n in range(1, most_columns + 1) if n * rows >= entries), most_columns)
    if not form.is_upright:
        columns = max(columns, min(2, most_columns))
    used = min(rows, -(-entries // columns))
    height = min((area.height - gap * (used - 1)) / used, 16 * unit * form.type_scale)
    grid = Box(area.left, area.top, area.width, height * used + gap * (used - 1))
    if form.low:
        grid = Box(area.left, area.bottom - grid.height, area.width, grid.height)
    cells = [cell for row in grid.rows(used, gap) for cell in row.columns(columns, gap)]
    return tuple(cells[:entries])


def page_of(entries: Sequence[Entry], room: int, number: int) -> tuple[tuple[Entry, ...], bool]:
    """The entries on one page of so much room, and whether a way to the next page takes a place there.

    Pages go round: after the last comes the first.
    """
    if len(entries) <= room:
        return tuple(entries), False
    each = max(1, room - 1)
    pages = -(-len(entries) // each)
    first = (number % pages) * each
    return tuple(entries[first : first + each]), True
