"""syncd as a process of its own, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.syncd.city import WITHIN_S

ROOT = Path(__file__).parents[2]


class Daemon:
    """syncd as a process."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *(words if "-c" in words else ("-m", "syncd", *words))],
            cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.log: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._said:
                self.log.append(line)
                self._said.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for_log(self, words: str) -> None:
        with self._said:
            assert self._said.wait_for(lambda: any(words in line for line in self.log), WITHIN_S), self.log

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self.wait()

    def terminate(self) -> int:
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        code = self._process.wait(WITHIN_S)
        self._reader.join()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdout.close()
        self._process.stderr.close()
        return code

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self.wait()
