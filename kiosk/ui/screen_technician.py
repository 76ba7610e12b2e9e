"""The technician's page: what to know at a glance, every sound and every screen to try."""

from __future__ import annotations

from functools import partial

from kiosk.events import LeaveTechnician, TurnSample
from kiosk.facts import Fact, FactGroup
from kiosk.ui import theme
from kiosk.ui.layout.box import Box
from kiosk.ui.layout.resting import technician
from kiosk.ui.parts import Card, Style
from kiosk.ui.screen import Screen
from kiosk.view import View

_GOOD, _BAD = "✓", "!"


class TechnicianScreen(Screen):
    """Facts in two columns."""

    def build(self, view: View) -> None:
        """Put title and buttons in place; the facts come when they are gathered."""
        say = self.setting.words.say
        boxes = technician(self.form)
        title = say("For the technician")
        if view.enrolment:
            title = say("Enrolment code scanned: {platform}", platform=view.enrolment)
        self.write(title, boxes.title, theme.LARGE, Style(bold=True, align="left"))
        sounds, screens, leave = boxes.actions
        self.button("sounds", say("Play every sound"), sounds, self.setting.rehearse)
        self.button("screens", say("Show every screen"), screens, partial(self.setting.post, TurnSample(0)))
        self.button("leave", say("Leave"), leave, partial(self.setting.post, LeaveTechnician()), strong=True)
        if view.facts is None:
            self.write(say("One moment, please."), boxes.columns[0], theme.NORMAL)
            return
        for box, groups in zip(boxes.columns, _halves(view.facts.groups), strict=True):
            self._put_groups(box, groups)

    def _put_groups(self, column: Box, groups: tuple[FactGroup, ...]) -> None:
        say, unit = self.setting.words.say, self.form.unit
        lines = sum(1 + len(group.facts) for group in groups)
        self.put(Card(self.form, column))
        inner = column.inset(1.5 * unit, unit)
        height = min(inner.height / max(lines, 1), 5 * unit)
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


def _halves(groups: tuple[FactGroup, ...]) -> tuple[tuple[FactGroup, ...], tuple[FactGroup, ...]]:
    """The groups cut in two of about the same number of lines."""
    total = sum(1 + len(group.facts) for group in groups)
    taken, at = 0, 0
    for at, group in enumerate(groups):
        if taken >= total / 2:
            return groups[:at], groups[at:]
        taken += 1 + len(group.facts)
    return groups, ()
