"""The power goes before every single write of an enrolment: the same command, typed again, completes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.sandbox.conftest import WORD
from tests.sandbox.conftest import Sandbox as Practice

ROOT = Path(__file__).parents[3]


def test_a_cut_at_any_write_leaves_whole_settings_and_the_same_command_completes_it(tmp_path: Path) -> None:
    practice = Practice(tmp_path)
    try:
        told = subprocess.run(
            [sys.executable, "-m", "tests.pad.enrolment.cut_short", str(tmp_path), practice.control_url],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
        )  # fmt: skip
    finally:
        practice.close()
    assert told.returncode == 0, told.stderr
    rounds = [json.loads(line) for line in told.stdout.splitlines()]
    assert [each["code"] for each in rounds] == [-9] * (len(rounds) - 1) + [0]
    assert len(rounds) > 15
    whole = rounds[-1]["after"]["settings"]
    assert 'device_id = "pad-7"' in whole
    for each in rounds:
        assert each["cut"]["settings"] in (each["before"]["settings"], whole), each["n"]
        assert each["cut"]["word"] in (None, WORD), each["n"]
        assert each["again"] == 0, each["n"]
        after = each["after"]
        assert (after["settings"], after["word"]) == (whole, WORD), each["n"]
        assert after["kept"] == each["before"]["kept"], each["n"]
        assert after["notes"] in (1, 2), each["n"]
        # of a secret being written; of the device's key, which is written before all
        assert all("/keys/.device_sm2.key." in left for left in after["left"]), after["left"]
