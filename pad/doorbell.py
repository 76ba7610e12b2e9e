"""Doorbells: unix datagrams by which kiosk and syncd tell each other that there is something to look at.

They carry nothing and may be lost: whoever listens also looks by itself at every interval.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path


class Bell(StrEnum):
    """Whose doorbell, by the name of its socket."""

    SYNCD = "doorbell"
    """The kiosk rings: a rating waits."""
    KIOSK = "doorbell.kiosk"
    """syncd rings: a phone rated."""


@contextmanager
def _short_path(state_dir: Path, name: str) -> Iterator[str]:
    """A name for the socket that fits the 107 bytes of ``sun_path`` however deep the folder is."""
    directory = os.open(state_dir, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{name}"
    finally:
        os.close(directory)


def ring(state_dir: Path, bell: Bell = Bell.SYNCD) -> bool:
    """Ring; False if nobody listens, or so many rings wait that one more is no news.

    Never blocks and never raises: a rating that is on disk must not suffer by it.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, _short_path(state_dir, bell) as path:
            out.setblocking(False)
            out.sendto(b"\x01", path)
    except OSError:
        return False
    return True


class Doorbell:
    """The listening end; a second listener takes the place of the first.

    :raises OSError: if the folder does not take it
    """

    def __init__(self, state_dir: Path, bell: Bell = Bell.SYNCD) -> None:
        self._path = state_dir / bell
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            with _short_path(state_dir, bell) as path:
                self._socket.bind(path)
            self._path.chmod(0o660)
            self._file = self._path.stat()
        except OSError:
            self._socket.close()
            raise

    @property
    def hangs(self) -> bool:
        """Whether whoever rings is heard: its name may have been deleted, or be another's by now."""
        try:
            return os.path.samestat(self._path.stat(), self._file)
        except OSError:
            return False

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
