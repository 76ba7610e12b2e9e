"""A process that holds personal data is not dumped."""

from __future__ import annotations

import subprocess
import sys


def test_a_process_that_keeps_private_is_not_dumpable() -> None:
    asked = "import ctypes; from pad import memory; memory.keep_private(); print(ctypes.CDLL(None).prctl(3))"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0"
