"""The reasons page: what was tapped, a change of mind, reasons, a comment, sending, taking back."""

from __future__ import annotations

from functools import partial

from kiosk.events import DeclineReason, Submit, Tap, ToggleIndicator, Withdraw, WriteComment
from kiosk.ui import layout, theme
from kiosk.ui.parts import Chip, Comment, PlainButton, RingMark
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad import codes
from pad.codes import Level
from pad.indicators import Indicator
from pad.model import InputDevice


class ReasonsScreen(Screen):
    """Reasons for one level; another level is another such screen."""

    def build(self, view: View) -> None:
        """Put everything in place; what is behind 更多 is shown once anything there was ticked."""
        self._level = view.level or Level.FAIRLY_SATISFIED
        self._view = view
        self._put_all(show_all=any(each.more and each.code in view.ticked for each in view.indicators))

    def leave(self) -> None:
        """Take the keyboard from the comment: what is typed from now on is nobody's."""
        self._comment.let_go()

    def _put_all(self, *, show_all: bool) -> None:
        self.clear_widgets()
        self.targets.by_name.clear()
        setting, say, view = self.setting, self.setting.words.say, self._view
        unit = setting.unit
        shown = [each for each in view.indicators if show_all or not each.more]
        has_more = len(shown) < len(view.indicators)
        boxes = layout.reasons(setting.width, setting.height, len(shown), has_more=has_more)
        self._faces = self.faces(boxes.faces, self._tapped)
        for level, face in self._faces.items():
            face.chosen, face.faint = level is self._level, level is not self._level
            face.draw()
        chosen = say("You chose: {level}", level=setting.words.level(self._level))
        self.write(chosen, boxes.chosen, theme.LARGE, bold=True, align="left")
        hint = say("Tap another face to change it. Only what you submit is sent.")
        if view.sent_by_itself:
            hint = say("Tap another face to change it. It is sent by itself when the ring closes.")
        self.write(hint, boxes.hint, theme.SMALL, align="left", valign="top", colour=theme.QUIET_INK)
        self._chips = {
            each.code: self._chip(each, box) for each, box in zip(shown, boxes.indicators, strict=True)
        }
        if boxes.more is not None:
            more = PlainButton(say("More reasons"), theme.NORMAL * unit, self._more)
            self.put(more, boxes.more, "more")
        hint = say("Anything else you would like to say")
        self._comment = Comment(hint, theme.NORMAL * unit, self._written, text=view.comment)
        self.put(self._comment, boxes.comment, "comment")
        self._count = self.write("", boxes.counter, theme.SMALL, colour=theme.QUIET_INK)
        for name, text, box, release in (
            ("withdraw", say("Take it back"), boxes.withdraw, partial(setting.post, Withdraw())),
            ("decline", say("Rather not say"), boxes.decline, partial(setting.post, DeclineReason())),
        ):
            self.put(PlainButton(text, theme.NORMAL * unit, release), box, name)
        submit = PlainButton(say("Submit"), theme.LARGE * unit, partial(setting.post, Submit()), strong=True)
        self.put(submit, boxes.submit, "submit")
        self._ring: RingMark = self.put(RingMark(), boxes.ring)

    def _chip(self, indicator: Indicator, box: layout.Box) -> Chip:
        tick = partial(self.setting.post, ToggleIndicator(indicator.code))
        chip: Chip = self.put(
            Chip(indicator.text, theme.SMALL * self.setting.unit, tick), box, f"indicator-{indicator.code}"
        )
        return chip

    def follow(self, view: View) -> None:
        """Show what is ticked, what can be pressed, and the time left."""
        self._view = view
        going_on = view.ring is not None
        for face in self._faces.values():
            face.visit_id = view.visit_id
        for code, chip in self._chips.items():
            ticked = code in view.ticked
            if chip.ticked != ticked:
                chip.ticked = ticked
                chip.draw()
        for name in self.targets.by_name:
            self.enable(name, going_on)
        self.enable("submit", view.can_submit)
        self._show_or_hide_decline(view)
        self._count.text = f"{len(view.comment)}/{codes.COMMENT_ON_SCREEN_MAX}"
        if view.ring is not None:
            self._ring.ends_ns, self._ring.total_s = view.ring.ends_ns, view.ring.total_s
            self._ring.held = view.ring.held
        self.tick()

    def _show_or_hide_decline(self, view: View) -> None:
        decline = self.targets.by_name["decline"]
        self.enable("decline", view.may_decline_reason)
        decline.widget.opacity = 1 if self._level.is_bad else 0

    def tick(self) -> None:
        """Let the ring close."""
        self._ring.draw()

    def _more(self) -> None:
        self.leave()
        self._put_all(show_all=True)
        self.follow(self._view)
        self.setting.rearranged()

    def _tapped(self, level: Level, visit_id: str) -> None:
        self.setting.post(Tap(level, InputDevice.TOUCH, visit_id))

    def _written(self, text: str) -> None:
        self.setting.post(WriteComment(text))
