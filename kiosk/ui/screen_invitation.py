"""The invitation: the matter, whom it rates, five faces, a way out, and the time left."""

from __future__ import annotations

from kiosk.events import Tap, Withdraw
from kiosk.ui import layout, theme
from kiosk.ui.parts import PlainButton, RingMark
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad.codes import Level
from pad.model import InputDevice


class InvitationScreen(Screen):
    """Five faces to choose from."""

    def build(self, view: View) -> None:
        """Put the question, the matter, the faces and the way out in place."""
        setting, say = self.setting, self.setting.words.say
        boxes = layout.invitation(setting.width, setting.height)
        self.write(say("How was this service?"), boxes.title, theme.TITLE, bold=True)
        self.write(self._matter(view), boxes.matter, theme.LARGE)
        if view.matter is not None and view.matter.project_no:
            number = say("No. {number}", number=view.matter.project_no)
            self.write(number, boxes.number, theme.SMALL, colour=theme.QUIET_INK)
        self.write(self._staff(view), boxes.staff, theme.NORMAL, colour=theme.QUIET_INK)
        self._faces = self.faces(boxes.faces, self._tapped)
        withdraw = PlainButton(say("Do not rate"), theme.NORMAL * setting.unit, self._withdraw)
        self.put(withdraw, boxes.withdraw, "withdraw")
        self._ring: RingMark = self.put(RingMark(), boxes.ring)

    def follow(self, view: View) -> None:
        """Show the time left."""
        for face in self._faces.values():
            face.visit_id = view.visit_id
        if view.ring is not None:
            self._ring.ends_ns, self._ring.total_s = view.ring.ends_ns, view.ring.total_s
            self._ring.held = view.ring.held
        self.tick()

    def tick(self) -> None:
        """Let the ring close."""
        self._ring.draw()

    def _matter(self, view: View) -> str:
        say = self.setting.words.say
        name = view.matter.task_name if view.matter is not None else ""
        # a line may not end after "Matter:", it would cost a long name half its room
        return say("Matter: {name}", name=name or say("This service")).replace(": ", ":\u00a0", 1)

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
