"""The technician's page: what to know at a glance, every sound and screen to try, and the pad's enrolment."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from kiosk.events import Enrol, EnrolmentTold, LeaveTechnician, TurnSample
from kiosk.facts import Fact, FactGroup
from kiosk.ui import theme
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.resting import technician
from kiosk.ui.parts import Card, Style
from kiosk.ui.screen import Screen
from kiosk.view import View
from pad.enrolment import Outcome

_GOOD, _BAD = "✓", "!"


class TechnicianScreen(Screen):
    """Facts in two columns."""

    def build(self, view: View) -> None:
        """Put title and buttons in place; the facts come when they are gathered."""
        boxes = technician(self.form, buttons=2 if view.enrolment else 3)
        self.write(self._title(view), boxes.title, theme.LARGE, Style(bold=True, align="left"))
        if view.enrolment:
            self._offer_enrolment(view, boxes.actions)
        else:
            self._offer_rehearsals(boxes.actions)
        if view.facts is None:
            self.write(self.setting.words.say("One moment, please."), boxes.columns[0], theme.NORMAL)
            return
        columns = _halves(view.facts.groups)
        lines = max(*map(_lines, columns), 1)
        for box, groups in zip(boxes.columns, columns, strict=True):
            self._put_groups(box, groups, lines)

    def _title(self, view: View) -> str:
        say, told = self.setting.words.say, view.enrolled
        if view.enrolling:
            return say("Enrolling at {platform}", platform=view.enrolment)
        if told is not None:
            return self._outcome(told)
        if view.enrolment:
            return say("Enrolment code scanned: {platform}", platform=view.enrolment)
        return say("For the technician")

    def _outcome(self, told: EnrolmentTold) -> str:
        say = self.setting.words.say
        match told.outcome:
            case Outcome.ENROLLED:
                return say(
                    "Enrolled as {device}, window {window}.", device=told.device, window=told.win_no or "-"
                )
            case Outcome.UNKNOWN_CODE:
                return say("The platform does not know this code. Check it, or ask for a new one.")
            case Outcome.USED_CODE:
                return say("Another pad has used this code. Ask for a new one.")
            case Outcome.EXPIRED_CODE:
                return say("This code has expired. Ask for a new one.")
            case Outcome.BAD_REQUEST:
                return say("The platform does not take what this pad says. Tell whoever runs it.")
            case Outcome.NO_ANSWER:
                return say("The platform was not reached. Check network and clock, then try again.")
            case Outcome.NO_SERIAL:
                return say("This machine has no serial number. Type padctl enrol --serial on it.")
            case Outcome.NOT_WRITTEN:
                return say("This pad could not keep it. Type padctl doctor on it.")
            case Outcome.NOBODY_THERE:
                return say("Nothing on this pad enrols it from here. Type padctl enrol on it.")

    def _offer_enrolment(self, view: View, boxes: tuple[Box, ...]) -> None:
        say, post = self.setting.words.say, self.setting.post
        done = view.enrolled is not None and view.enrolled.outcome is Outcome.ENROLLED
        if not done:
            asks = say("Enrol at {platform}", platform=urlsplit(view.enrolment).hostname or "")
            self.button("enrol", asks, boxes[0], partial(post, Enrol()), strong=True)
            self.enable("enrol", not view.enrolling)
        leave = say("Leave, and start anew") if done else say("Leave")
        self.button("leave", leave, boxes[1], partial(post, LeaveTechnician()), strong=done)

    def _offer_rehearsals(self, boxes: tuple[Box, ...]) -> None:
        say, post = self.setting.words.say, self.setting.post
        sounds, screens, leave = boxes
        self.button("sounds", say("Play every sound"), sounds, self.setting.rehearse)
        self.button("screens", say("Show every screen"), screens, partial(post, TurnSample(0)))
        self.button("leave", say("Leave"), leave, partial(post, LeaveTechnician()), strong=True)

    def _put_groups(self, column: Box, groups: tuple[FactGroup, ...], lines: int) -> None:
        say, unit = self.setting.words.say, self.form.unit
        self.put(Card(self.form, column))
        inner = column.inset(1.5 * unit, unit)
        # as if both columns had as many lines: then both are set in type of one size
        height = min(inner.height / lines, 5 * unit)
        for group in groups:
            title, inner = inner.cut_top(height)
            self.write(
                say(group.name), title, theme.SMALL, Style(bold=True, align="left", colour=theme.ACCENT)
            )
            for fact in group.facts:
                line, inner = inner.cut_top(height)
                self._put_fact(line, fact)

    def _put_fact(self, line: Box, fact: Fact) -> None:
        name, value = line.cut_left(line.width * 0.42, self.form.unit)
        sign = "" if fact.ok is None else f"{_GOOD if fact.ok else _BAD} "
        self.write(self.setting.words.say(fact.name), name, theme.SMALL, Style(align="left"))
        bold = fact.ok is False
        self.write(sign + fact.value, value, theme.SMALL, Style(bold=bold, align="left"))


def _lines(groups: tuple[FactGroup, ...]) -> int:
    return sum(1 + len(group.facts) for group in groups)


def _halves(groups: tuple[FactGroup, ...]) -> tuple[tuple[FactGroup, ...], tuple[FactGroup, ...]]:
    """The groups cut in two so that the longer column is as short as can be."""
    at = min(range(len(groups) + 1), key=lambda at: max(_lines(groups[:at]), _lines(groups[at:])))
    return groups[:at], groups[at:]
