"""Only one syncd sends from a state folder: two would send everything twice, in two orders."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotAlone(RuntimeError):
    """Another syncd is sending from this folder."""


@contextmanager
def alone(state_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it however this process ends.

    :raises NotAlone: if another process holds it
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    path = state_dir / "syncd.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAlone(
                f"{path}: another syncd sends from this folder; it delivers by itself "
                "(see it with: systemctl status syncd), stop it first to use this one"
            ) from None
        yield
    finally:
        os.close(descriptor)
