"""Runs a program of ours on a machine whose clock is in a test's hand.

``python -m tests.clock.on_a_clock MODULE WORDS…`` with ``CLOCK`` naming the folder of a :class:`Clock`:
libfaketime shifts the wall clock of the whole process, and here the kernel's other words are replaced:
the boot's name, how long ago it was, whether NTP disciplines the clock. All may change while it runs.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LIBRARY: Final = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


@dataclass
class Clock:
    """A machine's clocks: ``off_s`` is by how much the wall is wrong, ``later_s`` how much time has passed
    for everybody beyond what has truly passed here, ``booted_s`` when the boot was by CLOCK_BOOTTIME."""

    folder: Path
    off_s: float = 0.0
    later_s: float = 0.0
    ntp: bool = False
    boot: str = "boot-1"
    booted_s: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.booted_s = time.clock_gettime(time.CLOCK_BOOTTIME) - 60
        self.set()

    def set(self, **given: Any) -> None:
        """Change something of it, for every program that runs on it."""
        for name, value in given.items():
            setattr(self, name, value)
        self._write("boot_id", self.boot)
        told = {"booted_s": self.booted_s - self.later_s, "ntp": self.ntp}
        self._write("kernel.json", json.dumps(told))
        self._write("faketime", f"{self.off_s + self.later_s:+.3f}")

    def reboot(self, **given: Any) -> None:
        """A new boot, begun a minute ago; whoever runs must have been stopped."""
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        self.set(**{"boot": f"{self.boot}+", "booted_s": now + self.later_s - 60} | given)

    def true_now(self) -> float:
        """What time it truly is, in unix seconds."""
        return time.time() + self.later_s

    def _write(self, name: str, text: str) -> None:
        fresh = self.folder / f"{name}.new"
        fresh.write_text(text, encoding="ascii")
        fresh.replace(self.folder / name)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CLOCK": str(self.folder),
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "faketime"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def _take_hold(folder: Path) -> None:
    def told(what: str) -> Any:
        return json.loads((folder / "kernel.json").read_bytes())[what]

    def since_boot(read: Callable[[int], Any], unit: int) -> Callable[[int], Any]:
        def reading(clock: int) -> Any:
            found = read(clock)
            return found - type(found)(told("booted_s") * unit) if clock == time.CLOCK_BOOTTIME else found

        return reading

    time.clock_gettime_ns = since_boot(time.clock_gettime_ns, 10**9)
    time.clock_gettime = since_boot(time.clock_gettime, 1)
    from pad import clock

    vars(clock)["_BOOT_ID"] = folder / "boot_id"
    clock.ntp_synchronised = lambda: bool(told("ntp"))


if __name__ == "__main__":
    _take_hold(Path(os.environ["CLOCK"]))
    module, *words = sys.argv[1:]
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
