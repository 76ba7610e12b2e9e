"""Kiosk and syncd as processes on a machine whose clock is wrong, against the practice platform.

Each rating is compared with the time at which it truly was given: what arrived is that, to the second,
or marked uncertain and between what is proven.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from pad.model import CHINA_TIME, wire_time
from pad.settings import Dialect
from sandbox.hall.partners import Platform
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage
from tests.clock.on_a_clock import LIBRARY, Clock
from tests.ports import free_port

SYNC: Final = (
    ("interval_s", 1), ("backoff_first_s", 0.05), ("backoff_cap_s", 0.3), ("reconnect_spread_s", 0),
    ("heartbeat_s", 1), ("refused_probe_s", 1),
)  # fmt: skip
NEAR_S: Final = 15.0
"""A Date has whole seconds, and so has what is sent; the rest is this machine's, and whoever shares it."""
H: Final = 3600.0
SINCE_1970_S: Final = time.time()


@dataclass(frozen=True)
class Arrived:
    """One rating as the platform has it."""

    at: float
    uncertain: bool


class Machine:
    """The pad's programs on one clock, and a platform on its own."""

    def __init__(self, folder: Path, dialect: Dialect) -> None:
        self.clock, self.platforms_clock = Clock(folder / "clock"), Clock(folder / "platforms-clock")
        plan = Plan(counter_port=free_port(), sync=SYNC, dialect=dialect)
        self.stage = Stage(folder, plan)
        self.given: dict[str, float] = {}
        self.window: subprocess.Popen[str] | None = None
        with pytest.MonkeyPatch.context() as patched:
            for name, value in self.platforms_clock.environment.items():
                patched.setenv(name, value)
            self.platform: Platform = self.stage.start_platform()

    @property
    def environment(self) -> dict[str, str]:
        return {**self.stage.environment, **self.clock.environment}

    def open_window(self) -> None:
        with (self.stage.folder / "kiosk.log").open("ab") as log:
            self.window = subprocess.Popen(
                python("tests.clock.on_a_clock", "tests.clock.window"),
                env={**os.environ, **self.environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True,
            )  # fmt: skip
        self._hear()

    def _hear(self) -> None:
        assert self.window is not None
        assert self.window.stdout is not None
        assert self.window.stdout.readline(), (self.stage.folder / "kiosk.log").read_text()

    def rate(self, project_no: str, served: str = "") -> None:
        """Somebody rates now."""
        assert self.window is not None
        assert self.window.stdin is not None
        print(project_no, served, file=self.window.stdin, flush=True)
        self._hear()
        self.given[project_no] = self.clock.true_now()

    def start_syncd(self) -> None:
        self.stage.syncd = Program(
            python("tests.clock.on_a_clock", "syncd"), self.stage.folder / "syncd.log", self.environment
        )

    def power_cut(self) -> None:
        if self.window is not None:
            self.window.kill()
            self.window.wait()
            for pipe in (self.window.stdin, self.window.stdout):
                assert pipe is not None
                pipe.close()
            self.window = None
        if self.stage.syncd is not None and self.stage.syncd.running:
            self.stage.syncd.kill()

    def stop(self) -> None:
        self.power_cut()
        self.stage.stop()

    def days_pass(self, days: float) -> None:
        """For everybody; nothing is rated meanwhile."""
        for clock in (self.clock, self.platforms_clock):
            clock.set(later_s=clock.later_s + days * 24 * H)

    def arrived(self, count: int) -> dict[str, Arrived]:
        """What the platform has, in the order in which it came, once it has so many."""
        self.platform.wait_for(count, within_s=40)
        with closing(sqlite3.connect(self.stage.platform_store)) as db:
            rows = db.execute(
                "SELECT project_no, assess_time, time_uncertain FROM ratings ORDER BY rowid"
            ).fetchall()
        assert len(rows) == count
        return {row[0]: Arrived(unix(row[1]), bool(row[2])) for row in rows}

    def is_true(self, arrived: dict[str, Arrived], *project_nos: str) -> None:
        for each in project_nos:
            off_s = arrived[each].at - self.given[each]
            assert not arrived[each].uncertain, each
            assert abs(off_s) <= NEAR_S, f"{each} is off by {off_s:.0f} s"

    def ledger(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.stage.state / "ledger.db")) as db:
            return db.execute(sql).fetchall()

    def wait_until(self, sql: str) -> None:
        """Until the ledger says so."""
        asked = threading.Event()
        for _ in range(1200):
            if self.ledger(sql)[0][0]:
                return
            asked.wait(0.05)
        raise AssertionError(sql)

    def wait_for_beat(self, after: int = 0, **wanted: object) -> int:
        """Until a heartbeat after the nth says so; how many there are then."""
        asked = threading.Event()
        for _ in range(1200):
            with closing(sqlite3.connect(self.stage.platform_store)) as db:
                beats = [
                    json.loads(row[0]) for row in db.execute("SELECT raw FROM heartbeats ORDER BY rowid")
                ]
            if any(wanted.items() <= beat.items() for beat in beats[after:]):
                return len(beats)
            asked.wait(0.05)
        raise AssertionError(f"no heartbeat with {wanted} after {after}")


def unix(wire: str) -> float:
    return datetime.strptime(wire, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_TIME).timestamp()


def wire(moment: float) -> str:
    return wire_time(datetime.fromtimestamp(moment, CHINA_TIME))


@pytest.fixture
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    assert LIBRARY is not None, "libfaketime is missing: make setup installs it"
    made = Machine(tmp_path, getattr(request, "param", Dialect.ITEMISED))
    yield made
    made.stop()


def test_the_clock_is_in_the_tests_hand_and_nothing_but_the_wall_moves_with_it(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock", off_s=-SINCE_1970_S)
    (tmp_path / "look.py").write_text(
        "import json, sys, time\n"
        "from pad.clock import SystemClock\n"
        "for line in sys.stdin:\n"
        "    now = SystemClock().read()\n"
        "    print(json.dumps([now.wall.year, now.boot_id, now.monotonic_ns / 1e9, now.trusted, "
        "time.monotonic()]), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "tests.clock.on_a_clock", "look"],
        env={**os.environ, **clock.environment, "PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None

        def look() -> list[Any]:
            print(file=program.stdin, flush=True)
            assert program.stdout is not None
            found: list[Any] = json.loads(program.stdout.readline())
            return found

        first = look()
        assert first[0] in (1969, 1970)
        assert (first[1], first[3]) == ("boot-1", False)
        clock.set(off_s=100 * 24 * H, ntp=True)
        second = look()
        assert second[0] in (2026, 2027, 2028) or second[0] > 2026
        assert second[3] is True
        assert 0 <= second[2] - first[2] < 60 > second[4] - first[4] >= 0
        clock.set(later_s=3 * 24 * H)
        third = look()
        assert 3 * 24 * H <= third[2] - second[2] < 3 * 24 * H + 60, "days that pass do so by every clock"
        program.stdin.close()


def test_ratings_of_1970_wait_until_the_platform_tells_the_time_then_have_their_true_ones(
    machine: Machine,
) -> None:
    """No NTP at all; the line comes after days, the wall clock stays in 1970."""
    machine.clock.set(off_s=-SINCE_1970_S)
    machine.platform.cut_line()
    machine.open_window()
    machine.start_syncd()
    machine.rate("P1", wire(machine.clock.true_now() - 600))
    machine.rate("P2")
    machine.wait_until("SELECT COUNT(*) = 2 FROM ratings WHERE clock_trusted = 0 AND rated_at < '1970-02'")
    machine.days_pass(2.5)
    machine.rate("P3")
    machine.wait_until("SELECT COUNT(*) = 0 FROM deliveries WHERE sent_assess_time IS NOT NULL")
    machine.platform.restore_line()
    arrived = machine.arrived(3)
    assert list(arrived) == ["P1", "P2", "P3"], "in their order"
    machine.is_true(arrived, "P1", "P2", "P3")
    machine.rate("P4")
    machine.is_true(machine.arrived(4), "P4")
    machine.wait_for_beat(pending=0, time_uncertain=False)
    assert (
        machine.ledger("SELECT COUNT(*) FROM deliveries WHERE settled_at < '2020' OR time_uncertain")[0][0]
        == 0
    )


def test_the_wall_clock_jumps_by_hours_either_way_and_everything_goes_on(machine: Machine) -> None:
    """Ratings, the back-off of a line that is down, and the timetable (heartbeats every second)."""
    machine.clock.set(off_s=40.0)
    machine.open_window()
    machine.start_syncd()
    machine.rate("P1")
    machine.arrived(1)
    beats = machine.wait_for_beat()
    for number, off_s in enumerate((5 * H, -7 * H, -SINCE_1970_S, 300 * 24 * H), start=2):
        machine.platform.cut_line()
        machine.rate(f"P{number}")
        machine.wait_until(f"SELECT COALESCE((SELECT attempts > 0 FROM deliveries WHERE seq = {number}), 0)")
        machine.clock.set(off_s=off_s)
        machine.rate(f"Q{number}")
        machine.platform.restore_line()
        machine.arrived(1 + 2 * (number - 1))
        beats = machine.wait_for_beat(after=beats)
    arrived = machine.arrived(9)
    machine.is_true(arrived, *machine.given)
    assert list(arrived) == list(machine.given)
    assert machine.ledger("SELECT COUNT(*) FROM ratings")[0][0] == 9, "housekeeping took none"


@pytest.mark.parametrize("machine", [Dialect.NATIONAL], indirect=True)
def test_a_platform_an_hour_wrong_spoils_no_time_that_ntp_knows(machine: Machine) -> None:
    machine.clock.set(off_s=3.0)
    machine.platforms_clock.set(off_s=H)
    machine.open_window()
    machine.start_syncd()
    machine.rate("first")
    machine.arrived(1)
    machine.wait_until("SELECT offset_us > 3500e6 FROM anchors")
    machine.platform.cut_line()
    machine.rate("before-NTP")
    machine.clock.set(off_s=0.0, ntp=True)
    machine.rate("after-NTP")
    machine.platform.restore_line()
    machine.is_true(machine.arrived(3), "before-NTP", "after-NTP")
    refused = machine.ledger("SELECT COUNT(*) FROM journal WHERE kind = 'credentials_refused'")[0][0]
    assert refused == 0, "what is refused as signed at another time is signed by the platform's"
    machine.platforms_clock.set(off_s=0.0)
    machine.power_cut()
    machine.clock.reboot()
    machine.open_window()
    machine.rate("next-day")
    machine.start_syncd()
    machine.is_true(machine.arrived(4), "next-day")
    assert machine.ledger("SELECT COUNT(*) FROM anchors")[0][0] == 1, "of the boot before NTP alone"


def test_a_platform_an_hour_slow_gets_every_rating_with_its_true_time_an_hour_later(machine: Machine) -> None:
    machine.clock.set(ntp=True)
    machine.platforms_clock.set(off_s=-H)
    machine.open_window()
    machine.start_syncd()
    names = [f"P{number}" for number in range(3)]
    for name in names:
        machine.rate(name)
    machine.wait_until("SELECT COUNT(*) FROM journal WHERE kind = 'platform_clock_slow'")
    beats = machine.wait_for_beat(pending=3)
    said = machine.ledger("SELECT state, last_error FROM deliveries ORDER BY seq LIMIT 1")
    assert said == [("pending", said[0][1])]
    assert "platform's clock" in said[0][1]
    machine.days_pass(1.1 / 24)
    arrived = machine.arrived(3)
    assert list(arrived) == names
    machine.is_true(arrived, *names)
    machine.wait_for_beat(after=beats, pending=0)
    assert machine.ledger("SELECT COUNT(*) FROM deliveries WHERE state != 'acknowledged'")[0][0] == 0
    kinds = {row[0] for row in machine.ledger("SELECT kind FROM journal")}
    assert not kinds & {"credentials_refused", "sent_without_rater"}


def test_a_reboot_between_rating_and_delivery_bounds_the_time_and_marks_it_everywhere(
    machine: Machine,
) -> None:
    machine.clock.set(ntp=True)
    machine.open_window()
    machine.rate("known")
    machine.power_cut()
    machine.clock.reboot(ntp=False, off_s=-SINCE_1970_S)
    machine.open_window()
    machine.rate("in-1970")
    machine.power_cut()
    machine.clock.reboot(ntp=False, off_s=-5 * H)
    machine.open_window()
    machine.days_pass(1)
    served = machine.clock.true_now() - 5
    machine.rate("five-hours-slow", wire(served))
    machine.power_cut()
    machine.days_pass(1)
    machine.clock.reboot(ntp=False, off_s=0.0)
    machine.open_window()
    machine.rate("before-NTP")
    machine.clock.set(ntp=True)
    machine.rate("after-NTP")
    machine.power_cut()
    machine.clock.reboot()
    machine.platform.misbehave("status-500")
    machine.start_syncd()
    machine.wait_for_beat(time_uncertain=True, pending=5)
    machine.platform.behave()
    arrived = machine.arrived(5)
    machine.is_true(arrived, "known", "before-NTP", "after-NTP")
    assert list(arrived) == list(machine.given)
    assert [each.at for each in arrived.values()] == sorted(each.at for each in arrived.values())
    for name in ("in-1970", "five-hours-slow"):
        assert arrived[name].uncertain
        assert machine.given["known"] - NEAR_S <= arrived[name].at <= machine.given["before-NTP"] + NEAR_S
    assert abs(arrived["five-hours-slow"].at - served) <= 1, "the service was before it"
    rows = machine.ledger(
        "SELECT project_no, time_uncertain, sent_assess_time FROM deliveries JOIN ratings USING (seq)"
    )
    assert {row[0]: bool(row[1]) for row in rows} == {name: each.uncertain for name, each in arrived.items()}
    assert all(abs(datetime.fromisoformat(row[2]).timestamp() - arrived[row[0]].at) < 1 for row in rows), (
        "the delivery row says what was sent"
    )
    machine.wait_for_beat(after=machine.wait_for_beat(pending=0), time_uncertain=False)
