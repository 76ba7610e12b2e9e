"""The narration: for whoever watches or taps by program, each screen as a line once it is on the glass."""

from __future__ import annotations

import json
from typing import IO

from kiosk.ui.screen import Screen, boxes_of
from kiosk.view import View


class Narration:
    """Writes a JSON line whenever what is shown or what answers has changed.

    ``{"screen", "visit", "size": [w, h], "targets": {name: [x, y, w, h]}, "enabled": [name],
    "ticked": [code], "level", "comment"}`` with pixels from the top left and the comment's length.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._last = ""

    def tell(self, screen: Screen, view: View, language: tuple[int, int, int, int]) -> None:
        """Tell what is on the glass."""
        targets = boxes_of(screen) | {"language": language}
        targets_now = screen.targets.by_name if view.armed else {}
        enabled = [name for name, target in targets_now.items() if target.enabled]
        line = json.dumps(
            {
                "screen": str(view.screen),
                "visit": view.visit_id,
                "size": [round(screen.setting.width), round(screen.setting.height)],
                "language": screen.setting.words.language,
                "level": None if view.level is None else view.level.value,
                "ticked": sorted(view.ticked),
                "comment": len(view.comment),
                "enabled": [*enabled, "language"],
                "targets": targets,
            }
        )
        if line != self._last:
            self._last = line
            self._out.write(line + "\n")
            self._out.flush()
