"""The window, prepared before Kivy is imported: Kivy reads its configuration at import."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from kiosk.ui import bare_x
from pad.settings import Screen

FRAMES_PER_SECOND = 60
RESTING_FRAMES_PER_SECOND = 20
"""While nobody is asked anything: a finger is felt a twentieth of a second later, and the pad stays cool."""


class NoScreen(Exception):
    """There is no display to open a window on; the message says what to do."""


def prepare(screen: Screen, state_dir: Path) -> None:
    """Settle Kivy's environment and configuration: ours alone, nothing of a user's home.

    :raises NoScreen: if there is no display; SDL would draw into nothing, unseen
    """
    if not _has_display(os.environ):
        raise NoScreen(
            "no display: neither DISPLAY nor WAYLAND_DISPLAY is set and no graphics card is there; "
            "start the kiosk in a graphical session, or under Xvfb"
        )
    # left to itself SDL falls back to drawing into memory
    os.environ.setdefault("SDL_VIDEODRIVER", _driver(os.environ))
    home = state_dir / "kivy"
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "KIVY_HOME": str(home),
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KIVY_CLIPBOARD": "dummy",
        "KIVY_WINDOW": "sdl2",
        # what other threads post is drawn at once, however seldom the loop turns by itself
        "KIVY_CLOCK": "interrupt",
    }
    # what goes wrong is raised; Kivy's own log tells of its start, and of a cut buffer nobody needs
    logging.getLogger("kivy").addFilter(lambda _record: False)
    from kivy.config import Config

    whole = bare_x.screen_size() if screen.fullscreen and "x11" in os.environ["SDL_VIDEODRIVER"] else None
    width, height = whole or (screen.width, screen.height)
    for section, key, value in (
        ("graphics", "width", width),
        ("graphics", "height", height),
        ("graphics", "fullscreen", "auto" if screen.fullscreen and whole is None else 0),
        ("graphics", "borderless", 1),
        # where no window manager moves it, the window has to stand in the corner by itself
        ("graphics", "position", "custom"),
        ("graphics", "left", 0),
        ("graphics", "top", 0),
        ("graphics", "resizable", 0),
        ("graphics", "show_cursor", 0),
        ("graphics", "allow_screensaver", 0),
        ("graphics", "maxfps", FRAMES_PER_SECOND),
        ("graphics", "multisamples", 4),
        ("input", "mouse", "mouse,disable_multitouch"),
        ("kivy", "exit_on_escape", 0),
        ("kivy", "desktop", 0),
        ("kivy", "keyboard_mode", "system"),
    ):
        Config.set(section, key, str(value))
    # SDL tells of every finger; Kivy's own reading of /dev/input would tell of each a second time
    Config.remove_option("input", "%(name)s")


def opened(window: object) -> None:
    """Make sure that Kivy could open its window.

    :raises NoScreen: if it could not
    """
    if window is None:
        named = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or "/dev/dri"
        raise NoScreen(
            f"no display: {named} cannot be opened; check that its server runs and lets this user in"
        )


def _driver(environ: Mapping[str, str]) -> str:
    if environ.get("WAYLAND_DISPLAY"):
        return "wayland,x11"
    return "x11" if environ.get("DISPLAY") else "kmsdrm"


def _has_display(environ: Mapping[str, str]) -> bool:
    named = any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"))
    return named or any(Path("/dev/dri").glob("card*"))
