"""What leaves the ledger and what never does; heartbeat, timetable and profiles beside it."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pad import settings, told_head
from pad.chain import Head
from pad.clock import Anchor, AnchorSource, SystemClock
from pad.ledger import recording, retention, verification
from pad.ledger.connection import LedgerUnwritable
from pad.ledger.outbox import Backlog, Outbox
from pad.ledger.rows import Delivery
from pad.model import (
    CHINA_TIME,
    DeliveryState,
    Instant,
    Matter,
    Rater,
    Visit,
    VisitEnd,
    VisitOutcome,
    iso_time,
)
from pad.settings import Dialect, LedgerRules, PlatformProfile
from syncd import timetable
from syncd.heartbeat import Heart
from syncd.housekeeping import keep_house
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import NoAnswer, Platform, Pulse, Seen, WholeAccepted
from syncd.timetable import Timetable
from tests.syncd.city import WITHIN_S
from tests.syncd.pad_box import FixedClock, PadBox
from tests.syncd.process import ROOT

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=CHINA_TIME)
PERSON = Rater(name="张三", mobile="13800000000")
PENDING, ACKNOWLEDGED, REFUSED = DeliveryState.PENDING, DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED


def settle(box: PadBox, seq: int, state: DeliveryState, days_ago: float, *, exported: bool = False) -> None:
    at = iso_time(NOW - timedelta(days=days_ago))
    delivery = Delivery(seq, state, settled_at=at, exported_at=at if exported else None)
    Outbox(box.db, box.keys).record([delivery])


def keep(box: PadBox, clock: FixedClock | None = None, retention_days: int = 100, raters: int = 10) -> None:
    rules = LedgerRules(retention_days=retention_days, rater_retention_days=raters)
    truth = PlatformClock(clock or FixedClock(NOW))
    keep_house(box.state, box.state / "ledger.db", rules, truth)


def seqs(box: PadBox) -> list[int]:
    return [row["seq"] for row in box.db.execute("SELECT seq FROM ratings ORDER BY seq")]


def test_raters_data_go_when_acknowledged_for_long_enough_and_break_no_chain(box: PadBox) -> None:
    for number, (state, days_ago) in enumerate(
        [(ACKNOWLEDGED, 11), (ACKNOWLEDGED, 9), (REFUSED, 11)], start=1
    ):
        box.rate(f"P{number}", rater=PERSON)
        settle(box, number, state, days_ago)
    box.rate("P4", rater=PERSON)
    keep(box)
    left = box.db.execute(
        "SELECT r.seq FROM rater s JOIN ratings r ON r.id = s.rating_id ORDER BY 1"
    ).fetchall()
    assert [row["seq"] for row in left] == [2, 3, 4]
    assert verification.verify(box.db, box.keys.chain)[2] is None


def test_only_a_settled_prefix_leaves_and_the_rest_still_verifies(box: PadBox) -> None:
    ratings = [box.rate(f"P{number}") for number in range(1, 8)]
    for seq in (1, 2, 3):
        settle(box, seq, ACKNOWLEDGED, 101)
    settle(box, 4, REFUSED, 101)  # not exported: it stays, and all behind it
    settle(box, 5, ACKNOWLEDGED, 101)
    keep(box)
    assert seqs(box) == [4, 5, 6, 7]
    start, head, broken = verification.verify(box.db, box.keys.chain)
    assert broken is None
    assert start == Head(3, ratings[2].hash)
    assert head.seq == 7
    settle(box, 4, REFUSED, 101, exported=True)
    keep(box)
    assert seqs(box) == [6, 7]
    assert box.rate("P8").seq == 8
    assert verification.verify(box.db, box.keys.chain)[2] is None


def test_what_is_young_pending_or_untried_stays(box: PadBox) -> None:
    for number in range(1, 4):
        box.rate(f"P{number}")
    settle(box, 1, ACKNOWLEDGED, 99)
    keep(box)
    assert seqs(box) == [1, 2, 3]


def test_everything_may_leave_and_the_chain_goes_on(box: PadBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pad.ledger.retention._ROWS_AT_ONCE", 2)
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    ratings = [box.rate(f"P{number}", rater=PERSON) for number in range(1, 6)]
    for seq in range(1, 6):
        settle(box, seq, ACKNOWLEDGED, 101)
    keep(box, raters=100)
    assert seqs(box) == []
    assert rests == [retention.REST_S] * 6  # three for raters' data, three for ratings
    assert recording.head(box.db) == Head(5, ratings[-1].hash)
    for table in ("deliveries", "rater", "visits"):
        assert box.db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0
    assert box.rate("P6").seq == 6
    assert verification.verify(box.db, box.keys.chain)[2] is None


def test_visits_without_a_rating_leave_when_they_are_old_and_the_others_with_it(box: PadBox) -> None:
    old = NOW - timedelta(days=200)
    for number, at in enumerate((old, NOW - timedelta(days=50))):
        moment = Instant(at, "boot", 1, trusted=True)
        visit = Visit(f"v{number}", Matter(), moment, 60.0)
        box.recorder.open_visit(visit)
        box.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.TIMED_OUT, moment))
    box.recorder.open_visit(Visit("open", Matter(), Instant(old, "b", 1, trusted=True), 60.0))
    box.rate("P1", rated=Instant(old, "boot", 1, trusted=True))
    keep(box)
    left = {row["id"] for row in box.db.execute("SELECT id FROM visits")}
    assert {"v1", "open"} <= left
    assert "v0" not in left
    assert len(left) == 3  # and the one of the rating that is still there


DEAD = datetime(1970, 1, 1, 8, tzinfo=CHINA_TIME)
DAY_NS = 86_400 * 10**9


def test_visits_of_1970_are_as_old_as_their_boot_says_not_as_their_clock(box: PadBox) -> None:
    """Unrated ones are evidence (art. 4): a dead clock's must stay as long as the others."""
    clock = FixedClock(NOW, monotonic_ns=150 * DAY_NS)
    for boot, days in (("boot-now", 1), ("boot-now", 140), ("known", 1), ("known", 140), ("unknown", 1)):
        moment = Instant(DEAD, boot, days * DAY_NS, trusted=False)
        visit = Visit(f"{boot}, day {days}", Matter(), moment, 60.0)
        box.recorder.open_visit(visit)
        box.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.TIMED_OUT, moment))
    anchor = Anchor("known", 150 * DAY_NS, NOW - timedelta(days=1), timedelta(0), AnchorSource.PLATFORM)
    Outbox(box.db, box.keys).set_anchor(anchor)
    box.rate("P1", rated=Instant(DEAD, "unknown", 1, trusted=False))
    keep(box, clock)
    left = {row["id"] for row in box.db.execute("SELECT id FROM visits WHERE outcome = 'timed_out'")}
    assert left == {"boot-now, day 140", "known, day 140", "unknown, day 1"}
    settle(box, 1, ACKNOWLEDGED, 101)
    keep(box, clock)
    assert box.db.execute("SELECT COUNT(*) FROM visits WHERE outcome = 'rated'").fetchone()[0] == 0


def test_what_a_clock_gone_wild_settled_in_the_future_ages_from_when_that_is_seen(box: PadBox) -> None:
    box.rate("P1", rater=PERSON)
    settle(box, 1, ACKNOWLEDGED, days_ago=-30_000)
    clock = FixedClock(NOW)
    keep(box, clock)
    assert seqs(box) == [1]
    clock.go_on(timedelta(days=11))
    keep(box, clock)
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == 0
    assert seqs(box) == [1]
    clock.go_on(timedelta(days=90))
    keep(box, clock)
    assert seqs(box) == []


def test_nothing_leaves_while_the_true_time_is_unknown(box: PadBox) -> None:
    box.rate("P1", rater=PERSON)
    settle(box, 1, ACKNOWLEDGED, 101)
    wild = FixedClock(datetime(2099, 1, 1, tzinfo=CHINA_TIME), trusted=False)
    keep(box, wild)
    assert seqs(box) == [1]
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == 1


def test_a_ledger_that_cannot_be_used_is_kept_for_another_time(
    box: PadBox, caplog: pytest.LogCaptureFixture
) -> None:
    rules, truth = LedgerRules(), PlatformClock(FixedClock(NOW))
    with caplog.at_level(logging.WARNING):
        keep_house(box.state, box.state / "none.db", rules, truth)
    assert "another time" in caplog.text


# --- heartbeat ---------------------------------------------------------------------------------


class Ear:
    """A platform that only hears heartbeats."""

    def __init__(self) -> None:
        self.pulses: list[Pulse] = []
        self.answer: WholeAccepted | NoAnswer = WholeAccepted()

    def heartbeat(self, pulse: Pulse) -> WholeAccepted | NoAnswer:
        self.pulses.append(pulse)
        return self.answer


@pytest.fixture
def beat(box: PadBox) -> Callable[[FixedClock], Pulse]:
    box.configure("http://127.0.0.1:1", "itemised")
    ledger = LedgerFile(box.state, box.state / "ledger.db")
    box._closed_at_the_end.append(ledger.close)

    def once(clock: FixedClock) -> Pulse:
        ear = Ear()
        platform: Platform = ear  # type: ignore[assignment]
        Heart(box.settings(), ledger, platform, PlatformClock(clock)).beat()
        return ear.pulses[0]

    return once


def test_the_age_of_what_waits_is_counted_by_the_right_clock(
    box: PadBox, beat: Callable[[FixedClock], Pulse]
) -> None:
    clock = FixedClock(NOW)
    assert beat(clock).oldest_pending_s is None
    box.rate("P1", rated=clock.read())
    clock.go_on(timedelta(seconds=90))
    assert beat(clock).oldest_pending_s == 90
    assert beat(replace(clock, boot_id="later")).oldest_pending_s == 90
    assert beat(replace(clock, boot_id="later", trusted=False)).oldest_pending_s is None


def test_the_age_does_not_go_below_nothing(box: PadBox, beat: Callable[[FixedClock], Pulse]) -> None:
    box.rate("P1", rated=Instant(NOW + timedelta(days=9), "before", 1, trusted=False))
    assert beat(FixedClock(NOW)).oldest_pending_s == 0


def test_uncertain_times_show(box: PadBox, beat: Callable[[FixedClock], Pulse]) -> None:
    box.rate("P1")
    assert not beat(FixedClock(NOW)).time_uncertain
    assert beat(FixedClock(NOW, trusted=False)).time_uncertain
    Outbox(box.db, box.keys).record([Delivery(1, PENDING, 1, "b", time_uncertain=True)])
    assert beat(FixedClock(NOW)).time_uncertain


def test_a_heart_that_cannot_beat_says_so_once(box: PadBox, caplog: pytest.LogCaptureFixture) -> None:
    box.configure("http://127.0.0.1:1", "itemised")
    ledger = LedgerFile(box.state, box.state / "ledger.db")
    box._closed_at_the_end.append(ledger.close)
    ear = Ear()
    platform: Platform = ear  # type: ignore[assignment]
    heart = Heart(box.settings(), ledger, platform, PlatformClock(SystemClock()))
    with caplog.at_level(logging.INFO):
        for answer in (NoAnswer("HTTP 502"), NoAnswer("HTTP 502"), WholeAccepted(), WholeAccepted()):
            ear.answer = answer
            heart.beat()
    assert [record.getMessage() for record in caplog.records] == [
        "heartbeat: HTTP 502",
        "heartbeat: taken again",
    ]


def test_the_time_a_beat_was_told_is_written_once_the_disk_takes_it(
    box: PadBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known by then and not told again: a power cut would leave the ratings of this boot without it."""
    box.configure("http://127.0.0.1:1", "itemised")
    ledger, ear, clock = LedgerFile(box.state, box.state / "ledger.db"), Ear(), FixedClock(NOW, trusted=False)
    box._closed_at_the_end.append(ledger.close)
    platform: Platform = ear  # type: ignore[assignment]
    heart = Heart(box.settings(), ledger, platform, PlatformClock(clock))
    ear.answer = WholeAccepted(seen=Seen(NOW, clock.monotonic_ns, clock.monotonic_ns))

    def full(*_: object) -> None:
        raise LedgerUnwritable("full")

    with monkeypatch.context() as disk:
        disk.setattr(Outbox, "set_anchor", full)
        heart.beat()
    assert heart.ok
    assert not Outbox(box.db, box.keys).anchors()
    heart.beat()
    assert list(Outbox(box.db, box.keys).anchors()) == [clock.boot_id]


def test_after_a_cut_tail_the_note_of_what_was_told_stays(
    box: PadBox, beat: Callable[[FixedClock], Pulse]
) -> None:
    for number in range(3):
        box.rate(f"P{number}")
    beat(FixedClock(NOW))
    told = told_head.read(box.state)
    assert told == recording.head(box.db)
    box.db.execute("DROP TRIGGER ratings_leave_below_a_checkpoint")
    box.db.execute("DELETE FROM ratings WHERE seq = 3")
    beat(FixedClock(NOW))
    box.rate("P9")
    beat(FixedClock(NOW))
    assert told_head.read(box.state) == told


def test_backlog_of_an_empty_ledger(box: PadBox) -> None:
    assert Outbox(box.db, box.keys).backlog() == Backlog(0, None)


# --- timetable and profiles --------------------------------------------------------------------


def test_jobs_go_on_after_the_wall_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    done = threading.Semaphore(0)
    table = Timetable()
    table.every(3600, done.release)
    table.start()
    try:
        difference = timetable._wall_against_monotonic()
        table.look_at_clock()
        assert not done.acquire(timeout=0.2)
        monkeypatch.setattr(timetable, "_wall_against_monotonic", lambda: difference - 86_400 * 365)
        table.look_at_clock()
        assert done.acquire(timeout=60)
    finally:
        table.stop()


def test_a_clock_of_1970_that_is_set_right_makes_up_for_no_missed_time() -> None:
    """Half a century of seconds: counted one by one they would stop the daemon and fill the memory."""
    import threading

    done, times = threading.Semaphore(0), list[None]()
    table = Timetable()

    def run() -> None:
        times.append(None)
        done.release()

    table.every(1, run)
    (job,) = table._scheduler.get_jobs()
    assert job.trigger.get_next_fire_time(DEAD, NOW) == NOW + timedelta(seconds=1)
    job.modify(next_run_time=DEAD)
    table.start()
    try:
        assert done.acquire(timeout=60)
        assert done.acquire(timeout=60), "and then as before"
        assert len(times) < 100
    finally:
        table.stop()


def test_a_job_that_does_not_end_keeps_the_program_from_nothing_else_and_not_from_its_end() -> None:
    """A heartbeat that looks for a way to the platform cannot be broken off."""
    program = """
import threading
from syncd.timetable import Timetable

began, others = threading.Semaphore(0), threading.Semaphore(0)

def never_ends():
    began.release()
    threading.Event().wait()

table = Timetable()
for _ in range(5):
    table.every(3600, never_ends, 0.0)
table.every(0.01, others.release)
table.start()
for _ in range(5):
    began.acquire()
for _ in range(3):
    others.acquire()
table.stop()
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=WITHIN_S, check=True)


@pytest.mark.parametrize("name", ["national", "itemised"])
def test_a_profile_that_is_shipped_has_every_key_with_its_default(name: str) -> None:
    path: Path = ROOT / "config" / "platforms" / f"{name}.toml"
    found = settings.read_table(path, PlatformProfile)
    assert found.dialect is Dialect(name)
    evaluate, service = ("/evaluate", "/service") if name == "national" else ("", "")
    default = PlatformProfile(name, Dialect(name), evaluate_path=evaluate, service_path=service)
    assert found == default
    text = path.read_text(encoding="utf-8")
    for field in msgspec.structs.fields(PlatformProfile):
        assert f"\n{field.name} = " in text or f"\n[{field.name}]" in text


def test_purged_data_stand_neither_in_the_file_nor_in_its_log(box: PadBox) -> None:
    """Not even sealed: whoever finds the key later finds nothing to open."""
    box.rate("P1", rater=PERSON)
    (sealed,) = box.db.execute("SELECT sealed FROM rater").fetchone()
    settle(box, 1, ACKNOWLEDGED, 11)

    def stands() -> bool:
        return any(sealed in file.read_bytes() for file in box.state.glob("ledger.db*"))

    assert stands()
    keep(box)
    assert not stands()


def test_the_log_is_left_for_another_day_while_somebody_reads_it(
    box: PadBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pad.ledger.connection._BUSY_S", 0.5)
    box.rate("P1", rater=PERSON)
    settle(box, 1, ACKNOWLEDGED, 11)
    box.db.execute("BEGIN")
    box.db.execute("SELECT * FROM ratings").fetchall()
    keep(box)
    box.db.execute("ROLLBACK")
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == 0
