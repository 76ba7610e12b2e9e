"""A bare Kivy app with one label: what the kiosk's start and rest are measured against."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import mkdtemp

from kiosk.ui import window
from pad.settings import Screen

window.prepare(Screen(fullscreen=False), Path(mkdtemp(prefix="bare-")))

from kivy.app import App  # noqa: E402 - Kivy reads its configuration at import
from kivy.clock import Clock  # noqa: E402
from kivy.uix.label import Label  # noqa: E402


class Bare(App):  # type: ignore[misc]
    """One label."""

    def build(self) -> Label:
        """Say when the first frame is on the glass."""
        Clock.schedule_once(lambda _: Clock.schedule_once(lambda _: print("{}", flush=True)))
        return Label(text="bare")


if __name__ == "__main__":
    sys.exit(Bare().run())
