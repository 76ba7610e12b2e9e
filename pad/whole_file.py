"""Files that are there whole or not at all, whatever ends the program or the power."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def put(path: Path, raw: bytes, *, mode: int | None = None, durable: bool = True) -> None:
    """Put a file in the place of the one before.

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


@contextmanager
def new(path: Path) -> Iterator[BinaryIO]:
    """Write a file that only its owner may read, where there is none; it is named when the block ends well.

    :raises FileExistsError: if something of that name is there; it stays as it is
    :raises OSError: if nothing can be written there
    """
    if path.exists():
        raise FileExistsError(17, "it is there already; name another", str(path))
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)  # and no link: a stick's file system has none
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(path.absolute().parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # only then does the name outlive a power cut
    finally:
        os.close(descriptor)
