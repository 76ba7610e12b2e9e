"""Takes the pictures of the technician's guide, by doing what the guide says, in its order.

``python -m tools.guide_pictures`` has a pad as it comes out of its box, a practice platform, a scanner and a
browser, each a process of its own, and puts what stands on the glass into ``docs/technician``.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, sync_playwright

from kiosk.ui import corners
from sandbox.devices.table import Table
from sandbox.hall.glass import Glass, VirtualDisplay
from sandbox.hall.partners import Clerk, Platform
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import APP_MARK, APP_WORD

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs" / "technician"
SIZE: Final = (1280, 800)
WIDE, SMALL = 800, 400
"""Pixels across: a picture of its own, and one in a table."""
PIN: Final = "274916"
WINDOW: Final = {"hall_name": "綦江区政务服务中心", "win_no": "A07", "area_code": "500110000000"}
PHONE: Final = {"phone_url": "https://hcp.example.gov.cn/r", "phone_key": "000102030405060708090a0b0c0d0e0f"}
STAFF: Final = {"number": "1024", "name": "王芳", "post": "综合受理", "stars": 5}
MATTER: Final = {"project_no": "500110202611240001", "task_name": "个体工商户设立登记"}
_PLATFORM_WITHIN_S: Final = 30.0
_UNTIL_S: Final = 30.0
_LINES: Final = 6
"""As thick as a ring is drawn, in pixels of the glass."""


class FreshPad:
    """A pad out of its box, with its screen, and the technician at its keyboard."""

    def __init__(self, folder: Path, display: str) -> None:
        self._folder, self._display = folder, display
        shutil.copytree(ROOT / "config", folder / "etc")
        self.state = folder / "state"
        self.state.mkdir()
        self._port = free_port()
        self.clerk = Clerk(self._port)
        self._environment = {
            "PAD_CONFIG": str(folder / "etc" / "pad.toml"), "PAD_STATE": str(self.state),
            "PAD_SERIAL": "SN-20260001", "DISPLAY": display,
        }  # fmt: skip
        self._kiosk: Program | None = None
        self._syncd: Program | None = None
        self.glass: Glass
        self.config("counter.port", str(self._port))
        self.config("screen.fullscreen", "false")

    def padctl(self, *words: str, typed: str = "") -> None:
        """Type a command."""
        subprocess.run(
            python("pad.ctl", *words), check=True, env={**os.environ, **self._environment}, input=typed,
            text=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def config(self, key: str, value: str) -> None:
        """Change a setting."""
        self.padctl("config", "set", key, value)

    def start(self) -> None:
        """Start its screen, or start it anew."""
        self.stop()
        self._kiosk = Program(
            python("tools.guide_pictures", "--kiosk"), self._folder / "kiosk.log", self._environment
        )
        self.glass = Glass(self._display, self._kiosk)

    def deliver(self) -> None:
        """Start the daemon."""
        self._syncd = Program(python("syncd"), self._folder / "syncd.log", self._environment)

    def hold_two_corners(self) -> None:
        """Hold them for as long as it takes."""
        if self._kiosk is not None:
            os.kill(self._kiosk.pid, signal.SIGUSR1)

    def asks(self) -> bool:
        """Whether the screen has asked to be enrolled."""
        return self._request.exists()

    def answer(self) -> None:
        """Enrol it as its screen asked: on an installed pad systemd has this done (pad-enrol.path)."""
        self.padctl("enrol", "--request", str(self._request), "--no-restart")

    @property
    def _request(self) -> Path:
        return self.state / "enrol" / "asked" / "request"

    def stop(self) -> None:
        """Ask its programs to stop."""
        for program in (self._kiosk, self._syncd):
            if program is not None:
                program.stop()
        self._kiosk = self._syncd = None


class Album:
    """The pictures, as they are taken."""

    def __init__(self, glass: Callable[[], Glass], folder: Path) -> None:
        self._glass, self._shot = glass, folder / "shot.png"
        DOCS.mkdir(exist_ok=True)

    def take(self, name: str, width: int = WIDE) -> None:
        """What is on the glass."""
        self._glass().screenshot(self._shot)
        with Image.open(self._shot) as image:
            self.keep(name, image.convert("RGB"), width)

    def take_corners(self, name: str) -> None:
        """The same with two opposite corners ringed."""
        self._glass().screenshot(self._shot)
        with Image.open(self._shot) as image:
            ringed = image.convert("RGB")
        draw = ImageDraw.Draw(ringed)
        across, along = (round(corners.PART * side) for side in SIZE)
        for left, top in ((0, 0), (SIZE[0] - across, SIZE[1] - along)):
            box = (left + _LINES, top + _LINES, left + across - _LINES, top + along - _LINES)
            draw.rounded_rectangle(box, radius=along // 3, outline="#ffd400", width=_LINES)
        self.keep(name, ringed, WIDE)

    def keep(self, name: str, image: Image.Image, width: int) -> None:
        """Put a picture into the guide."""
        small = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
        small.quantize(128).save(DOCS / f"{name}.png", optimize=True)
        print(f"{name}.png: {(DOCS / f'{name}.png').stat().st_size // 1000} kB")


def main() -> None:
    """Do what the guide says."""
    with (
        tempfile.TemporaryDirectory() as work,
        VirtualDisplay(Path(work) / "xvfb.log", *SIZE) as display,
        Table(Path(work).with_name("pad")) as devices,
        browser() as chromium,
    ):
        folder = Path(work)
        pad = FreshPad(folder, display.name)
        album = Album(lambda: pad.glass, folder)
        program, platform = start_platform(folder)
        try:
            page = Page(chromium, platform.platform_page, album, folder)
            take_all(pad, devices, platform, page, album)
        finally:
            pad.stop()
            program.stop()


def take_all(pad: FreshPad, devices: Table, platform: Platform, page: Page, album: Album) -> None:
    """From the box to the first rating, then what a window can be in."""
    pad.config("scanner.port", str(devices.scanner.line.path))
    pad.padctl("pin", "--stdin", typed=f"{PIN}\n")
    pad.start()
    pad.glass.wait_for("idle")
    settle()
    album.take("fresh")
    album.take_corners("corners")
    open_the_page(pad, album)
    enrol_by_code(pad, devices, platform, page, album)
    pad.start()
    pad.deliver()
    pad.glass.wait_for("idle")
    rate(pad, platform, page, album)
    each_state(pad, album)


def open_the_page(pad: FreshPad, album: Album) -> None:
    """Corners, PIN, page."""
    pad.hold_two_corners()
    pad.glass.wait_for("pin", lambda shown: f"digit-{PIN[0]}" in shown.enabled)
    for digit in PIN:
        pad.glass.tap(f"digit-{digit}")
    settle()
    album.take("pin")
    pad.glass.tap("enter")
    pad.glass.wait_for("technician")
    settle(4)
    album.take("page")


def enrol_by_code(pad: FreshPad, devices: Table, platform: Platform, page: Page, album: Album) -> None:
    """A code that is none, then the right one."""
    issued = platform.call("POST", "/control/enrolments", {"pad": WINDOW, "profile": "itemised"} | PHONE)
    page.take("platform-code", f"enrol?code={issued['code']}", issued["code"])
    wrong = issued["text"].replace(issued["code"], "WXYZ-2345")
    for text, name in ((wrong, "refused"), (issued["text"], "enrolled")):
        devices.scanner.scan(text)
        pad.glass.next("technician", lambda shown: "enrol" in shown.enabled)
        settle()
        if name == "enrolled":
            album.take("code")
        pad.glass.tap("enrol")
        until(pad.asks)
        try:
            pad.answer()
        except subprocess.CalledProcessError:
            print("refused, as it should be")
        settle(3)
        album.take(name)


def rate(pad: FreshPad, platform: Platform, page: Page, album: Album) -> None:
    """The first rating, and that it arrived."""
    settle(3)
    album.take("idle", SMALL)
    pad.clerk.call("PUT", "/v1/staff", STAFF)
    pad.clerk.call("PUT", "/v1/service", {"state": "serving"})
    pad.glass.wait_for("serving")
    settle()
    album.take("serving", SMALL)
    pad.clerk.invite(MATTER)
    pad.glass.wait_for("invitation", lambda shown: "face-5" in shown.enabled)
    settle()
    album.take("invitation")
    pad.glass.tap("face-5")
    pad.glass.wait_for("reasons", lambda shown: "submit" in shown.enabled)
    settle()
    album.take("reasons")
    pad.glass.tap("submit")
    pad.glass.wait_for("thanks")
    album.take("thanks", SMALL)
    platform.wait_for(1)
    page.take("platform-received", "", "A07")


def each_state(pad: FreshPad, album: Album) -> None:
    """What else may stand on the glass."""
    pad.clerk.call("PUT", "/v1/service", {"state": "paused"})
    pad.glass.wait_for("paused")
    settle()
    album.take("paused", SMALL)
    pad.clerk.call("PUT", "/v1/service", {"state": "closed", "notice": "本窗口今日停止办理，请到A08窗口。"})
    pad.glass.wait_for("closed")
    settle()
    album.take("closed", SMALL)
    pad.stop()
    pad.config("ledger.min_free_mib", "1048576")
    pad.start()
    pad.glass.wait_for("cannot_store")
    settle()
    album.take("cannot-store", SMALL)


class Page:
    """The platform's pages in a browser."""

    def __init__(self, chromium: Browser, address: str, album: Album, folder: Path) -> None:
        self._page = chromium.new_page(viewport={"width": 1100, "height": 700}, locale="zh-CN")
        self._address, self._album, self._shot = address, album, folder / "page.png"

    def take(self, name: str, path: str, awaited: str) -> None:
        """A picture of one page, once it shows what is awaited."""
        self._page.goto("/".join(filter(None, (self._address, path))))
        self._page.get_by_text(awaited).first.wait_for()
        self._page.screenshot(path=self._shot)
        with Image.open(self._shot) as image:
            self._album.keep(name, image.convert("RGB"), WIDE)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


def start_platform(folder: Path) -> tuple[Program, Platform]:
    """The practice platform, and its control side."""
    file = folder / "platform.toml"
    file.write_text(
        f'port = 0\ncontrol_port = 0\nstate = "{folder / "platform"}"\n'
        f'app_mark = "{APP_MARK}"\napp_word = "{APP_WORD}"\naccept_any_service = true\n',
        encoding="utf-8",
    )
    program = Program(python("sandbox", "--config", str(file)), folder / "platform.log")
    ready: dict[str, Any] = json.loads(program.line(lambda line: line.startswith("{"), _PLATFORM_WITHIN_S))
    return program, Platform(ready["control"])


def settle(seconds: float = 1.0) -> None:
    """Let what is on the glass come to rest."""
    time.sleep(seconds)


def until(true: Callable[[], bool]) -> None:
    """Wait for something."""
    ends = time.monotonic() + _UNTIL_S
    while not true():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.05)


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def kiosk_with_two_fingers() -> int:
    """The kiosk, and on SIGUSR1 two fingers: more than an X server without a panel has."""

    def hold(_number: int, _frame: object) -> None:
        from kivy.clock import Clock
        from kivy.tests.common import UnitTestTouch

        fingers = [UnitTestTouch(3, 3), UnitTestTouch(SIZE[0] - 3, SIZE[1] - 3)]
        for finger in fingers:
            finger.touch_down()
        Clock.schedule_once(lambda _elapsed: [finger.touch_up() for finger in fingers], corners.HOLD_S + 0.5)

    signal.signal(signal.SIGUSR1, hold)
    from kiosk import __main__ as kiosk

    platform.release = lambda: "6.1.0"  # Debian 12's; that of whoever takes the pictures is nobody's business

    sys.argv = ["kiosk", "--narrate"]
    return kiosk.main()


if __name__ == "__main__":
    if sys.argv[1:] == ["--kiosk"]:
        sys.exit(kiosk_with_two_fingers())
    main()
