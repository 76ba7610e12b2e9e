"""Every screen, on every glass, in every language and mode: no word clipped, cut or over another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest

from kiosk.ui.words import FOLDER
from sandbox.hall.glass import VirtualDisplay
from tools.screenshots import SIZES

pytestmark = pytest.mark.window

LANGUAGES = ("zh_CN", "en", "qps", "bo")
SCREENS = 27
MODES = 4
STACKS = ("བསྒྲུབས་", "སྐྱོ་", "རྒྱ་", "བོད་", "ཡིག་")
"""Tibetan syllables, some of them as tall as they come."""


def longer(message: str) -> str:
    """A message of a language whose every word is a third longer than English."""
    words = message.split(" ")
    return " ".join(word if "{" in word else word + word[-1] * max(1, len(word) // 3) for word in words)


def tibetan(message: str) -> str:
    """Tibetan syllables, about as many as a translation would have; what is filled in stays."""
    syllables = [STACKS[at % len(STACKS)] for at in range(max(2, len(message) // 8))]
    return "".join(syllables) + "".join(f"{{{part.split('}')[0]}}}" for part in message.split("{")[1:])


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two languages more, as a hall would drop them in."""
    folder = tmp_path_factory.mktemp("locale")
    for language, translate in (("qps", longer), ("bo", tibetan)):
        catalogue = polib.POFile(encoding="utf-8")
        for entry in polib.pofile(str(FOLDER / "zh_CN.po"), encoding="utf-8"):
            catalogue.append(polib.POEntry(msgid=entry.msgid, msgstr=translate(entry.msgid)))
        catalogue.save(str(folder / f"{language}.po"))
    return folder


def walk(tmp_path: Path, catalogues: Path, width: int, height: int, inches: float) -> list[dict[str, Any]]:
    with VirtualDisplay(tmp_path / "xvfb.log", width, height) as display:
        given = (width, height, inches, catalogues, *LANGUAGES)
        told = subprocess.run(
            [sys.executable, "-m", "tests.kiosk.ui.walk", *map(str, given)],
            env={**os.environ, "DISPLAY": display.name},
            check=True,
            capture_output=True,
            text=True,
        )
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.mark.parametrize(("width", "height", "inches"), SIZES)
def test_every_screen_in_every_language_and_mode(
    tmp_path: Path, catalogues: Path, width: int, height: int, inches: float
) -> None:
    walked = walk(tmp_path, catalogues, width, height, inches)
    assert len(walked) == len(LANGUAGES) * MODES * SCREENS
    wrong = [line for line in walked if line["faults"] or line["cut"]]
    assert not wrong
    small = [line for line in walked if line["language"] in ("zh_CN", "en") and line["least_units"] < 2.15]
    assert not small, "what is shipped is never set in the smallest size"


def test_the_walk_sees_a_word_that_stands_out_of_its_box_or_over_another(tmp_path: Path) -> None:
    """What the walk would say of words put where they have no room."""
    program = (
        "import pathlib, sys; from kiosk.ui import window; from pad.settings import Screen;"
        f"window.prepare(Screen(fullscreen=False), pathlib.Path({str(tmp_path)!r}));"
        "from kivy.core.window import Window; from kivy.core.text import LabelBase;"
        "from kivy.uix.widget import Widget; from kiosk.ui import parts, theme;"
        "from kiosk.ui.layout.box import Box; from kiosk.ui.layout.form import Form;"
        "from tests.kiosk.ui.walk import faults_of;"
        "fonts = theme.fonts(Screen()); LabelBase.register('pad', str(fonts.regular));"
        "form = Form(1280, 800); root = Widget(size=(1280, 800));"
        "one = parts.Words(form, 'one and all', Box(100, 100, 300, 60), 4.2);"
        "other = parts.Words(form, 'another', Box(100, 110, 300, 60), 4.2);"
        "large = parts.Words(form, 'large', Box(600, 300, 300, 60), 4.2); large.font_size = 90;"
        "[(root.add_widget(each), each.texture_update()) for each in (one, other, large)];"
        "print(sorted(faults_of(list(root.walk(restrict=True)), root)))"
    )
    with VirtualDisplay(tmp_path / "xvfb.log", 1280, 800) as display:
        told = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "DISPLAY": display.name},
            check=True,
            capture_output=True,
            text=True,
        )
    assert "'large' stands out of its box" in told.stdout
    assert "is written over" in told.stdout
