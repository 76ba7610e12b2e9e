"""Kivy's labels without a window: stdin says what to write (JSON, a line each), stdout how it came out.

``python -m tests.kiosk.ui.text_on_paper NAME=FONTFILE…``; a request is Kivy's label options, ``markup``
among them; the answer is the lines, and the ink as rows of transparency (hexadecimal).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any


class Paper:
    """Takes a label's pixels in place of a texture, which would need a window."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def blit_data(self, drawn: Any) -> None:
        """Keep how opaque each pixel is."""
        opacity, width = bytes(drawn.data)[3::4], drawn.width
        self.rows = [opacity[start : start + width] for start in range(0, len(opacity), width)]


def main(fonts: dict[str, str]) -> None:
    """Answer until stdin ends."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"KIVY_HOME": home, "KIVY_NO_ARGS": "1", "KIVY_NO_CONFIG": "1"}
        os.environ |= {"KIVY_NO_FILELOG": "1", "KIVY_NO_CONSOLELOG": "1"}
        from kivy.core.text import Label, LabelBase
        from kivy.core.text.markup import MarkupLabel

        for name, path in fonts.items():
            LabelBase.register(name, path)
        for line in sys.stdin:
            asked = json.loads(line)
            label = (MarkupLabel if asked.pop("markup") else Label)(**asked)
            label.resolve_font_name()
            label._size = label.render()
            label.texture = paper = Paper()
            label.render(real=True)
            lines = ["".join(word.text for word in each.words) for each in label._cached_lines]
            print(json.dumps({"lines": lines, "rows": [row.hex() for row in paper.rows]}), flush=True)


if __name__ == "__main__":
    main(dict(argument.split("=", 1) for argument in sys.argv[1:]))
