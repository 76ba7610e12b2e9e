"""Shows one person's whole visit, then the next person's screen, and prints what is left of the first.

``python -m tests.kiosk.ui.leftovers``: one JSON line a way of leaving, ``{"way", "seen", "left"}``; ``seen``
is what the search finds while the person is still there, so that it is known to find anything.
"""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kiosk.ui import window
from kiosk.ui.words import Catalogues
from kiosk.view import Identity, Ring, ScreenName, View
from pad import settings
from pad.clock import monotonic_ns
from pad.codes import Level
from pad.indicators import Indicator
from pad.model import Matter, Staff

MARK: Final = "遗留物"
"""Stands in everything the first person gave or was shown."""


def visit() -> list[View]:
    """What one person sees, from the invitation to the last page."""
    ring = Ring(monotonic_ns() + 60_000_000_000, 60.0, held=True)
    first = View(
        ScreenName.INVITATION, "first", Matter(project_no=f"P-{MARK}", task_name=MARK), Staff("1", MARK),
        ring=ring, link=f"https://example.test/{MARK}",
    )  # fmt: skip
    reasons = replace(
        first, screen=ScreenName.REASONS, level=Level(2),
        indicators=(Indicator("210", Level(2), MARK, False),), comment=MARK, identity=Identity(given=MARK),
    )  # fmt: skip
    typing = replace(reasons, screen=ScreenName.COMMENT, identity=None)
    asked = replace(reasons, screen=ScreenName.IDENTITY, identity=Identity(phone=MARK, given=MARK))
    return [first, reasons, typing, asked, reasons]


def found(root: Any) -> list[str]:
    """Where the mark still stands: in the tree, in any living text or view, or in a cache of Kivy's."""
    from kivy.cache import Cache
    from kivy.uix.label import Label

    gc.collect()
    places = [f"tree: {type(each).__name__}" for each in root.walk(restrict=True) if MARK in _texts(each)]
    for each in gc.get_objects():
        if isinstance(each, Label) and MARK in _texts(each):
            places.append(f"alive: {type(each).__name__} {each.text[:20]}")
        elif isinstance(each, View) and MARK in repr(each):
            places.append(f"alive: {each.screen} view")
    places += [f"cache: {name}" for name in Cache._categories if MARK in repr(Cache._objects.get(name))]
    return places


def _texts(widget: Any) -> str:
    return f"{getattr(widget, 'text', '')} {getattr(widget, 'said', '')}"


def ways() -> Iterator[tuple[str, View]]:
    """How a person's screen gives way."""
    ring = Ring(monotonic_ns() + 60_000_000_000, 60.0, held=True)
    yield "thanked", View(ScreenName.THANKS)
    yield "walked away", View(ScreenName.IDLE)
    yield "the next at once", View(ScreenName.INVITATION, "second", Matter(project_no="P2"), ring=ring)
    yield "disk full", View(ScreenName.CANNOT_STORE)


def main() -> None:
    """Show, leave, search."""
    screen = settings.Screen(fullscreen=False, width=800, height=480)
    with tempfile.TemporaryDirectory() as state:
        window.prepare(screen, Path(state))
        from kivy.base import EventLoop
        from kivy.clock import Clock

        from kiosk.ui.app import PadApp
        from kiosk.ui.ports import Ports

        app = PadApp(screen, "大厅", Catalogues("zh_CN"), Ports(lambda _event: None, lambda: None))

        def go(_elapsed: float) -> None:
            for way, after in ways():
                for view in visit():
                    app.show(view)
                    EventLoop.idle()
                del view
                seen = found(app.root)
                app.show(after)
                EventLoop.idle()
                print(json.dumps({"way": way, "seen": seen, "left": found(app.root)}))
            app.stop()

        app.run_pad(lambda: Clock.schedule_once(go))


if __name__ == "__main__":
    main()
