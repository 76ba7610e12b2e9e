"""Small disks of a test's own: mounted where nobody else sees them, gone with the process at the latest.

That takes root. At a desk without it these tests are skipped, and say so; where ``CI`` is set they fail.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_CLONE_NEWNS: Final = 0x00020000
_CHUNK: Final = 65536


@cache
def _apart() -> str:
    """Mounts of this thread's, and of what it starts, are its own from here on; what is in the way, if so."""
    if os.geteuid():
        return "mounting a disk of its own takes root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        return f"no mount namespace of its own: {os.strerror(ctypes.get_errno())}"
    return _why_not("mount", "--make-rprivate", "/")


def _why_not(*words: str) -> str:
    """Run a command; what it says if it fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{words[0]} is not installed"
    return f"{' '.join(words)}: {done.stderr.strip()}" if done.returncode else ""


def _need(why_not: str) -> None:
    if why_not and os.environ.get("CI"):
        pytest.fail(why_not)
    if why_not:
        pytest.skip(why_not)


class SmallDisk:
    """A tmpfs of a few MiB."""

    def __init__(self, folder: Path, mib: int = 8, files: int = 200) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _need(_apart())
        _need(_why_not("mount", "-t", "tmpfs", "-o", f"size={mib}m,nr_inodes={files}", "disk", str(folder)))
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filler.open("ab", buffering=0) as file:
            size = _CHUNK
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def use_up_files(self) -> None:
        """Leave room, but not for one more file."""
        self._filler.mkdir()
        with suppress(OSError):
            for number in range(10_000):
                (self._filler / str(number)).touch()

    def make_room(self) -> None:
        """Give back what was taken."""
        if self._filler.is_dir():
            shutil.rmtree(self._filler)
        else:
            self._filler.unlink()

    def remove(self) -> None:
        """Unmount it, whoever still uses it."""
        assert not _why_not("umount", "--lazy", str(self.folder))


class FailingDisk:
    """An ext4 on a loop device that the kernel turns read-only when it meets an error, as on a pad."""

    def __init__(self, folder: Path, image: Path, mib: int = 24) -> None:
        self.folder = folder
        self._image = image
        folder.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(mib * 1024 * 1024)
        _need(_apart())
        _need(_why_not("mkfs.ext4", "-q", "-F", "-m", "0", str(image)))
        _need(self._mount())
        switch = self._switch()
        if not switch.exists():
            self.remove()
            _need(f"{switch}: not there; the kernel makes no ext4 errors on demand")

    def _mount(self) -> str:
        return _why_not("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))

    def _switch(self) -> Path:
        device = self.folder.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        return Path("/sys/fs/ext4") / name / "trigger_fs_error"

    def fail(self) -> None:
        """Let the kernel find an error: from now on nobody can write, not even to an open file."""
        self._switch().write_text("a test")

    def replace(self) -> None:
        """Put a mended copy of the disk in its place, which can be written; who uses the old one keeps it."""
        copy = self._image.with_suffix(".copy")
        shutil.copy(self._image, copy)
        subprocess.run(["e2fsck", "-fy", str(copy)], capture_output=True, check=False)
        self.remove()
        self._image = copy
        assert not self._mount()

    def remove(self) -> None:
        """Unmount it, whoever still uses it."""
        assert not _why_not("umount", "--lazy", str(self.folder))
