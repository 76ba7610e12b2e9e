"""The glass: an X display, what the kiosk says is on it, and a pointer that taps it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PIL import ImageGrab

from sandbox.hall.processes import Program, ProgramEnded

SCREEN_WITHIN_S = 60.0


class VirtualDisplay:
    """An X server without a screen (Xvfb), for as long as the block lasts."""

    def __init__(self, log: Path, width: int, height: int) -> None:
        self._size = f"{width}x{height}x24"
        self._log = log
        self.name = ""

    def __enter__(self) -> VirtualDisplay:
        """Start it on a free display number."""
        read, write = os.pipe()
        words = ["Xvfb", "-displayfd", str(write), "-screen", "0", self._size, "-nolisten", "tcp", "-noreset"]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(words, pass_fds=[write], stdout=log, stderr=log)
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._server.terminate()
        self._server.wait()


@dataclass(frozen=True, slots=True)
class Shown:
    """One screen as the kiosk narrates it: what can be tapped, and where."""

    screen: str
    visit: str
    targets: dict[str, tuple[int, int, int, int]]
    enabled: frozenset[str]
    ticked: frozenset[str]
    level: int | None
    comment: int
    letters: int
    language: str
    big: bool
    low: bool
    marked: str | None

    @classmethod
    def parse(cls, line: str) -> Shown:
        """From a line of ``kiosk --narrate``."""
        told = json.loads(line)
        return cls(
            screen=told["screen"],
            visit=told["visit"],
            targets={name: tuple(box) for name, box in told["targets"].items()},
            enabled=frozenset(told["enabled"]),
            ticked=frozenset(told["ticked"]),
            level=told["level"],
            comment=told["comment"],
            letters=told["letters"],
            language=told["language"],
            big=told["big"],
            low=told["low"],
            marked=told["marked"],
        )


class Glass:
    """What a citizen sees and touches: a kiosk's window on a display."""

    def __init__(self, display: str, kiosk: Program) -> None:
        self._display = display
        self._kiosk = kiosk
        self.shown: Shown | None = None

    def wait_for(self, screen: str, also: Callable[[Shown], bool] = lambda _: True) -> Shown:
        """Wait until a screen is shown, drawn and touchable."""
        if self.shown is not None and self.shown.screen == screen and also(self.shown):
            return self.shown
        return self.next(screen, also)

    def wait_for_one_of(self, *screens: str) -> str:
        """Wait until any of these is shown, whichever comes; its name.

        :raises ProgramEnded: if none is, in time
        """

        def wanted(line: str) -> bool:
            if not line.startswith("{"):
                return False
            self.shown = Shown.parse(line)
            return self.shown.screen in screens

        if self.shown is None or self.shown.screen not in screens:
            self._kiosk.line(wanted, SCREEN_WITHIN_S)
        return self.shown.screen if self.shown is not None else ""

    def next(self, screen: str, also: Callable[[Shown], bool] = lambda _: True) -> Shown:
        """Wait until a screen is shown anew.

        :raises ProgramEnded: if it is not, in time
        """

        def wanted(line: str) -> bool:
            if not line.startswith("{"):
                return False
            self.shown = Shown.parse(line)
            return self.shown.screen == screen and also(self.shown)

        try:
            self._kiosk.line(wanted, SCREEN_WITHIN_S)
        except ProgramEnded as error:
            there = f"{self.shown.screen}: {sorted(self.shown.enabled)}" if self.shown else "nothing yet"
            raise ProgramEnded(f"{error}; awaited screen {screen}, shown is {there}") from None
        if self.shown is None:
            raise ProgramEnded("nothing was shown")
        return self.shown

    def tap(self, target: str) -> None:
        """Press and release with the pointer in the middle of a target."""
        if self.shown is None or target not in self.shown.targets:
            there = sorted(self.shown.targets) if self.shown else []
            raise LookupError(f"there is no {target} on the screen; there are {', '.join(there)}")
        left, top, width, height = self.shown.targets[target]
        self.tap_at(left + width // 2, top + height // 2)

    def tap_at(self, x: int, y: int) -> None:
        """Press and release with the pointer at a pixel."""
        self._xdotool("mousemove", str(x), str(y), "click", "1")

    def press_at(self, x: int, y: int) -> None:
        """Put the finger down at a pixel and leave it there."""
        self._xdotool("mousemove", str(x), str(y), "mousedown", "1")

    def release(self) -> None:
        """Lift the finger."""
        self._xdotool("mouseup", "1")

    def write(self, text: str) -> None:
        """Write a comment in Latin letters and spaces on the pad's keyboard, and come back to the reasons."""
        shown = self._begin_to_write()
        if shown.language.startswith("zh"):
            self.tap("script")
        before = shown.comment
        for at, char in enumerate(text, 1):
            self.tap("space" if char == " " else f"key-{char}")
            self.wait_for("comment", lambda shown, count=before + at: shown.comment == count)  # type: ignore[misc]
        self.tap("done")
        self.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)

    def write_pinyin(self, letters: str) -> None:
        """Write a comment in Pinyin, taking the first characters offered, and come back to the reasons."""
        shown = self._begin_to_write()
        for letter in letters:
            self.tap(f"key-{letter}")
        self.wait_for("comment", lambda shown: shown.letters == len(letters) and "offer-0" in shown.enabled)
        self.tap("offer-0")
        self.wait_for("comment", lambda later: later.comment > shown.comment)
        self.tap("done")
        self.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)

    def _begin_to_write(self) -> Shown:
        shown = self.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)
        while "comment" not in shown.targets:
            before = shown.targets
            self.tap("more")
            shown = self.next("reasons", lambda shown, before=before: shown.targets != before)  # type: ignore[misc]
        self.tap("comment")
        return self.wait_for("comment", lambda shown: "script" in shown.enabled)

    def press_key(self, key: str) -> None:
        """Press a key of a key pad or keyboard."""
        self._xdotool("key", key)

    def screenshot(self, file: Path) -> None:
        """Save what is on the glass as a PNG."""
        ImageGrab.grab(xdisplay=self._display).save(file)

    def _xdotool(self, *words: str) -> None:
        subprocess.run(
            ["xdotool", *words], env={**os.environ, "DISPLAY": self._display}, check=True, capture_output=True
        )
