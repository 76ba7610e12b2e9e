"""Where everything stands on a screen of any size: pure arithmetic, no Kivy.

Boxes count pixels from the top left. ``unit`` is one hundredth of the shorter side, so that a
screen twice as large shows everything twice as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pad.codes import Level

ORDER: Final = tuple(sorted(Level, reverse=True))
"""From left to right: 非常满意 first, as art. 8 lists them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left and top edge, width and height, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.top + self.height

    def inset(self, by: float) -> Box:
        """The box with a margin taken off on all sides."""
        return Box(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)

    def overlaps(self, other: Box) -> bool:
        """Whether the two have any area in common."""
        return (
            self.left < other.right - 0.5
            and other.left < self.right - 0.5
            and self.top < other.bottom - 0.5
            and other.top < self.bottom - 0.5
        )

    def columns(self, count: int, gap: float) -> tuple[Box, ...]:
        """The box cut into equal columns."""
        width = (self.width - gap * (count - 1)) / count
        return tuple(Box(self.left + n * (width + gap), self.top, width, self.height) for n in range(count))

    def cut_top(self, height: float) -> tuple[Box, Box]:
        """The box cut across: the upper part of this height, and the rest."""
        return (
            Box(self.left, self.top, self.width, height),
            Box(self.left, self.top + height, self.width, self.height - height),
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """What every screen has: the head with hall name, clock and language, and the body below it."""

    unit: float
    window: Box
    hall: Box
    clock: Box
    language: Box
    body: Box


@dataclass(frozen=True, slots=True)
class InvitationLayout:
    """The invitation: question, matter, whom it rates, five faces, a way out and the ring."""

    title: Box
    matter: Box
    number: Box
    staff: Box
    faces: dict[Level, Box]
    withdraw: Box
    ring: Box


@dataclass(frozen=True, slots=True)
class ReasonsLayout:
    """The reasons page: five small faces, what was tapped, indicators, comment, the buttons."""

    faces: dict[Level, Box]
    chosen: Box
    hint: Box
    indicators: tuple[Box, ...]
    more: Box | None
    comment: Box
    counter: Box
    withdraw: Box
    decline: Box
    submit: Box
    ring: Box


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """A screen that says one thing: a sign, the words, a line below."""

    sign: Box
    title: Box
    text: Box


@dataclass(frozen=True, slots=True)
class RestingLayout:
    """The window at rest: five faces as a greeting, the words, the clerk's card, the notice."""

    faces: dict[Level, Box]
    title: Box
    text: Box
    photo: Box
    card: Box
    notice: Box


def frame(width: float, height: float) -> Frame:
    """The parts of every screen."""
    unit = min(width, height) / 100
    margin, head = 3 * unit, 9 * unit
    language = Box(width - margin - 20 * unit, 1.2 * unit, 20 * unit, head - 2.4 * unit)
    clock = Box(language.left - 24 * unit, 0, 22 * unit, head)
    return Frame(
        unit=unit,
        window=Box(0, 0, width, height),
        hall=Box(margin, 0, clock.left - margin - unit, head),
        clock=clock,
        language=language,
        body=Box(margin, head + 2 * unit, width - 2 * margin, height - head - 4 * unit),
    )


def invitation(width: float, height: float) -> InvitationLayout:
    """The invitation on a window of this size."""
    given = frame(width, height)
    unit, body = given.unit, given.body
    title, rest = body.cut_top(10 * unit)
    matter, rest = rest.cut_top(10 * unit)
    number, rest = rest.cut_top(5 * unit)
    staff, rest = rest.cut_top(6 * unit)
    foot_height = 11 * unit
    foot = Box(body.left, body.bottom - foot_height, body.width, foot_height)
    space = Box(rest.left, rest.top, rest.width, foot.top - rest.top).inset(0)
    faces_height = min(space.height, body.width / 5 * 1.5)
    row = Box(space.left, space.top + (space.height - faces_height) / 2, space.width, faces_height)
    return InvitationLayout(
        title=title,
        matter=matter,
        number=number,
        staff=staff,
        faces=_in_order(row, 1.5 * unit),
        withdraw=Box(foot.left, foot.top + unit, 34 * unit, foot.height - unit),
        ring=Box(foot.right - foot.height + unit, foot.top + unit, foot.height - unit, foot.height - unit),
    )


def reasons(width: float, height: float, indicators: int, *, has_more: bool) -> ReasonsLayout:
    """The reasons page on a window of this size, with so many indicators shown."""
    given = frame(width, height)
    unit, body = given.unit, given.body
    wide = width > height
    faces, rest = body.cut_top(17 * unit)
    foot_height = 11 * unit
    foot = Box(body.left, body.bottom - foot_height, body.width, foot_height)
    if wide:
        row = Box(faces.left, faces.top, faces.width * 0.55, faces.height)
        words = Box(row.right + 3 * unit, faces.top, body.right - row.right - 3 * unit, faces.height)
    else:
        row = faces
        words, rest = rest.cut_top(17 * unit)
    chosen, hint = words.cut_top(8 * unit)
    comment_top = foot.top - 13 * unit
    comment = Box(body.left, comment_top, body.width - 12 * unit, 10 * unit)
    counter = Box(comment.right + unit, comment_top, 11 * unit, 10 * unit)
    shown = indicators + (1 if has_more else 0)
    columns = 2 if wide or shown > 6 else 1
    rows = -(-max(shown, 1) // columns)
    area = Box(body.left, rest.top + unit, body.width, comment_top - rest.top - 3 * unit)
    gap = 1.6 * unit
    cell = min(11 * unit, (area.height - gap * (rows - 1)) / rows)
    lanes = area.columns(columns, 2 * unit)
    cells = tuple(
        Box(lanes[n % columns].left, area.top + (n // columns) * (cell + gap), lanes[0].width, cell)
        for n in range(shown)
    )
    ring = Box(foot.right - foot.height + unit, foot.top + unit, foot.height - unit, foot.height - unit)
    buttons = Box(foot.left, foot.top + unit, ring.left - foot.left - 2 * unit, foot.height - unit)
    withdraw, decline, submit = buttons.columns(3, 2 * unit)
    return ReasonsLayout(
        faces=_in_order(row, unit),
        chosen=chosen,
        hint=hint,
        indicators=cells[:indicators],
        more=cells[-1] if has_more else None,
        comment=comment,
        counter=counter,
        withdraw=withdraw,
        decline=decline,
        submit=submit,
        ring=ring,
    )


def message(width: float, height: float) -> MessageLayout:
    """A screen that says one thing."""
    given = frame(width, height)
    unit, body = given.unit, given.body
    side = 30 * unit
    top = body.top + (body.height - 62 * unit) / 2
    return MessageLayout(
        sign=Box(body.left + (body.width - side) / 2, top, side, side),
        title=Box(body.left, top + 34 * unit, body.width, 13 * unit),
        text=Box(body.left, top + 48 * unit, body.width, 14 * unit),
    )


def resting(width: float, height: float, *, has_card: bool) -> RestingLayout:
    """The window at rest, with the clerk's card or without."""
    given = frame(width, height)
    unit, body = given.unit, given.body
    top = body.top + max(0.0, (body.height - (78 if has_card else 52) * unit) / 2)
    row = Box(body.left + body.width * 0.1, top, body.width * 0.8, min(22 * unit, body.width * 0.16))
    title = Box(body.left, row.bottom + 3 * unit, body.width, 12 * unit)
    text = Box(body.left, title.bottom, body.width, 8 * unit)
    card = Box(body.left + (body.width - 84 * unit) / 2, text.bottom + 2 * unit, 84 * unit, 18 * unit)
    photo = Box(card.left + 2 * unit, card.top + 2 * unit, 14 * unit, 14 * unit)
    notice = Box(body.left, (card.bottom if has_card else text.bottom) + 2 * unit, body.width, 10 * unit)
    return RestingLayout(_in_order(row, 3 * unit), title, text, photo, card, notice)


def _in_order(row: Box, gap: float) -> dict[Level, Box]:
    return dict(zip(ORDER, row.columns(len(ORDER), gap), strict=True))
