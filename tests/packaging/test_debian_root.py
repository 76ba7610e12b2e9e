"""A Debian that was booted for a test ends with the test, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.debian_root import DebianRoot
from tests.packaging.installed_pad import until

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

BOOTS: Final = """
import sys, time
from pathlib import Path
from tests.packaging.debian_root import DebianRoot
root = DebianRoot(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]], Path(sys.argv[1]))
root.boot()
print(root.pid, flush=True)
time.sleep(600)
"""


def runs(pid: int) -> bool:
    """Whether a process is there, and not only its name."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_test_that_is_killed_leaves_no_system_running(base: DebianRoot, tmp_path: Path) -> None:
    words = [sys.executable, "-c", BOOTS, str(tmp_path), str(base.upper), *map(str, base.layers)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        inside = int(test.stdout.readline())
        assert runs(inside)
        os.kill(test.pid, signal.SIGKILL)
    until(lambda: runs(inside), lambda running: not running)
