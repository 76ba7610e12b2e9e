"""The invitation: the matter, whom it rates, five faces, a code for the phone, a way out, the time left."""

from __future__ import annotations

from kiosk.events import Tap, Withdraw
from kiosk.ui import theme
from kiosk.ui.layout.invitation import invitation
from kiosk.ui.parts import Card, Style
from kiosk.ui.qr import QrCode
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad.codes import Level
from pad.model import InputDevice


class InvitationScreen(Screen):
    """Five faces to choose from."""

    def build(self, view: View) -> None:
        """Put the question, the matter, the faces and the way out in place."""
        form, say = self.form, self.setting.words.say
        boxes = invitation(form, has_code=bool(view.link))
        left, quiet = Style(bold=True, align="left"), Style(align="left", colour=theme.QUIET_INK)
        self.write(say("How was this service?"), boxes.title, theme.TITLE * 1.25, left)
        self.put(Card(form, boxes.card))
        name = view.matter.task_name if view.matter is not None else ""
        self.write(name or say("This service"), boxes.matter, theme.LARGE, left)
        self.write(self._staff(view), boxes.staff, theme.NORMAL, quiet)
        if view.matter is not None and view.matter.project_no:
            number = say("No. {number}", number=view.matter.project_no)
            self.write(number, boxes.number, theme.SMALL, quiet)
        if boxes.qr is not None and boxes.caption is not None:
            self.put(QrCode(form, boxes.qr, view.link))
            self.write(say("Or rate by phone"), boxes.caption, theme.SMALL, Style(colour=theme.QUIET_INK))
        self._faces = self.faces(
            boxes.faces, theme.TITLE * 1.25 if form.is_upright else theme.TITLE, self._tapped
        )
        self.button("withdraw", say("Do not rate"), boxes.withdraw, self._withdraw)
        self.put_ring(boxes.ring)

    def follow(self, view: View) -> None:
        """Show the time left."""
        for face in self._faces.values():
            face.visit_id = view.visit_id
        self.show_time_left(view)

    def _staff(self, view: View) -> str:
        say = self.setting.words.say
        if view.staff is not None:
            return say(
                "You are rating: {name} (No. {number})", name=view.staff.name, number=view.staff.number
            )
        if view.matter is not None and view.matter.win_no:
            return say("You are rating window {window}", window=view.matter.win_no)
        return ""

    def _tapped(self, level: Level, visit_id: str) -> None:
        self.setting.post(Tap(level, InputDevice.TOUCH, visit_id))

    def _withdraw(self) -> None:
        self.setting.post(Withdraw())
