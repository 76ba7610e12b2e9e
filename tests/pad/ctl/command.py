"""padctl as a process of its own, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def padctl(environment: dict[str, str], *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run it to its end, in English unless the environment says otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "pad.ctl", *words],
        cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "80"} | environment,
    )  # fmt: skip


def in_json(environment: dict[str, str], *words: str) -> tuple[int, Any]:
    """Exit code, and what it answered with ``--json``."""
    done = padctl(environment, *words, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
