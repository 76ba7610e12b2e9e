"""The window at rest: a greeting, the clerk's card, the published figures, notices, the window's code."""

from __future__ import annotations

from itertools import cycle
from typing import Final

from kivy.graphics import PopMatrix, PushMatrix, Translate

from kiosk.ui import theme, typeset
from kiosk.ui.faces import FaceMark
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.invitation import ORDER
from kiosk.ui.layout.resting import RestingLayout, Shown, resting
from kiosk.ui.parts import Card, Photo, Style, face_of
from kiosk.ui.qr import QrCode
from kiosk.ui.screen import Screen
from kiosk.view import ScreenName, View
from pad.bulletin import Bulletin, Figures
from pad.model import Staff

TURN_S: Final = 12.0
"""How long one notice stands, and how long everything stays where it is."""
_DRIFT: Final = ((0, 0), (1, 1), (2, 0), (1, -1), (0, 0), (-1, -1), (-2, 0), (-1, 1))
"""Where everything stands in turn, in units: no pixel shows the same for years."""


class RestingScreen(Screen):
    """Nothing here rates: the faces are small, and beside the words that say when they will be asked for."""

    def build(self, view: View) -> None:
        """Put everything there is in place."""
        form, words = self.form, self.setting.words
        bulletin = view.bulletin or Bulletin()
        said = [view.notice] if view.notice else []
        self._notices = [*said, *(words.pick(each.text) for each in bulletin.notices)]
        shown = Shown(
            card=view.staff is not None,
            code=bool(view.link),
            figures=bulletin.figures is not None,
            notice=bool(self._notices),
        )
        boxes = resting(form, shown)
        serving = view.screen is ScreenName.SERVING
        self.put(Card(form, boxes.panel, theme.HEAD))
        if boxes.faces is not None:
            for level, box in zip(ORDER, boxes.faces.columns(5, 2.5 * form.unit), strict=True):
                side = min(box.width, box.height)
                self.put(FaceMark(form, level, box.middle(side, side)))
        title = words.say("At your service") if serving else words.say("Welcome")
        self.write(title, boxes.title, theme.HUGE, Style(bold=True, colour=theme.HEAD_INK))
        text = words.say("When your matter is done, please rate the service here.")
        self.write(text, boxes.text, theme.LARGE, Style(colour=theme.HEAD_INK))
        if view.staff is not None and boxes.card is not None:
            self._put_card(view.staff, boxes.card)
        if boxes.code is not None:
            self._put_code(view.link, boxes)
        if bulletin.figures is not None and boxes.figures is not None:
            self._put_figures(bulletin.figures, boxes.figures)
        if boxes.notice is not None:
            self.put(Card(form, boxes.notice, theme.PRESSED))
            inner = boxes.notice.inset(2 * form.unit, 0.5 * form.unit)
            self._notice = self.write(self._notices[0], inner, theme.NORMAL, Style(bold=True))
        self._turns = cycle([*self._notices[1:], *self._notices[:1]])
        self._places = cycle(_DRIFT[1:] + _DRIFT[:1])
        with self.canvas.before:
            PushMatrix()
            self._drift = Translate()
        with self.canvas.after:
            PopMatrix()

    def turn(self) -> None:
        """Show the next notice, a little aside of where everything stood; every ``TURN_S``."""
        if len(self._notices) > 1:
            self._notice.show(next(self._turns))
        self._drift.xy = tuple(part * self.form.unit * 0.4 for part in next(self._places))

    def _put_card(self, staff: Staff, card: Box) -> None:
        form, unit, say = self.form, self.form.unit, self.setting.words.say
        self.put(Card(form, card))
        inner = card.inset(3 * unit, 2 * unit)
        if staff.photo:
            photo, inner = inner.cut_left(min(inner.height * 0.8, inner.width * 0.35), 3 * unit)
            self.put(Photo(form, staff.photo, photo))
        name, rest = inner.cut_top(inner.height * (0.45 if staff.stars else 0.55))
        number, stars = rest.cut_top(rest.height * (0.55 if staff.stars else 1))
        self.write(staff.name, name, theme.TITLE * 1.25, Style(bold=True, align="left"))
        said = say("No. {number} {post}", number=staff.number, post=staff.post).rstrip()
        self.write(said, number, theme.NORMAL, Style(align="left", colour=theme.QUIET_INK))
        if staff.stars:
            self.write("★" * staff.stars, stars, theme.NORMAL, Style(align="left", colour=theme.ACCENT))

    def _put_code(self, link: str, boxes: RestingLayout) -> None:
        if boxes.code is None or boxes.qr is None or boxes.caption is None:
            return
        self.put(Card(self.form, boxes.code))
        self.put(QrCode(self.form, boxes.qr, link))
        said = self.setting.words.say("Scan to rate this window by phone")
        self.write(said, boxes.caption, theme.SMALL, Style(colour=theme.QUIET_INK))

    def _put_figures(self, figures: Figures, box: Box) -> None:
        form, words, unit = self.form, self.setting.words, self.form.unit
        self.put(Card(form, box))
        period = words.pick(figures.period)
        title, rest = box.inset(2 * unit, 1.5 * unit).cut_top(5 * unit * form.type_scale)
        self.write(words.say("Published results, {period}", period=period), title, theme.SMALL,
                   Style(colour=theme.QUIET_INK))  # fmt: skip
        told = (
            (f"{figures.satisfied_percent:g}%", words.say("satisfied")),
            (f"{figures.ratings:,}", words.say("ratings")),
            (f"{figures.bad_handled}/{figures.bad}", words.say("handled")),
        )
        columns = rest.columns(3, unit)
        size = typeset.uniform(
            (number for number, _ in told), columns[0].width / unit, rest.height * 0.5 / unit,
            theme.TITLE * form.type_scale, face_of("0"),
        )  # fmt: skip
        for (number, name), column in zip(told, columns, strict=True):
            above, below = column.cut_top(column.height * 0.5)
            style = Style(bold=True, colour=theme.ACCENT)
            self.write(number, above, size / form.type_scale, style)
            self.write(name, below, theme.SMALL, Style(colour=theme.QUIET_INK))
