"""The monitor: a file that is whole and true, guards that speak once, and nothing that holds up delivery."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pad.clock import Anchor, AnchorSource
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, iso_time
from syncd import machine
from syncd.guards import Guard, Machine
from syncd.health import Line
from syncd.kiosk_state import DOWN
from syncd.ledger_file import LedgerFile
from syncd.metrics import KIOSK_STATES
from syncd.monitor import Monitor
from syncd.platform_clock import PlatformClock
from syncd.tally import Reason
from tests.ports import free_port
from tests.syncd.city import City, CityServer, says
from tests.syncd.interleaved import ClearedJustAfter, ends
from tests.syncd.pad_box import FixedClock, PadBox

Build = Callable[[], Monitor]
MIB = 1024 * 1024
UP = Line(True, 7, dict.fromkeys(Reason, 0) | {Reason.LINE: 2}, heartbeat_ok=True)


def configure(box: PadBox, url: str = "http://127.0.0.1:9", dialect: str = "itemised", **sync: float) -> Path:
    """Settings that name a metrics file; where it is."""
    file = box.folder / "metrics" / "pad.prom"
    file.parent.mkdir(exist_ok=True)
    extra = f'[monitoring]\ntextfile = "{file}"\n[counter]\nport = {free_port()}\n'
    box.configure(url, dialect, "", extra, **sync)
    return file


@pytest.fixture
def build(box: PadBox) -> Iterator[Build]:
    made: list[LedgerFile] = []

    def monitor() -> Monitor:
        settings = box.settings()
        made.append(LedgerFile(settings.state_dir, settings.ledger_path))
        return Monitor(settings, made[-1], PlatformClock(box.clock), lambda: UP)

    yield monitor
    for each in made:
        each.close()


def samples(file: Path) -> dict[str, float]:
    """Every sample, its labels in its name."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(file.read_text(encoding="utf-8"))
        for sample in family.samples
    }


def settle(box: PadBox, *deliveries: Delivery) -> None:
    Outbox(box.db, box.keys).record(deliveries)


def test_what_the_ledger_says_is_told(box: PadBox, build: Build) -> None:
    file = configure(box)
    box.clock = FixedClock()
    for number in range(5):
        box.rate(f"P{number}", 1 + number)
        box.clock.go_on(timedelta(seconds=10))
    at = iso_time(box.clock.wall)
    settle(
        box,
        Delivery(1, DeliveryState.ACKNOWLEDGED, settled_at=at),
        Delivery(2, DeliveryState.REFUSED, settled_at=at),
    )
    build().look()
    told = samples(file)
    assert told["pad_ratings_stored_total"] == 5
    assert told["pad_ratings_acknowledged_total"] == 1
    assert told["pad_ratings_refused"] == 1
    assert told["pad_ratings_pending"] == 3
    assert told["pad_oldest_pending_seconds"] == 30
    assert told["pad_last_acknowledged_timestamp_seconds"] == pytest.approx(box.clock.wall.timestamp(), abs=1)
    assert told["pad_ledger_readable"] == 1
    assert told["pad_ledger_bytes"] > 10_000
    assert told["pad_disk_free_bytes"] > 0


def test_line_and_heartbeat_are_told(box: PadBox, build: Build) -> None:
    file = configure(box)
    build().look()
    told = samples(file)
    assert (told["pad_line_up"], told["pad_heartbeat_ok"], told["pad_delivery_attempts_total"]) == (1, 1, 7)
    assert told["pad_delivery_failures_total reason=line"] == 2
    assert told["pad_delivery_failures_total reason=slow"] == 0


def test_a_kiosk_that_is_down_is_a_value_too(box: PadBox, build: Build) -> None:
    file = configure(box)
    build().look()
    told = samples(file)
    states = {name: told[f"pad_kiosk_state state={name}"] for name in KIOSK_STATES}
    assert states == {name: float(name == DOWN) for name in KIOSK_STATES}


def test_the_clock_is_told_by_what_is_known_of_it(box: PadBox, build: Build) -> None:
    file = configure(box)
    box.clock = FixedClock(trusted=False)
    monitor = build()
    monitor.look()
    assert samples(file)["pad_clock_trusted"] == 0
    assert "pad_clock_offset_seconds" not in samples(file)
    now = box.clock.read()
    ahead = timedelta(minutes=3)
    anchor = Anchor(now.boot_id, now.monotonic_ns, now.wall + ahead, ahead, AnchorSource.PLATFORM)
    monitor._clock.learn({now.boot_id: anchor})
    monitor.look()
    assert samples(file)["pad_clock_trusted"] == 1
    assert samples(file)["pad_clock_offset_seconds"] == 180


def test_every_metric_says_what_it_is_and_none_says_who_or_how_well(box: PadBox, build: Build) -> None:
    file = configure(box)
    box.rate("P-secret", 1, comment="a bad word", rater=Rater(name="张三", mobile="13800000000"))
    build().look()
    text = file.read_text(encoding="utf-8")
    for word in ("P-secret", "a bad word", "张三", "13800000000", "王五", '"007"', "level"):
        assert word not in text
    families = list(text_string_to_metric_families(text))
    assert len(families) > 25
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert family.type in {"gauge", "counter"}, family.name
        assert family.name.startswith("pad_")


def test_anybody_may_read_the_file_and_it_is_replaced_whole(box: PadBox, build: Build) -> None:
    file = configure(box)
    monitor = build()
    before = os.umask(0o007)
    try:
        monitor.look()
        first = file.stat()
        monitor.look()
    finally:
        os.umask(before)
    assert stat.S_IMODE(first.st_mode) == 0o644
    assert file.stat().st_ino != first.st_ino
    assert [each.name for each in file.parent.iterdir()] == ["pad.prom"]


def test_a_folder_that_is_not_there_is_said_once_and_again_when_it_is(
    box: PadBox, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file = configure(box)
    file.parent.rmdir()
    monitor = build()
    for _ in range(3):
        monitor.look()
    file.parent.mkdir()
    for _ in range(2):
        monitor.look()
    said = [record.getMessage() for record in caplog.records if record.name == "syncd.monitor"]
    assert said == [
        f"metrics are not written: {file}: No such file or directory; the folder has to be there, and "
        "writable for group pad",
        "metrics are written again",
    ]


def test_without_a_ledger_everything_else_is_told(box: PadBox, build: Build) -> None:
    file = configure(box)
    (box.state / "ledger.db").unlink()
    build().look()
    told = samples(file)
    assert told["pad_ledger_readable"] == 0
    assert "pad_ratings_stored_total" not in told
    assert told["pad_line_up"] == 1


# --- the guards -------------------------------------------------------------------------


def kinds(box: PadBox) -> list[str]:
    return [row["kind"] for row in box.journal()]


def measured(monkeypatch: pytest.MonkeyPatch, seen: Machine) -> None:
    monkeypatch.setattr(machine, "look", lambda *_: seen)


def test_an_episode_is_noted_once_at_its_beginning_and_once_at_its_end(
    box: PadBox, build: Build, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = configure(box)
    monitor = build()
    for mib in (600, 500, 490, 500, 513, 600, 700, 700):
        measured(monkeypatch, Machine(disk_free=mib * MIB))
        monitor.look()
    assert kinds(box) == ["disk_low", "disk_well"]
    assert json.loads(box.journal()[0]["detail"]) == {"free_bytes": 500 * MIB}
    assert len([line for line in caplog.messages if "make room" in line]) == 1
    assert samples(file)["pad_guard_warning guard=disk"] == 0


def test_a_restart_in_the_middle_of_an_episode_is_no_other_one(
    box: PadBox, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configure(box)
    for celsius in (81.0, 85.0, 77.0):
        measured(monkeypatch, Machine(temperature_c=celsius, inodes_free=1, inodes=1000))
        build().look()
    assert samples(file)["pad_guard_warning guard=temperature"] == 1
    measured(monkeypatch, Machine(temperature_c=60.0, inodes_free=1, inodes=1000))
    build().look()
    assert sorted(kinds(box)) == ["cooled", "inodes_low", "too_hot"]


def test_what_the_ledger_cannot_take_now_is_noted_later(
    box: PadBox, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(box)
    monitor = build()
    monitor.look()
    away = box.folder / "away.db"
    (box.state / "ledger.db").rename(away)
    measured(monkeypatch, Machine(temperature_c=90.0))
    monitor.look()
    away.rename(box.state / "ledger.db")
    monitor.look()
    monitor.look()
    assert kinds(box) == ["too_hot"]


def test_what_the_guards_say_goes_out_with_the_heartbeat(
    box: PadBox, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(box)
    measured(monkeypatch, Machine(disk_free=1, disk_size=2, temperature_c=float("nan"), uptime_s=12.6))
    monitor = build()
    monitor.look()
    health = monitor.health()
    assert health is not None
    told = health.in_heartbeat()
    assert told["warned"] == [Guard.DISK]
    assert (told["uptime_s"], told["disk_free_bytes"], told["kiosk"]) == (13, 1, DOWN)
    assert "temperature_c" not in told  # JSON has no word for it


# --- in the daemon ----------------------------------------------------------------------


def test_the_daemon_writes_at_a_change_and_its_heartbeat_tells_the_same(
    box: PadBox, city: City, online: CityServer
) -> None:
    url = f"http://127.0.0.1:{online.port}"
    file = configure(box, url, heartbeat_s=1, backoff_first_s=300, backoff_cap_s=300)
    city.usual = says(503, headers={"Retry-After": "300"})
    box.rate("P0")
    daemon = box.daemon()
    daemon.wait_for_log("no answer")
    # the next regular look is 15 s away
    throttled = "pad_delivery_failures_total reason=throttled"
    box.wait_until(lambda: file.exists() and samples(file).get(throttled) == 1)
    assert samples(file)["pad_line_up"] == 0
    assert samples(file)["pad_ratings_pending"] == 1
    assert samples(file)["pad_delivery_attempts_total"] == 1

    def beats() -> list[dict[str, Any]]:
        told = [each.json for each in city.requests if each.path.endswith("/v1/heartbeats")]
        return [each for each in told if "health" in each]  # the first may come before there was a look

    box.wait_until(lambda: bool(beats()))
    beat = beats()[0]
    assert beat["health"]["kiosk"] == "down"
    assert set(beat["health"]) >= {"uptime_s", "disk_free_bytes", "disk_size_bytes", "ledger_bytes", "clock"}
    assert {"pad", "profile", "python", "bulletin"} <= set(beat["versions"])
    assert daemon.terminate() == 0


def test_a_metrics_folder_that_is_not_there_holds_up_no_delivery(
    box: PadBox, city: City, online: CityServer
) -> None:
    file = configure(box, f"http://127.0.0.1:{online.port}")
    file.parent.rmdir()
    daemon = box.daemon()
    daemon.wait_for_log("metrics are not written")
    box.rate("P0")
    box.ring()
    city.wait_for_ratings(1)
    assert daemon.terminate() == 0


def test_a_stop_whose_nudge_is_cleared_at_that_moment_is_no_less_heard(
    box: PadBox, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.monitor.EVERY_S", 3600.0)
    configure(box)
    monitor = build()
    monitor._nudged = ClearedJustAfter(monitor.stop)
    assert ends(monitor._run, monitor._nudged)
