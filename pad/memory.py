"""Keeps what a process holds of persons out of core dumps and out of other programs' sight."""

from __future__ import annotations

import ctypes
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""prctl(2)."""


def keep_private() -> None:
    """No core dump of this process, whoever collects them; nobody but root attaches to it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # a collector that core_pattern pipes to is not held by the limit
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
