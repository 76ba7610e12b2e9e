"""The narration: for whoever watches or taps by program, each screen as a line once it is on the glass."""

from __future__ import annotations

import json
from typing import IO

from kiosk.ui.bar import Bar
from kiosk.ui.screen import Screen, box_of, boxes_of
from kiosk.view import View


class Narration:
    """Writes a JSON line whenever what is shown or what answers has changed.

    ``{"screen", "visit", "size": [w, h], "targets": {name: [x, y, w, h]}, "enabled": [name],
    "ticked": [code], "level", "comment", "letters", "marked", "language", "big", "low", "sample"}``
    with pixels from the top left, the lengths of the comment and of the Pinyin being typed, and the
    target the keys have come to.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._last = ""

    def tell(self, screen: Screen, view: View, bar: Bar, marked: str | None) -> None:
        """Tell what is on the glass."""
        modes = {name: box_of(target.widget, screen.form) for name, target in bar.targets.items()}
        targets_now = screen.targets if view.armed else {}
        enabled = [name for name, target in targets_now.items() if target.enabled]
        form = screen.form
        line = json.dumps(
            {
                "screen": str(view.screen),
                "visit": view.visit_id,
                "size": [round(form.width), round(form.height)],
                "language": screen.setting.words.language,
                "big": form.big,
                "low": form.low,
                "level": None if view.level is None else view.level.value,
                "ticked": sorted(view.ticked),
                "comment": len(view.comment),
                "letters": screen.letters,
                "marked": marked,
                "sample": view.sample,
                "enabled": [*enabled, *modes],
                "targets": boxes_of(screen) | modes,
            }
        )
        if line != self._last:
            self._last = line
            self._out.write(line + "\n")
            self._out.flush()
