"""Photographs every screen at every size, in every language and mode.

``python -m tools.screenshots`` puts them on contact sheets in ``docs/screens``, one sheet a size, and
some whole pictures beside them; ``--approve`` also writes the small pictures the tests compare with.
Each size is a process of its own under an X server of its own, as Kivy has one window a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

from kiosk.ui.words import Catalogues
from pad import indicators, settings
from pad.model import CHINA_TIME
from sandbox.hall.glass import VirtualDisplay

ROOT: Final = Path(__file__).parents[1]
CATALOGUE: Final = ROOT / "config" / "indicators" / "national-2020-05-22.toml"
DOCS: Final = ROOT / "docs" / "screens"
APPROVED: Final = ROOT / "tests" / "kiosk" / "ui" / "approved"
SIZES: Final = (
    (1280, 800, 10.1),
    (1024, 600, 10.1),
    (1920, 1080, 15.6),
    (800, 1280, 10.1),
    (600, 1024, 10.1),
)
MODES: Final = {"": (False, False), "big": (True, False), "low": (False, True), "big-low": (True, True)}
VARIANTS: Final = tuple(
    "-".join(filter(None, (language, mode))) for language, mode in product(("zh_CN", "en"), MODES)
)
COMPARED: Final = (((1280, 800, 10.1), "zh_CN"), ((600, 1024, 10.1), "en-big-low"))
"""The size and the variant whose pictures the tests compare with those approved."""
WHOLE: Final = ("idle", "serving", "invitation", "reasons-bad", "comment", "identity", "thanks", "technician")
MOMENT: Final = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA_TIME)
_SMALL: Final = 320
_GAP: Final = 6
_LABEL: Final = 16


def photograph(width: int, height: int, inches: float, folder: Path, variants: Sequence[str]) -> None:
    """Photograph everything at one size into ``folder``; in this process, on the display there is."""
    from kiosk.ui import window

    screen = settings.Screen(fullscreen=False, width=width, height=height, diagonal_inches=inches)
    with tempfile.TemporaryDirectory() as state:
        window.prepare(screen, Path(state))
        from kivy.clock import Clock

        from kiosk.ui.app import PadApp
        from kiosk.ui.ports import Ports
        from kiosk.ui.samples import samples

        ports = Ports(lambda _event: None, lambda: None, now=lambda: MOMENT)
        app = PadApp(screen, "綦江区政务服务中心", Catalogues(screen.language), ports)
        views = samples(indicators.load(CATALOGUE))

        def each() -> Iterator[None]:
            for variant in variants:
                language, _, mode = variant.partition("-")
                big, low = MODES[mode]
                for name, view in views.items():
                    app.show(view)
                    app.wear(language, big=big, low=low)
                    yield
                    yield
                    _grab().save(folder / f"{variant}.{name}.png")

        steps = each()

        def step(_elapsed: float) -> None:
            if next(steps, app) is app:
                app.stop()
                return
            Clock.schedule_once(step)

        app.run_pad(lambda: Clock.schedule_once(step))


def _grab() -> Image.Image:
    """What is on the glass."""
    from kivy.core.window import Window
    from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

    width, height = Window.size
    pixels: Any = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
    return Image.frombytes("RGB", (width, height), bytes(pixels)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def photograph_apart(size: tuple[int, int, float], folder: Path, variants: Sequence[str]) -> None:
    """The same in a process and on a display of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with VirtualDisplay(folder / "xvfb.log", size[0], size[1]) as display:
        words = [sys.executable, "-m", "tools.screenshots", "--one", *map(str, size), str(folder), *variants]
        subprocess.run(words, cwd=ROOT, check=True, env={**os.environ, "DISPLAY": display.name})


def small(file: Path) -> Image.Image:
    """A picture as it is approved and compared: small, so that what nobody sees does not count."""
    with Image.open(file) as image:
        height = round(image.height * _SMALL / image.width)
        return image.convert("RGB").resize((_SMALL, height), Image.Resampling.LANCZOS)


def sheet(shots: Path, width: int) -> Image.Image:
    """All pictures of one size: a row a variant, a column a screen, each ``width`` pixels wide."""
    names = [file.name.split(".")[1] for file in _in_order(shots, VARIANTS[0])]
    first = _thumbnail(_in_order(shots, VARIANTS[0])[0], width)
    across, down = width + _GAP, first.height + _GAP
    whole = Image.new("RGB", (across * len(names), _LABEL + (down + _LABEL) * len(VARIANTS)), "#20242c")
    draw = ImageDraw.Draw(whole)
    for column, name in enumerate(names):
        draw.text((column * across + 2, 2), name, fill="white")
    for row, variant in enumerate(VARIANTS):
        top = _LABEL + row * (down + _LABEL)
        draw.text((2, top + 2), variant, fill="#9fb4d8")
        for column, file in enumerate(_in_order(shots, variant)):
            whole.paste(_thumbnail(file, width), (column * across, top + _LABEL))
    return whole


def _in_order(shots: Path, variant: str) -> list[Path]:
    return sorted(shots.glob(f"{variant}.*.png"), key=lambda file: file.stat().st_mtime_ns)


def _thumbnail(file: Path, width: int) -> Image.Image:
    with Image.open(file) as image:
        height = round(image.height * width / image.width)
        return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def main(*, approve: bool) -> None:
    """Make the sheets and the whole pictures; with ``approve`` those to compare with as well."""
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for size in SIZES:
            name = f"{size[0]}x{size[1]}"
            shots = Path(work) / name
            photograph_apart(size, shots, VARIANTS)
            made = sheet(shots, 176 if size[0] > size[1] else 112)
            made.quantize(96).save(DOCS / f"all-{name}.png", optimize=True)
            if size == SIZES[0]:
                for screen in WHOLE:
                    with Image.open(shots / f"zh_CN.{screen}.png") as image:
                        image.quantize(128).save(DOCS / f"{screen}.png", optimize=True)
            if approve:
                _approve(size, shots)
            print(f"{name}: {len(list(shots.glob('*.png')))} pictures")


def _approve(size: tuple[int, int, float], shots: Path) -> None:
    for compared, variant in COMPARED:
        if compared == size:
            folder = APPROVED / f"{size[0]}x{size[1]}.{variant}"
            folder.mkdir(parents=True, exist_ok=True)
            for file in _in_order(shots, variant):
                small(file).quantize(200, dither=Image.Dither.NONE).save(
                    folder / f"{file.name.split('.')[1]}.png", optimize=True
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        photograph(
            int(sys.argv[2]),
            int(sys.argv[3]),
            float(sys.argv[4]),
            Path(sys.argv[5]),
            sys.argv[6:] or VARIANTS,
        )
    else:
        main(approve="--approve" in sys.argv)
