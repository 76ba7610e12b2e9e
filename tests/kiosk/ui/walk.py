"""Walks one window through every screen, language and mode, and prints what stands where it should not.

``python -m tests.kiosk.ui.walk WIDTH HEIGHT INCHES CATALOGUES LANGUAGE...``: one JSON line a screen,
``{"language", "big", "low", "screen", "faults": [...], "cut": [...], "least_units", "work_ms"}``.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final

from kiosk.ui import window
from kiosk.ui.words import FOLDER, Catalogues
from pad import indicators, settings

CATALOGUE: Final = Path(indicators.__file__).parents[1] / "config" / "indicators" / "national-2020-05-22.toml"
_SLACK: Final = 1.5
"""Pixels that rounding may cost."""

Rect = tuple[float, float, float, float]


def rect(widget: Any) -> Rect:
    """Left, bottom, right, top."""
    return (widget.x, widget.y, widget.right, widget.top)


def lies_in(inner: Rect, outer: Rect) -> bool:
    """Whether one rectangle is within another."""
    return (
        inner[0] >= outer[0] - _SLACK
        and inner[1] >= outer[1] - _SLACK
        and inner[2] <= outer[2] + _SLACK
        and inner[3] <= outer[3] + _SLACK
    )


def overlap(one: Rect, other: Rect) -> bool:
    """Whether two rectangles share more than an edge."""
    return (
        one[0] < other[2] - _SLACK
        and other[0] < one[2] - _SLACK
        and one[1] < other[3] - _SLACK
        and other[1] < one[3] - _SLACK
    )


_INK: dict[object, tuple[int, int, int, int] | None] = {}
"""The same words in the same type have the same ink: most screens share some."""


def _ink(texture: Any) -> tuple[int, int, int, int] | None:
    from PIL import Image

    alpha = Image.frombytes("RGBA", texture.size, texture.pixels).getchannel("A")
    return alpha.point(lambda value: 255 * (value > 40)).getbbox()


def ink_of(words: Any) -> Rect:
    """Where the ink of some words is: the font's leading above and below may stand out of the box, unseen."""
    texture = words.texture
    key = (words.text, words.font_size, words.font_name, words.halign, texture.size)
    if key not in _INK:
        _INK[key] = _ink(texture)
    found = _INK[key]
    if found is None:
        return (*words.center, *words.center)
    left, bottom = words.center_x - texture.width / 2, words.center_y - texture.height / 2
    # a text's pixels come from the top down
    top = bottom + texture.height
    return (left + found[0], top - found[3], left + found[2], top - found[1])


def _by(inner: Rect, outer: Rect) -> str:
    sides = (outer[0] - inner[0], outer[1] - inner[1], inner[2] - outer[2], inner[3] - outer[3])
    named = zip(("left", "below", "right", "above"), sides, strict=True)
    return ", ".join(f"{pixels:.0f} px {side}" for side, pixels in named if pixels > _SLACK)


def faults_of(parts: list[Any], screen: Any) -> Iterator[str]:
    """What stands out of its box, or on something else."""
    from kiosk.ui.parts import Pressable, Words

    glass = (0.0, 0.0, screen.width, screen.height)
    shown = [each for each in parts if each.opacity > 0]
    words = [(each, ink_of(each)) for each in shown if isinstance(each, Words) and each.text]
    pressed = [each for each in shown if isinstance(each, Pressable)]
    for each, ink in words:
        if not lies_in(ink, rect(each)):
            yield f"{each.said!r} stands out of its box: {_by(ink, rect(each))}"
        if not lies_in(ink, glass):
            yield f"{each.said!r} leaves the screen"
    for (one, here), (other, there) in combinations(words, 2):
        if overlap(here, there):
            yield f"{one.said!r} is written over {other.said!r}"
    for one_button, other_button in combinations(pressed, 2):
        if overlap(rect(one_button), rect(other_button)):
            yield "two buttons share a place"
    for each, ink in words:
        for button in pressed:
            if each.parent is not button and overlap(ink, rect(button)):
                yield f"{each.said!r} stands on a button"


def walk(screen: settings.Screen, catalogues: Catalogues, languages: list[str]) -> None:
    """Walk, and print."""
    from kivy.clock import Clock

    from kiosk.ui.app import PadApp
    from kiosk.ui.parts import Words
    from kiosk.ui.ports import Ports
    from kiosk.ui.samples import samples

    app = PadApp(screen, "綦江区政务服务中心", catalogues, Ports(lambda _event: None, lambda: None))
    views = samples(indicators.load(CATALOGUE))

    def go(_elapsed: float) -> None:
        gc.disable()
        for language, big, low in product(languages, (False, True), (False, True)):
            gc.collect()
            for name, view in views.items():
                app.show(view)
                started = time.perf_counter()
                app.wear(language, big=big, low=low)
                parts = list(app.root.walk(restrict=True))
                for each in parts:
                    if isinstance(each, Words):
                        each.texture_update()
                work_ms = (time.perf_counter() - started) * 1000
                sizes = [each.font_size for each in parts if isinstance(each, Words) and each.text]
                unit = min(screen.width, screen.height) / 100
                line = {
                    "language": language, "big": big, "low": low, "screen": name, "work_ms": work_ms,
                    "least_units": min(sizes) / unit,
                    "faults": sorted(set(faults_of(parts, app.root))),
                    "cut": [each.said for each in parts if isinstance(each, Words) and "…" in each.text],
                }  # fmt: skip
                print(json.dumps(line, ensure_ascii=False))
        app.stop()

    app.run_pad(lambda: Clock.schedule_once(go))


def main(width: str, height: str, inches: str, folder: str, *languages: str) -> None:
    """Open the window and walk."""
    screen = settings.Screen(
        fullscreen=False, width=int(width), height=int(height), diagonal_inches=float(inches)
    )
    with tempfile.TemporaryDirectory() as state:
        window.prepare(screen, Path(state))
        walk(screen, Catalogues("zh_CN", FOLDER, Path(folder)), list(languages))


if __name__ == "__main__":
    main(*sys.argv[1:])
