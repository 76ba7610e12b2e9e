"""A child process that ends when it is done, when its time is up or when somebody calls: always reaped."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

_STDERR_MAX: Final = 4096
_STDOUT_MAX: Final = 16 * 1024 * 1024
"""Six minutes of espeak-ng's sound."""


class ChildError(Exception):
    """A program could not be started, failed or took too long; the message says which and how."""


class Called(Exception):
    """Somebody called while the child ran; it is dead."""


@dataclass(frozen=True, slots=True)
class Bell:
    """What a waiting thread is called by: ringing never blocks, and rings add up to one."""

    fd: int

    @classmethod
    def new(cls) -> Bell:
        """A bell nobody has rung."""
        return cls(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))

    def ring(self) -> None:
        """Call whoever waits, or will."""
        os.eventfd_write(self.fd, 1)

    def wait(self) -> None:
        """Until it is rung, or at once if it was."""
        _first_of(self.fd)

    def still(self) -> None:
        """It rings no more, should it have rung."""
        with suppress(BlockingIOError):
            os.eventfd_read(self.fd)

    def close(self) -> None:
        """It is not rung any more."""
        os.close(self.fd)


def run(words: Sequence[str], given: bytes, seconds: float, bell: Bell) -> bytes:
    """Run a program with ``given`` on its standard input, and return what it wrote.

    Files in memory stand for pipes, so the child never waits for us, nor we for more than one thing.

    :raises ChildError: if it cannot be started, fails, or takes longer than that
    :raises Called: if the bell rings first; it is left ringing
    """
    program = words[0]
    with ExitStack() as stack:
        stdin, stdout, stderr = (stack.enter_context(_memory(name)) for name in ("in", "out", "err"))
        stdin.write(given)
        stdin.flush()
        stdin.seek(0)
        try:
            child = subprocess.Popen(words, stdin=stdin, stdout=stdout, stderr=stderr)
        except OSError as error:
            raise ChildError(f"{program}: cannot be started ({error.strerror})") from error
        try:
            _wait(child, program, seconds, bell)
        finally:
            child.kill()  # does nothing to one that has ended
            child.wait()
        if child.returncode:
            raise ChildError(f"{program}: {_last_line(stderr) or f'ended with {child.returncode}'}")
        stdout.seek(0)
        return stdout.read(_STDOUT_MAX)


def _memory(name: str) -> BinaryIO:
    return os.fdopen(os.memfd_create(f"voice-{name}"), "w+b")


def _wait(child: subprocess.Popen[bytes], program: str, seconds: float, bell: Bell) -> None:
    ended = os.pidfd_open(child.pid)
    try:
        ready = _first_of(ended, bell.fd, seconds=seconds)
    finally:
        os.close(ended)
    if ended in ready:
        return
    if ready:
        raise Called
    raise ChildError(f"{program}: still not done after {seconds:.0f} s")


def _first_of(*fds: int, seconds: float | None = None) -> set[int]:
    """Those that became readable first; none if the time is up before."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(None if seconds is None else seconds * 1000)}


def _last_line(stderr: BinaryIO) -> str:
    stderr.seek(0)
    lines = stderr.read(_STDERR_MAX).decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
