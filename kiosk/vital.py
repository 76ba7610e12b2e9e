"""The threads the pad cannot do without: where an error nobody foresaw ends one, the program ends.

systemd starts it again at once, and what was tapped is completed from its draft. A window whose scribe was
gone would show its faces all day and store nothing.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

_log = logging.getLogger("kiosk")
VITAL: Final = frozenset({"scribe", "counter", "pendulum", "late"})
"""By their names; whatever else ends is missed until the night."""


def end_this_program() -> None:
    """Have it end as it does for whoever asks; from any thread."""
    # to the process, not this thread: it wakes the one that draws
    os.kill(os.getpid(), signal.SIGTERM)


def watch(end: Callable[[], None] = end_this_program) -> threading.Event:
    """Have ``end`` called once one of them is lost; set from then on. To be called before they start."""
    lost, tell = threading.Event(), threading.excepthook

    def ended(about: threading.ExceptHookArgs) -> None:
        tell(about)
        if about.thread is not None and about.thread.name in VITAL:
            _log.critical("%s is lost: the touchscreen starts anew", about.thread.name)
            lost.set()
            end()

    threading.excepthook = ended
    return lost
