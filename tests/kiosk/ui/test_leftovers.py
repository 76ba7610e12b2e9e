"""Everything of one person is gone before the next screen appears."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.hall.glass import VirtualDisplay

pytestmark = pytest.mark.window


def test_nothing_of_a_person_is_left_whichever_way_the_screen_gives_way(tmp_path: Path) -> None:
    with VirtualDisplay(tmp_path / "xvfb.log", 800, 480) as display:
        told = subprocess.run(
            [sys.executable, "-m", "tests.kiosk.ui.leftovers"],
            env={**os.environ, "DISPLAY": display.name},
            check=True,
            capture_output=True,
            text=True,
        )
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["way"] for line in lines] == ["thanked", "walked away", "the next at once", "disk full"]
    for line in lines:
        assert any(place.startswith("tree") for place in line["seen"]), "the search must find what is there"
        assert any(place.startswith("alive") for place in line["seen"])
        assert line["left"] == [], line["way"]
