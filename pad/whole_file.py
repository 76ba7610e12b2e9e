"""Puts a file in the place of the one before, whole or not at all, whatever ends the program or the power."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def put(path: Path, raw: bytes, *, mode: int | None = None, durable: bool = True) -> None:
    """Write a file under another name and give it its own once it is whole.

    :param mode: its permissions; by default what the umask leaves
    :param durable: whether it has to outlive a power cut; if not, nothing waits for the disk
    :raises OSError: if there is no room or no right to write; the one before stays
    """
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # only then does the name outlive a power cut
    finally:
        os.close(descriptor)
