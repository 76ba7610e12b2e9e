"""What is asked of Pinyin's engine, and by which page, is forgotten with the answer, or without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ASKED = """
import time, weakref
from kiosk.typing import pinyin

class Engine:
    def __init__(self):
        if not {is_there}:
            raise pinyin.PinyinUnavailable("not installed")
    def candidates(self, letters):
        return ()
    def close(self):
        pass

class Page:
    answered = False
    def heard(self, letters, found):
        Page.answered = True

pinyin.Pinyin = Engine
from kivy.clock import Clock
from kiosk.ui.offers import Offers

offers, page = Offers(), Page()
left = weakref.ref(page)
offers.ask("wang", page.heard)
del page
for _ in range(1000):
    Clock.tick()
    if left() is None:
        break
    time.sleep(0.01)
print(left() is None, Page.answered)
offers.stop()
"""


@pytest.mark.parametrize("is_there", [True, False])
def test_a_page_is_let_go_of_with_its_answer_or_without_an_engine_at_once(
    tmp_path: Path, is_there: bool
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _ASKED.replace("{is_there}", str(is_there))],
        env={**os.environ, "KIVY_HOME": str(tmp_path), "KIVY_NO_ARGS": "1", "KIVY_NO_FILELOG": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.split() == ["True", str(is_there)]
