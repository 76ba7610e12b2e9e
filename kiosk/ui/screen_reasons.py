"""The reasons page: what was tapped, a change of mind, reasons, sending, taking back."""

from __future__ import annotations

from functools import partial

from kiosk.events import DeclineReason, Page, Submit, Tap, ToggleIndicator, TurnTo, Withdraw
from kiosk.ui import theme
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.reasons import page_of, reasons
from kiosk.ui.parts import Chip, Style
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad.codes import Level
from pad.indicators import Indicator
from pad.model import InputDevice

_MORE = "more"
_COMMENT = "comment"
_IDENTITY = "identity"
_SHOWN_OF_COMMENT = 36
Entry = Indicator | str


class ReasonsScreen(Screen):
    """Reasons for one level; another level is another such screen."""

    def build(self, view: View) -> None:
        """Put everything in place; what is behind 更多 is shown once anything there was ticked."""
        self._level = view.level or Level.FAIRLY_SATISFIED
        self._view = view
        self._all = any(each.more and each.code in view.ticked for each in view.indicators)
        self._page = 0
        self._put_all()

    def _put_all(self) -> None:
        self.clear_widgets()
        self.targets.clear()
        say, view, form = self.setting.words.say, self._view, self.form
        entries = self._entries(view)
        boxes = reasons(form, len(entries))
        shown, turns = page_of(entries, len(boxes.cells), self._page)
        chosen = say("You chose: {level}", level=self.setting.words.level(self._level))
        self.write(chosen, boxes.chosen, theme.TITLE, Style(bold=True, align="left"))
        hint = say("Tap another face to change it. Only what you submit is sent.")
        if view.sent_by_itself:
            hint = say("Tap another face to change it. It is sent by itself when the ring closes.")
        self.write(hint, boxes.hint, theme.NORMAL, Style(align="left", colour=theme.QUIET_INK))
        self._submit_first(view, boxes.submit)
        self._chips: dict[str, Chip] = {}
        for entry, box in zip(shown, boxes.cells, strict=False):
            self._put_entry(entry, box)
        if turns:
            self._turn(boxes.cells[len(shown)])
        self._faces = self.faces(boxes.faces, theme.NORMAL, self._tapped)
        for level, face in self._faces.items():
            face.chosen = level is self._level
            face.draw()
        decline = partial(self.setting.post, DeclineReason())
        if self._level.is_bad:
            self.button("decline", say("Rather not say"), boxes.decline, decline)
        withdraw = partial(self.setting.post, Withdraw())
        self.button("withdraw", say("Take it back"), boxes.withdraw, withdraw)
        self.put_ring(boxes.ring)

    def _submit_first(self, view: View, box: Box) -> None:
        """The keys come to it first: most people have nothing to add."""
        submit = partial(self.setting.post, Submit())
        self.button("submit", self.setting.words.say("Submit"), box, submit, strong=True)

    def _entries(self, view: View) -> tuple[Entry, ...]:
        at_once = [each for each in view.indicators if self._all or not each.more]
        entries: list[Entry] = [*at_once]
        if len(at_once) < len(view.indicators):
            entries.append(_MORE)
        entries.append(_COMMENT)
        if view.identity is not None:
            entries.append(_IDENTITY)
        return tuple(entries)

    def _put_entry(self, entry: Entry, box: Box) -> None:
        say, view = self.setting.words.say, self._view
        if isinstance(entry, Indicator):
            tick = partial(self.setting.post, ToggleIndicator(entry.code))
            chip = Chip(self.form, entry.text, box, theme.NORMAL, tick)
            self._chips[entry.code] = self.put(chip, f"indicator-{entry.code}", entry.text)
        elif entry == _MORE:
            self.button(_MORE, say("More reasons"), box, self._more)
        elif entry == _COMMENT:
            text = _quoted(view.comment) if view.comment else say("Write a few words")
            self.button(_COMMENT, text, box, partial(self.setting.post, TurnTo(Page.COMMENT)))
        elif view.identity is not None:
            text = view.identity.given or say("Leave your name or number (optional)")
            self.button(_IDENTITY, text, box, partial(self.setting.post, TurnTo(Page.IDENTITY)))

    def _turn(self, box: Box) -> None:
        self.button(_MORE, self.setting.words.say("Turn the page"), box, self._next_page)

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
        for name in self.targets:
            self.enable(name, going_on)
        self.enable("submit", going_on and view.can_submit)
        if "decline" in self.targets:
            self.enable("decline", going_on and view.may_decline_reason)
        self.show_time_left(view)

    def _more(self) -> None:
        self._all = True
        self._rearrange()

    def _next_page(self) -> None:
        self._page += 1
        self._rearrange()

    def _rearrange(self) -> None:
        self._put_all()
        self.follow(self._view)
        self.setting.rearranged()

    def _tapped(self, level: Level, visit_id: str) -> None:
        self.setting.post(Tap(level, InputDevice.TOUCH, visit_id))


def _quoted(comment: str) -> str:
    """The comment, or its beginning: enough to see that it is there."""
    shown = comment if len(comment) <= _SHOWN_OF_COMMENT else comment[:_SHOWN_OF_COMMENT] + "…"
    return f"“{shown}”"
