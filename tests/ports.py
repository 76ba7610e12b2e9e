"""Ports for programs that have to be told theirs, and such at which nobody listens."""

from __future__ import annotations

import itertools
import os
import socket
from typing import Final

_FIRST: Final = 10_000
_COUNT: Final = 17_000
"""Below those the kernel hands out to whoever connects or asks for any, and below a pad's own 27100."""
_turns = itertools.count(os.getpid() * 61)


def free_port() -> int:
    """A port of loopback that nobody has, nor will before it is used: none is told twice in a run."""
    for turn in itertools.islice(_turns, _COUNT):
        port = _FIRST + turn % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("every port is taken")
