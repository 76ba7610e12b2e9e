"""What a touch and a change of screen cost the UI thread, against one frame at 60 Hz.

``python -m bench.frames`` measures on the display there is and prints one JSON line; drawing is
measured by itself, since without a graphics chip it is done by the processor.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.table import Row
from sandbox.hall.glass import VirtualDisplay

FRAME_MS: Final = 1000 / 60
_ROUNDS: Final = 40


def measure(folder: Path) -> list[Row]:
    """A touch, each screen change, and what drawing alone takes."""
    with VirtualDisplay(Path(tempfile.gettempdir()) / "frames.log", 1280, 800) as display:
        told = subprocess.run(
            [sys.executable, "-m", "bench.frames"],
            env={**os.environ, "DISPLAY": display.name},
            check=True,
            capture_output=True,
            text=True,
        )
    (Path(tempfile.gettempdir()) / "frames.log").unlink(missing_ok=True)
    found = json.loads(told.stdout.splitlines()[-1])
    slowest = max(found["changes"], key=lambda name: found["changes"][name])
    return [
        Row("a finger on a face: work until it can be drawn (p99)", found["touch"], "ms", "one frame",
            FRAME_MS, "≤ 1 ×"),
        Row(f"the slowest change of screen ({slowest}): work (p99)", found["changes"][slowest], "ms",
            "one frame", FRAME_MS, "≤ 2 ×"),
        Row("drawing a frame, here without a graphics chip", found["drawing"], "ms", "one frame", FRAME_MS),
    ]  # fmt: skip


def run() -> None:
    """Measure on this display."""
    from kiosk.ui import window
    from kiosk.ui.words import Catalogues
    from pad import indicators, settings

    catalogue = Path(indicators.__file__).parents[1] / "config/indicators/national-2020-05-22.toml"
    screen = settings.Screen(fullscreen=False)
    with tempfile.TemporaryDirectory() as state:
        window.prepare(screen, Path(state))
        from kivy.clock import Clock

        from kiosk.ui.app import PadApp
        from kiosk.ui.ports import Ports
        from kiosk.ui.samples import samples

        app = PadApp(screen, "大厅", Catalogues("zh_CN"), Ports(lambda _event: None, lambda: None))
        views = samples(indicators.load(catalogue))

        def go(_elapsed: float) -> None:
            gc.disable()
            found = {
                "changes": {name: _changes(app, views["starting"], view) for name, view in views.items()},
                "touch": _touch(app, views["invitation"]),
                "drawing": statistics.median(_timed(_draw) for _ in range(_ROUNDS)),
            }
            print(json.dumps(found))
            app.stop()

        app.run_pad(lambda: Clock.schedule_once(go))


def _changes(app: Any, from_view: Any, to_view: Any) -> float:
    took = []
    for _ in range(_ROUNDS):
        app.show(from_view)
        _settle(app)
        gc.collect()

        def change() -> None:
            app.show(to_view)
            _settle(app)

        took.append(_timed(change))
        _draw()
    return _p99(took[1:])


def _touch(app: Any, view: Any) -> float:
    from kivy.tests.common import UnitTestTouch

    app.show(view)
    _settle(app)
    took = []
    for number in range(_ROUNDS * 5):
        face = app.screen.targets[f"face-{1 + number % 5}"].widget
        touch = UnitTestTouch(*face.center)

        def press(touch: Any = touch) -> None:
            touch.touch_down()
            _settle(app)

        took.append(_timed(press))
        touch.touch_move(0, 0)
        touch.touch_up()
    return _p99(took)


def _settle(app: Any) -> None:
    """Whatever Kivy puts off to the next frame, texts above all, done now."""
    from kivy.clock import Clock
    from kivy.uix.label import Label

    for widget in app.root.walk(restrict=True):
        if isinstance(widget, Label) and widget.texture is None:
            widget.texture_update()
    Clock.tick_draw()


def _draw() -> None:
    from kivy.core.window import Window

    Window.canvas.ask_update()
    Window.on_draw()
    Window.on_flip()


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _p99(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, round(len(took) * 0.99))]


if __name__ == "__main__":
    run()
