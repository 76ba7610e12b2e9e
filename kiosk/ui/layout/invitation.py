"""Where the invitation's parts stand: the question, the matter, five faces, the code for the phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.frame import frame, ring_and_buttons
from pad.codes import Level

ORDER: Final = tuple(sorted(Level, reverse=True))
"""From left to right, or top to bottom: 非常满意 first, as art. 8 lists them."""
QR_MM: Final = 43.0
"""A code is read from ten times its width: a little more than 40 mm for 40 cm."""
_LOW_FACE: Final = 13.0


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face's button, the face in it and its word stand."""

    button: Box
    face: Box
    word: Box


@dataclass(frozen=True, slots=True)
class InvitationLayout:
    """The invitation's boxes; ``qr`` and its ``caption`` only with a code."""

    title: Box
    card: Box
    matter: Box
    number: Box
    staff: Box
    qr: Box | None
    caption: Box | None
    faces: dict[Level, FaceBox]
    withdraw: Box
    ring: Box


def invitation(form: Form, *, has_code: bool) -> InvitationLayout:
    """The invitation on this form."""
    given, unit, scale = frame(form), form.unit, form.type_scale
    qr_side = min(max(QR_MM * form.pixels_per_mm, 24 * unit), 32 * unit)
    caption_height = 5 * unit * scale
    least = (38 if form.big and form.is_upright else 31 if form.big else 26) * unit
    head_height = max(least, qr_side + caption_height if has_code else 0)
    gap = 2 * unit
    top, faces = given.body.cut_top(head_height, gap)
    if form.low and form.is_upright:
        height = 5 * max(form.tap, _LOW_FACE * unit) + 4 * unit
        top, faces = given.body.cut_bottom(height, gap)
    qr = caption = None
    words = top
    if has_code:
        words, side = top.cut_right(qr_side, 2 * gap)
        qr, caption = side.cut_top(qr_side)
        caption = Box(caption.left, caption.top, caption.width, caption_height)
    title, card = words.cut_top(9 * unit * scale, unit)
    inner = card.inset(2.5 * unit, 1.2 * unit)
    small = 4.6 * unit * scale
    matter, rest = inner.cut_top(inner.height - 2 * small)
    staff, number = rest.rows(2, 0)
    ring, (withdraw,) = ring_and_buttons(form, given.actions, 1)
    return InvitationLayout(
        title=title,
        card=card,
        matter=matter,
        number=number,
        staff=staff,
        qr=qr,
        caption=caption,
        faces=tall_faces(form, faces) if form.is_upright else wide_faces(form, faces),
        withdraw=withdraw,
        ring=ring,
    )


def wide_faces(form: Form, area: Box) -> dict[Level, FaceBox]:
    """Five faces side by side, each with its word below."""
    unit = form.unit
    word_height = (11 if form.big else 8.5) * unit
    width = area.columns(5, 2 * unit)[0].width
    height = min(area.height, width - 3 * unit + word_height + 4 * unit)
    row = Box(area.left, area.bottom - height, area.width, height)
    if not form.low:
        row = area.middle(area.width, height)
    boxes = {}
    for level, button in zip(ORDER, row.columns(5, 2 * unit), strict=True):
        inner = button.inset(1.5 * unit)
        face, word = inner.cut_bottom(word_height)
        side = min(face.width, face.height)
        boxes[level] = FaceBox(button, face.middle(side, side), word)
    return boxes


def tall_faces(form: Form, area: Box) -> dict[Level, FaceBox]:
    """Five faces one below the other, each with its word beside it."""
    unit = form.unit
    boxes = {}
    gap = unit if form.low else 1.8 * unit
    height = min(area.height, 5 * 19 * unit + 4 * gap)
    rows = Box(area.left, area.bottom - height, area.width, height).rows(5, gap)
    for level, button in zip(ORDER, rows, strict=True):
        inner = button.inset(2.5 * unit, unit)
        side = inner.height
        face, word = inner.cut_left(side, 4 * unit)
        boxes[level] = FaceBox(button, face, word)
    return boxes


def small_faces(form: Form, row: Box) -> dict[Level, FaceBox]:
    """Five faces in one row, to change one's mind: the word beside the face, or below where it is narrow."""
    unit = form.unit
    boxes = {}
    for level, button in zip(ORDER, row.columns(5, unit), strict=True):
        inner = button.inset(0.4 * unit, 0.8 * unit)
        if button.width > 2 * button.height:
            face, word = inner.cut_left(inner.height * 0.84, unit)
        else:
            face, word = inner.cut_bottom(min(inner.height * 0.45, 6.5 * unit * form.type_scale))
        side = min(face.width, face.height)
        boxes[level] = FaceBox(button, face.middle(side, side), word)
    return boxes
