"""A pad with no desk behind it: shows what stdin names, prints what fingers post and what is shown.

``python -m tests.kiosk.ui.pad_on_glass WIDTH HEIGHT``, then lines of ``NAME VISIT [COMMENT]``, or of
``@down FINGER X Y`` and ``@up FINGER X Y``: more fingers than an X server without a panel has.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import queue
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from kiosk.events import Event
from kiosk.ui import window
from kiosk.ui.words import Catalogues
from kiosk.view import Identity, Ring, ScreenName, View
from pad import indicators, settings
from pad.clock import monotonic_ns
from pad.codes import Level
from pad.model import Matter, Staff

CATALOGUE: Final = Path(indicators.__file__).parents[1] / "config" / "indicators" / "national-2020-05-22.toml"


def view(name: str, visit: str, comment: str) -> View:
    """The view that a line of stdin names; ``reasons-2`` is the reasons page of level 2."""
    kind, _, code = name.partition("-")
    if kind not in ("invitation", "reasons", "comment", "identity"):
        return View(ScreenName(name))
    ring = Ring(monotonic_ns() + 60_000_000_000, 60.0, held=False)
    matter, staff = (
        Matter(project_no="500110202611230001", task_name="个体工商户设立登记"),
        Staff("1024", "王芳"),
    )
    if kind == "invitation":
        return View(ScreenName.INVITATION, visit, matter, staff, ring=ring)
    level = Level(int(code))
    return View(
        ScreenName(kind),
        visit,
        matter,
        staff,
        level=level,
        indicators=indicators.load(CATALOGUE).of_level(level),
        comment=comment,
        can_submit=not level.is_bad,
        may_decline_reason=level.is_bad,
        ring=ring,
        identity=Identity(),
    )


def main(width: int, height: int) -> None:
    """Run until stdin ends."""
    screen = settings.Screen(fullscreen=False, width=width, height=height, keys="54321")
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()

    def post(event: Event) -> None:
        print(json.dumps({"posted": type(event).__name__, **dataclasses.asdict(event)}), flush=True)

    def drain() -> None:
        while not asked.empty():
            line = asked.get()
            if not line:
                app.stop()
                return
            if line.startswith("@"):
                finger(*line[1:].split())
                continue
            name, visit, comment = line.rstrip("\n").split(" ", 2)
            app.show(view(name, visit, comment))

    fingers: dict[str, Any] = {}

    def finger(what: str, name: str, x: str, y: str) -> None:
        """As Kivy's own tests touch: through its loop, like a panel's driver."""
        from kivy.tests.common import UnitTestTouch

        if what == "down":
            fingers[name] = UnitTestTouch(float(x), height - float(y))
            fingers[name].touch_down()
        else:
            fingers.pop(name).touch_up()

    def listen() -> None:
        while True:
            line = sys.stdin.readline()
            asked.put(line)
            app.wake()
            if not line:
                return

    def tell_of_garbage(phase: str, about: dict[str, int]) -> None:
        if phase == "stop" and about["generation"] == 2:
            print(json.dumps({"tidied": about["collected"]}), flush=True)

    with tempfile.TemporaryDirectory() as state:
        window.prepare(screen, Path(state))
        from kiosk.ui import app as on_glass
        from kiosk.ui.narration import Narration
        from kiosk.ui.ports import Ports

        on_glass._TIDY_EVERY_S = 0.2  # type: ignore[misc]
        ports = Ports(post, drain, narration=Narration(sys.stdout))
        app = on_glass.PadApp(screen, "綦江区政务服务中心", Catalogues(screen.language), ports)
        threading.Thread(target=listen, daemon=True).start()
        gc.callbacks.append(tell_of_garbage)
        app.show(view("idle", "", ""))
        app.run_pad(lambda: None)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
