"""The demo as a newcomer sees it: it plays by itself and ends with the real numbers."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from sandbox.hall.processes import python
from tests.ports import free_port

pytestmark = pytest.mark.window


def test_the_demo_without_a_display_plays_to_its_end_and_loses_nothing(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    words = python("sandbox.demo", "--folder", str(tmp_path), "--counter-port", str(free_port()))
    told = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=280)
    lines = told.stdout.splitlines()
    assert told.returncode == 0, told.stdout + told.stderr
    match = re.fullmatch(r"(\d+) rated, (\d+) delivered, 0 lost, 0 twice", lines[-1])
    assert match
    assert match[1] == match[2]
    assert int(match[1]) >= 10
    assert {picture.stem for picture in tmp_path.glob("*.png")} >= {
        "idle", "serving", "invitation", "reasons-5", "reasons-2", "thanks", "withdrawn", "paused",
    }  # fmt: skip
    assert any("kill -9" in line for line in lines)
