"""Programs as processes: started, read line by line, asked to stop, or killed as by a power cut."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

_END: Final = None
_STOP_WITHIN_S: Final = 30.0


class ProgramEnded(RuntimeError):
    """A program ended, or said nothing in time, while something was awaited from it."""


class Program:
    """One running program of ours; what it prints is read by a thread, so it never blocks."""

    def __init__(self, words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = words[0] if words[0] != sys.executable else words[2]
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            self._lines.put(line.decode(errors="replace").rstrip("\n"))
        self._lines.put(_END)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def line(self, wanted: Callable[[str], bool], within_s: float) -> str:
        """The next line that is wanted; those before it are dropped.

        :raises ProgramEnded: if the program ended, or no such line came in time
        """
        while True:
            try:
                line = self._lines.get(timeout=within_s)
            except queue.Empty:
                raise ProgramEnded(
                    f"{self.name} did not say what was awaited within {within_s:g} s"
                ) from None
            if line is _END:
                self._lines.put(_END)
                raise ProgramEnded(f"{self.name} ended with {self._process.wait()}; see {self._log.name}")
            if wanted(line):
                return line

    def lines_so_far(self) -> list[str]:
        """What was printed and not read yet."""
        found = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is _END:
                self._lines.put(_END)
                break
            found.append(line)
        return found

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._process.send_signal(signal.SIGKILL)
        self._close()

    def stop(self) -> int:
        """Ask it to stop (SIGTERM), insist after half a minute; its exit code."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._close()

    def wait(self, within_s: float) -> int:
        """Wait for it to end by itself; its exit code."""
        self._process.wait(within_s)
        return self._close()

    def _close(self) -> int:
        code = self._process.wait()
        self._reader.join()
        self._log.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


def python(module: str, *words: str) -> list[str]:
    """The words that run a module of ours with this very Python."""
    return [sys.executable, "-m", module, *words]
