"""A file that is there whole or not at all: written beside its place, made durable, then named."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a new file that only its owner may read.

    :raises FileExistsError: if something of that name is there; it stays as it is
    :raises OSError: if nothing can be written there
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if path.exists():
        raise FileExistsError(17, "it is there already; name another", str(path))
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, path)  # noqa: PTH104 - a stick's file system has no hard links
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
