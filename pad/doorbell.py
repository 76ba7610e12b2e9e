"""The doorbell: a unix datagram by which the kiosk tells syncd that a rating is waiting.

It carries nothing and may be lost: syncd also looks by itself at every interval.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_NAME: Final = "doorbell"


@contextmanager
def _short_path(state_dir: Path) -> Iterator[str]:
    """A name for the socket that fits the 107 bytes of ``sun_path`` however deep the folder is."""
    directory = os.open(state_dir, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{_NAME}"
    finally:
        os.close(directory)


def ring(state_dir: Path) -> bool:
    """Ring; False if nobody listens, or so many rings wait that one more is no news.

    Never blocks and never raises: a rating that is on disk must not suffer by it.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell, _short_path(state_dir) as path:
            bell.setblocking(False)
            bell.sendto(b"\x01", path)
    except OSError:
        return False
    return True


class Doorbell:
    """The listening end; a second listener takes the place of the first."""

    def __init__(self, state_dir: Path) -> None:
        (state_dir / _NAME).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with _short_path(state_dir) as path:
            self._socket.bind(path)
        (state_dir / _NAME).chmod(0o660)

    def fileno(self) -> int:
        """For select(2)."""
        return self._socket.fileno()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for a ring; every ring that has come in by then is answered at once.

        :returns: False if nobody rang within ``timeout_s``
        """
        self._socket.settimeout(timeout_s)
        try:
            self._socket.recv(1)
        except (TimeoutError, BlockingIOError):
            return False
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while self._socket.recv(1):
                pass
        return True

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
