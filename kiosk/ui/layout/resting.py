"""Where the parts of the window at rest stand, and of screens that say one thing."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.frame import frame
from kiosk.ui.layout.invitation import QR_MM


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show at rest."""

    card: bool = False
    code: bool = False
    figures: bool = False
    notice: bool = False


@dataclass(frozen=True, slots=True)
class RestingLayout:
    """The window at rest; boxes of what there is not are None."""

    panel: Box
    title: Box
    text: Box
    faces: Box | None
    card: Box | None
    code: Box | None
    qr: Box | None
    caption: Box | None
    figures: Box | None
    notice: Box | None


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """A screen that says one thing: a sign, the words, a line below."""

    sign: Box
    title: Box
    text: Box


@dataclass(frozen=True, slots=True)
class TechnicianLayout:
    """The technician's page: two columns of facts, and the buttons."""

    title: Box
    columns: tuple[Box, ...]
    actions: tuple[Box, ...]


def message(form: Form) -> MessageLayout:
    """A screen that says one thing."""
    body, unit, scale = frame(form).body, form.unit, form.type_scale
    side = 26 * unit
    title, text = 12 * unit * scale, 15 * unit * scale
    whole = body.middle(body.width, min(body.height, side + title + text + 4 * unit))
    sign, rest = whole.cut_top(side, 4 * unit)
    above, below = rest.cut_top(title)
    return MessageLayout(sign.middle(side, side), above, below)


def resting(form: Form, shown: Shown) -> RestingLayout:
    """The window at rest."""
    given, unit, scale = frame(form), form.unit, form.type_scale
    gap = 2 * unit
    # in landscape nothing stands in the foot's right part, so the body may
    body, notice = given.body, None
    if shown.notice:
        body, notice = body.cut_bottom(9 * unit * scale, gap)
    side = min(max(QR_MM * form.pixels_per_mm, 24 * unit), 32 * unit)
    caption_height = 5.5 * unit * scale
    code_size = (side + 4 * unit, side + caption_height + 3 * unit)
    figures_height = 24 * unit * scale
    code = figures = None
    if form.is_upright:
        if shown.figures:
            body, figures = body.cut_bottom(figures_height, gap)
        if shown.code:
            body, row = body.cut_bottom(code_size[1], gap)
            code = row.middle(min(row.width, code_size[0] + 10 * unit), row.height)
    elif shown.code or shown.figures:
        body, column = body.cut_right(max(code_size[0], 46 * unit * scale), 2 * gap)
        if shown.code and shown.figures:
            code, figures = column.cut_top(code_size[1], gap)
            figures = Box(figures.left, figures.top, figures.width, min(figures.height, figures_height))
        elif shown.code:
            code = column.middle(column.width, code_size[1])
        else:
            figures = column.middle(column.width, min(column.height, figures_height))
    qr = caption = None
    if code is not None:
        upper, caption = code.inset(unit, 1.5 * unit).cut_top(side)
        qr = upper.middle(side, side)
    return _middle(form, body, shown, code=code, qr=qr, caption=caption, figures=figures, notice=notice)


def _middle(form: Form, body: Box, shown: Shown, **beside: Box | None) -> RestingLayout:
    unit, scale = form.unit, form.type_scale
    card = None
    if shown.card:
        height = min((34 if form.is_upright else 30) * unit, body.height * 0.5)
        body, card = body.cut_bottom(height, 2 * unit)
    faces_height = min(12 * unit, body.width * 0.12)
    title_height, text_height = 12 * unit * scale, 12 * unit * scale
    has_faces = body.height > faces_height + (title_height + text_height) * 0.8 + 8 * unit
    total = title_height + text_height + (faces_height + 3 * unit if has_faces else 0)
    inner = body.inset(3 * unit, unit)
    whole = inner.middle(inner.width, min(inner.height, total))
    faces, rest = whole.cut_top(faces_height, 3 * unit) if has_faces else (None, whole)
    title, text = rest.cut_top(rest.height * 0.5)
    if faces is not None:
        faces = faces.middle(min(faces.width, 5 * faces_height + 10 * unit), faces.height)
    return RestingLayout(
        panel=body,
        title=title,
        text=text,
        faces=faces,
        card=card,
        code=beside["code"],
        qr=beside["qr"],
        caption=beside["caption"],
        figures=beside["figures"],
        notice=beside["notice"],
    )


def technician(form: Form, buttons: int = 3) -> TechnicianLayout:
    """The technician's page, with so many buttons."""
    given, unit = frame(form), form.unit
    title, rest = given.body.cut_top(7 * unit * form.type_scale, unit)
    columns = rest.rows(2, unit) if form.is_upright else rest.columns(2, 3 * unit)
    return TechnicianLayout(title, columns, given.actions.columns(buttons, 2 * unit))
