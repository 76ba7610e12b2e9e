"""The window at rest: idle, or serving somebody, with the clerk's card and the notice."""

from __future__ import annotations

from kiosk.ui import layout, theme
from kiosk.ui.faces import FaceButton
from kiosk.ui.layout import Box
from kiosk.ui.parts import Card, Photo
from kiosk.ui.screen import Screen
from kiosk.view import ScreenName, View
from pad.model import Staff


class RestingScreen(Screen):
    """Five faces as a greeting; nothing here can be tapped."""

    def build(self, view: View) -> None:
        """Put the greeting and the card in place."""
        setting, say = self.setting, self.setting.words.say
        boxes = layout.resting(setting.width, setting.height, has_card=view.staff is not None)
        for level in layout.ORDER:
            face = FaceButton(level, lambda _visit: None)
            face.disabled = True
            self.put(face, boxes.faces[level])
        serving = view.screen is ScreenName.SERVING
        title = say("At your service") if serving else say("Welcome")
        self.write(title, boxes.title, theme.TITLE * 1.3, bold=True)
        text = say("After your matter is done, please rate the service here.")
        self.write(text, boxes.text, theme.NORMAL, colour=theme.QUIET_INK)
        if view.staff is not None:
            self._put_card(view.staff, boxes)
        if view.notice:
            self.write(view.notice, boxes.notice, theme.NORMAL, bold=True, colour=theme.ACCENT)

    def _put_card(self, staff: Staff, boxes: layout.RestingLayout) -> None:
        unit, card = self.setting.unit, boxes.card
        self.put(Card(), card)
        left = card.left + 3 * unit
        if staff.photo:
            self.put(Photo(staff.photo), boxes.photo)
            left = boxes.photo.right + 3 * unit
        width = card.right - left - 3 * unit
        name = Box(left, card.top + 2 * unit, width, card.height / 2 - 2 * unit)
        below = Box(left, card.top + card.height / 2, width, card.height / 2 - 2 * unit)
        stars = "　" + "★" * staff.stars if staff.stars else ""
        self.write(staff.name + stars, name, theme.LARGE, bold=True, align="left")
        number = self.setting.words.say("No. {number} {post}", number=staff.number, post=staff.post)
        self.write(number.rstrip(), below, theme.NORMAL, align="left", colour=theme.QUIET_INK)
