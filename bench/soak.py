"""``make soak``: memory over more than a day's work, of syncd, the desk without glass, and a real kiosk.

A day at one rating a minute is 1440 ratings; each part does more of them than that, as fast as it can, but
for the kiosk, whose people need their time: ``SOAK_MINUTES`` says how long (10 unless told). Exit code 1 if
memory grew after the first quarter by more than the twentieth part.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from bench.ledgers import Filler
from pad import doorbell
from pad.ledger.state import standing
from pad.settings import Dialect
from sandbox.hall.glass import Glass, VirtualDisplay
from sandbox.hall.partners import Platform
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage

MINUTES: Final = float(os.environ.get("SOAK_MINUTES", "10"))
RATINGS: Final = 6_000
PEOPLE: Final = 4_000
LOOKS: Final = 40
_QUICK: Final = Plan(
    dialect=Dialect.ITEMISED,
    rules=(("settle_s", 0.0), ("thanks_s", 0.5), ("reasons_timeout_s", 20)),
    sync=(
        ("interval_s", 1), ("heartbeat_s", 1), ("backoff_first_s", 0.1), ("backoff_cap_s", 0.5),
        ("reconnect_spread_s", 0),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """What one program held, look by look, in MiB, and after how many people."""

    program: str
    people: tuple[int, ...]
    held: tuple[float, ...]

    @property
    def growth(self) -> float:
        """The last quarter against the second: the first warms up."""
        quarter = len(self.held) // 4
        return statistics.median(self.held[-quarter:]) / statistics.median(self.held[quarter : 2 * quarter])

    def __str__(self) -> str:
        """One line: every eighth look, and the growth."""
        step = max(1, len(self.held) // 8)
        looks = ", ".join(
            f"{count}: {mib:.1f}" for count, mib in zip(self.people[::step], self.held[::step], strict=True)
        )
        return f"{self.program}: {looks}, {self.people[-1]}: {self.held[-1]:.1f} MiB; × {self.growth:.3f}"


class Watch:
    """Looks at programs' memory now and then."""

    def __init__(self, **programs: Program | None) -> None:
        self._processes = {
            name: psutil.Process(program.pid) for name, program in programs.items() if program is not None
        }
        self._held: dict[str, list[float]] = {name: [] for name in self._processes}
        self._people: list[int] = []

    def look(self, people: int) -> None:
        """What they hold now."""
        self._people.append(people)
        for name, process in self._processes.items():
            self._held[name].append(process.memory_info().rss / 2**20)

    def found(self) -> list[Memory]:
        """All of it."""
        return [Memory(name, tuple(self._people), tuple(held)) for name, held in self._held.items()]


def main() -> int:
    """Each part, one after the other."""
    found: list[Memory] = []
    for part in (daemon, desk, hall):
        with tempfile.TemporaryDirectory() as name:
            for memory in part(Path(name)):
                print(memory, flush=True)
                found.append(memory)
    return 0 if all(memory.growth <= 1.05 for memory in found) else 1


def daemon(folder: Path) -> list[Memory]:
    """Syncd, with heartbeats, a line that is cut every now and then, and backlogs to drain."""
    stage = Stage(folder, _QUICK)
    platform = stage.start_platform()
    stage.start_syncd()
    with closing((filler := Filler(stage.state)).connection):
        try:
            watch = Watch(syncd=stage.syncd)
            for look, count in enumerate(_counts(RATINGS)):
                _sometimes_cut(platform, look)
                for _ in range(RATINGS // LOOKS):
                    filler.rate()
                    doorbell.ring(stage.state)
                platform.restore_line()
                _until(lambda: standing(stage.state / "ledger.db").backlog.pending == 0)
                watch.look(count)
        finally:
            stage.stop()
    return watch.found()


def desk(folder: Path) -> list[Memory]:
    """The kiosk's session, desk and scribe, with people who change their minds, without a window."""
    stage = Stage(folder, _QUICK)
    stage.start_platform()
    pad = Program(python("tests.crash.pad_without_glass", "1"), folder / "pad.log", {**stage.environment})
    try:
        watch = Watch(**{"desk and scribe": pad})
        for count in _counts(PEOPLE):
            for _ in range(PEOPLE // LOOKS):
                pad.line(lambda line: "thanked" in line, 60)
            watch.look(count)
    finally:
        pad.kill()
        stage.stop()
    return watch.found()


def hall(folder: Path) -> list[Memory]:
    """Kiosk and syncd in a real window, tapped by a real pointer, a person after the other."""
    stage = Stage(folder, _QUICK)
    platform = stage.start_platform()
    with VirtualDisplay(folder / "x.log", 1280, 800) as display:
        try:
            glass = stage.start_kiosk(display.name)
            glass.wait_for("idle")
            stage.start_syncd()
            watch = Watch(kiosk=stage.kiosk, **{"syncd beside it": stage.syncd})
            number, ends = 0, time.monotonic() + MINUTES * 60
            looked = 0.0
            while time.monotonic() < ends:
                number += 1
                _one_person(stage, glass, number)
                if time.monotonic() - looked > MINUTES * 60 / LOOKS:
                    looked = time.monotonic()
                    watch.look(number)
                    platform.restore_line()
                    _sometimes_cut(platform, number)
        finally:
            stage.stop()
    return watch.found()


def _one_person(stage: Stage, glass: Glass, number: int) -> None:
    """Invited, a face, and then: sent, taken back, or overtaken by the next invitation."""
    level = 1 + number % 5
    invitation = stage.clerk.invite({"project_no": f"P{number}", "task_name": "个体工商户设立登记"})
    glass.wait_for("invitation", lambda shown: shown.visit == invitation and "face-1" in shown.enabled)
    if number % 7 == 0:
        return
    glass.tap(f"face-{level}")
    button = "withdraw" if number % 5 == 0 else "decline" if level <= 2 else "submit"
    glass.wait_for("reasons", lambda shown: shown.level == level and button in shown.enabled)
    glass.tap(button)
    stage.clerk.wait_for(invitation, "rated", "withdrawn")


def _counts(people: int) -> Iterator[int]:
    return iter(range(people // LOOKS, people + 1, people // LOOKS))


def _sometimes_cut(platform: Platform, look: int) -> None:
    if look % 4 == 3:
        platform.cut_line()


def _until(true: Callable[[], bool], within_s: float = 120.0) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        if time.monotonic() > give_up:
            raise TimeoutError(f"not within {within_s:g} s")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
