"""One target is told of every bad rating once, whatever comes in between."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import datetime, timedelta

import pytest
from uuid6 import uuid7

from pad.codes import Level
from pad.ledger.alerts import MAY_HAVE_ARRIVED
from pad.ledger.connection import LedgerUnwritable, connect
from pad.model import (
    CHINA_TIME,
    Draft,
    InputDevice,
    Instant,
    Matter,
    Rater,
    Visit,
    VisitEnd,
    VisitOutcome,
)
from syncd.alerting import policy
from syncd.alerting.base import Refused, Throttled, Told, Unheard, Unreached
from tests.syncd.alerting.told import FAILING_PLATFORM, Ear, Mouth
from tests.syncd.interleaved import ClearedJustAfter, ends
from tests.syncd.pad_box import FixedClock, PadBox, written_by_nobody

MONDAY = datetime(2026, 6, 1, 9, 12, tzinfo=CHINA_TIME)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def mouth(box: PadBox, ear: Ear) -> Mouth:
    """A teller that has begun."""
    box.clock = FixedClock(MONDAY)
    box.configure(FAILING_PLATFORM, extra="[alerts]\nwecom = true")
    made = Mouth(box, ear)
    assert made.teller.step() is None
    return made


def ids(ear: Ear) -> list[str]:
    return [
        line.removeprefix("评价编号：") for text in ear.texts for line in text.split("\n") if "编号" in line
    ]


def test_of_the_five_levels_the_two_bad_ones_are_told(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    ratings = [box.rate(f"P{level}", level) for level in Level]
    while mouth.teller.step() is not None:
        pass
    assert ids(ear) == [each.id for each in ratings if each.level.is_bad]
    assert [row["seq"] for row in mouth.rows()] == [1, 2]


def test_what_is_told_and_what_is_not(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    person = Rater("司马相如", "13987654321", "111", "110105194912310089")
    rating = box.rate(
        "PROJECT-1", 1, comment="慕容云海收了钱", rater=person, task_name="新生儿入户", service_name="申报"
    )
    mouth.teller.step()
    assert ear.texts == [
        "【好差评】收到 1 条差评\n测试大厅\n窗口 A07：非常不满意\n事项：新生儿入户（申报）\n"
        "时间：2026-06-01 09:12\n"
        "原因：无理由超过法定办理时间；办事指南提供样本有错\n另有文字意见，请在好差评系统中查看\n"
        f"办理期限：2026-06-08（5 个工作日）\n评价编号：{rating.id}"
    ]


def test_a_rating_is_told_once(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    box.rate("P1", 1)
    assert mouth.teller.step() == 0
    assert mouth.teller.step() is None
    mouth.restart()
    assert mouth.teller.step() is None
    assert len(ear.texts) == 1
    (row,) = mouth.rows()
    assert (row["state"], row["attempts"], row["last_error"]) == ("told", 1, None)


def test_what_was_there_before_it_was_switched_on_is_not_told(box: PadBox, ear: Ear) -> None:
    box.configure(FAILING_PLATFORM, extra="[alerts]\nwecom = true")
    box.rate("old", 1)
    mouth = Mouth(box, ear)
    assert mouth.teller.step() is None
    fresh = box.rate("new", 1)
    mouth.restart()  # when it was switched on is remembered
    mouth.teller.step()
    assert ids(ear) == [fresh.id]


def test_another_target_begins_when_it_is_switched_on(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    box.rate("P1", 1)
    mouth.teller.step()
    ear.name = "feishu"
    mouth.restart()
    assert mouth.teller.step() is None
    fresh = box.rate("P2", 2)
    mouth.teller.step()
    assert ids(ear)[1:] == [fresh.id]


def test_what_a_power_cut_left_behind_is_told_and_what_was_withdrawn_is_not(
    box: PadBox, mouth: Mouth, ear: Ear
) -> None:
    now = box.clock.read()
    for number, name in enumerate(("withdrawn", "cut")):
        visit = Visit(str(uuid7()), Matter(project_no=name), now, 60.0)
        box.recorder.open_visit(visit)
        box.recorder.keep_draft(Draft(visit.id, Level(1), InputDevice.TOUCH, now, 900), Rater())
        if number == 0:
            box.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.WITHDRAWN, now))
    assert mouth.teller.step() is None
    recovered = box.recorder.recover(now, discard=False)
    assert recovered is not None
    mouth.teller.step()
    assert ids(ear) == [recovered.id]
    assert "原因：未选择" in ear.texts[0]


def test_what_came_while_syncd_was_down_is_told(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    ratings = [box.rate(f"P{number}", 2) for number in range(3)]
    mouth.restart()
    mouth.teller.step()
    assert ids(ear) == [each.id for each in ratings]


def test_a_backlog_goes_out_in_few_messages(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    ratings = [box.rate(f"P{number}", 1) for number in range(60)]
    while mouth.teller.step() is not None:
        pass
    assert ids(ear) == [each.id for each in ratings]
    assert len(ear.texts) <= 20
    assert all(len(text.encode()) <= ear.bytes_max for text in ear.texts)


def test_no_more_is_said_in_a_minute_than_the_target_takes(box: PadBox, ear: Ear) -> None:
    box.configure(FAILING_PLATFORM, extra="[alerts]\nwecom = true")
    ear.per_minute = 3
    mouth = Mouth(box, ear)
    mouth.teller.step()
    for number in range(3):
        box.rate(f"P{number}", 1)
        assert mouth.teller.step() == 0
    box.rate("P4", 1)
    box.rate("P5", 1)
    wait_s = mouth.teller.step()
    assert wait_s is not None
    assert 0 < wait_s <= 60
    assert len(ear.texts) == 3


@pytest.mark.parametrize(
    ("answer", "kept"),
    [(Unreached("no way"), "no way"), (Throttled("often", 60), "often")],
)
def test_what_was_not_told_waits_and_says_why(
    box: PadBox, mouth: Mouth, ear: Ear, answer: Unreached | Throttled, kept: str
) -> None:
    rating = box.rate("P1", 1)
    ear.answers.append(answer)
    wait_s = mouth.teller.step()
    assert wait_s
    (row,) = mouth.rows()
    assert (row["state"], row["attempts"], row["last_error"]) == ("pending", 1, kept)
    assert row["next_attempt_at"] == (MONDAY + timedelta(seconds=wait_s)).isoformat(timespec="milliseconds")
    assert mouth.teller.step() == 0
    assert ids(ear) == [rating.id] * 2
    assert "可能已告知过" not in ear.texts[1]
    assert ear.keys[0] == ear.keys[1]
    assert mouth.teller.step() is None


def test_what_is_refused_waits_and_says_why(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    rating = box.rate("P1", 1)
    ear.answers.append(Refused("wrong key"))
    assert mouth.teller.step() == policy.REFUSED_OTHERS_S
    (row,) = mouth.rows()
    assert (row["state"], row["attempts"], row["last_error"]) == ("pending", 1, "wrong key")
    assert row["next_attempt_at"] == (MONDAY + timedelta(minutes=5)).isoformat(timespec="milliseconds")
    assert mouth.teller.step() is None
    mouth.teller._put_off.clear()  # five minutes later
    assert mouth.teller.step() == 0
    assert ids(ear) == [rating.id] * 2
    assert "可能已告知过" not in ear.texts[1]


def test_a_message_that_is_refused_for_what_it_says_keeps_no_other_from_being_told(
    box: PadBox, mouth: Mouth, ear: Ear
) -> None:
    """A robot's maker or a mail server reads along and finds a text unfit, whenever it comes."""
    ear.unfit = "枪支"
    ratings = [box.rate(f"P{number}", 1, task_name="枪支" if number == 0 else "事项") for number in range(4)]
    for _ in range(4):
        mouth.teller.step()
    assert mouth.teller.step() is None
    assert [row["state"] for row in mouth.rows()] == ["pending", "told", "told", "told"]
    mouth.teller._put_off.clear()  # five minutes later, and a new one with it
    ratings.append(box.rate("P9", 2))
    for _ in range(3):
        mouth.teller.step()
    assert [row["state"] for row in mouth.rows()] == ["pending", "told", "told", "told", "told"]
    assert ids(ear).count(ratings[-1].id) == 2


def test_what_may_have_arrived_is_put_off_and_what_is_new_does_not_wait_for_it(
    box: PadBox, mouth: Mouth, ear: Ear
) -> None:
    first = box.rate("P1", 1)
    ear.answers.append(Unheard("late"))
    assert mouth.teller.step() == 0.5
    (row,) = mouth.rows()
    assert (row["state"], row["attempts"], row["last_error"]) == ("pending", 1, MAY_HAVE_ARRIVED)
    assert row["next_attempt_at"] == (MONDAY + timedelta(seconds=30)).isoformat(timespec="milliseconds")
    assert mouth.teller.step() is None
    put_off_s = mouth.teller._put_off_s()
    assert put_off_s is not None
    assert 0 < put_off_s <= 30
    second = box.rate("P2", 1)
    assert mouth.teller.step() == 0
    assert ids(ear) == [first.id, second.id]
    assert "随后告知" not in ear.texts[1]
    mouth.teller._put_off.clear()  # half a minute later
    assert mouth.teller.step() == 0
    assert ids(ear) == [first.id, second.id, first.id]
    assert ["可能已告知过" in text for text in ear.texts] == [False, False, True]
    assert ear.keys[0] == ear.keys[2]


def test_what_was_put_off_is_told_when_its_time_comes_without_a_ring(
    box: PadBox, mouth: Mouth, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "UNREACHED_FIRST_S", 0.01)
    monkeypatch.setattr(policy, "UNHEARD_FIRST_S", 0.3)
    rating = box.rate("P1", 1)
    ear.answers.append(Unheard("late"))
    mouth.restart()
    teller = threading.Thread(target=mouth.teller.run)
    teller.start()
    try:
        box.wait_until(lambda: [row["state"] for row in mouth.rows()] == ["told"])
    finally:
        mouth.teller.stop()
        teller.join()
    assert ids(ear) == [rating.id] * 2


def test_a_stop_whose_ring_is_cleared_at_that_moment_is_no_less_heard(mouth: Mouth) -> None:
    mouth.teller._rung = ClearedJustAfter(mouth.teller.stop)
    assert ends(mouth.teller.run, mouth.teller._rung)


@pytest.mark.parametrize(
    ("answer", "state"), [(Told(), "told"), (Unheard("it was asked to stop"), "pending")]
)
def test_what_is_told_while_it_is_asked_to_stop_is_told_for_good(
    mouth: Mouth, box: PadBox, ear: Ear, answer: Told | Unheard, state: str
) -> None:
    box.rate("P1", 1)
    ear.answers.append(answer)
    ear.before = mouth.teller.stop
    mouth.teller.step()
    (row,) = mouth.rows()
    assert (row["state"], row["last_error"]) == (state, None if state == "told" else MAY_HAVE_ARRIVED)


def test_doubt_stays_until_it_is_told(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    box.rate("P1", 1)
    ear.answers += [Unheard("late"), Unreached("no way")]
    for _ in range(3):
        mouth.teller.step()
        mouth.restart()
    assert ["可能已告知过" in text for text in ear.texts] == [False, True, True]


def test_before_it_is_told_it_is_written_that_it_may_have_been(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    rating = box.rate("P1", 1)
    seen: list[sqlite3.Row] = []
    ear.before = lambda: seen.extend(mouth.rows())
    mouth.teller.step()
    (row,) = seen
    assert (row["seq"], row["state"], row["attempts"]) == (rating.seq, "pending", 1)
    assert row["last_error"] == MAY_HAVE_ARRIVED


def test_an_outcome_that_cannot_be_written_is_held_and_nothing_is_told_twice(
    box: PadBox, mouth: Mouth, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.rate("P1", 1)
    book = mouth.teller._book
    assert book is not None
    full = True

    def told(*given: object) -> None:
        if full:
            raise LedgerUnwritable("full")
        type(book).told(book, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(book, "told", told)
    for _ in range(3):
        with pytest.raises(LedgerUnwritable):
            mouth.teller.step()
    full = False
    assert mouth.teller.step() is None
    assert len(ear.texts) == 1
    assert mouth.rows()[0]["state"] == "told"


def test_in_a_ledger_that_comes_while_it_runs_nothing_is_from_before(box: PadBox, ear: Ear) -> None:
    box.configure(FAILING_PLATFORM, extra="[alerts]\nwecom = true")
    box.db.close()
    for file in box.state.glob("ledger.db*"):
        file.unlink()
    mouth = Mouth(box, ear)
    with pytest.raises(LedgerUnwritable):
        mouth.teller.step()
    box.db = connect(box.state / "ledger.db")
    box.recorder._db = box.db
    rating = box.rate("P1", 1)
    mouth.teller.step()
    assert ids(ear) == [rating.id]


def test_a_ledger_that_could_only_be_read_when_it_was_opened_is_written_once_it_can_be(
    box: PadBox, mouth: Mouth, ear: Ear
) -> None:
    """The same file all the time: a disk that is made writable again, or a mode set right."""
    rating = box.rate("P1", 1)
    mouth.restart()
    with written_by_nobody():
        assert mouth.teller._guarded_step()
    assert ear.texts == []
    mouth.teller._guarded_step()
    assert ids(ear) == [rating.id]


def test_a_time_that_nobody_knows_is_said_to_be_unknown(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    box.clock.trusted = False
    box.rate("P1", 1, rated=Instant(datetime(1970, 1, 1, 8, tzinfo=CHINA_TIME), "boot-now", 5, trusted=False))
    mouth.teller.step()
    assert "时间：未知（评价器尚未对时）" in ear.texts[0]
    assert "办理期限：自评价之日起 5 个工作日，请人工推算" in ear.texts[0]
    assert "1970" not in ear.texts[0]


def test_a_time_that_is_known_by_counting_is_told(box: PadBox, mouth: Mouth, ear: Ear) -> None:
    an_hour_ago = box.clock.monotonic_ns - 3600 * 10**9
    box.rate(
        "P1",
        1,
        rated=Instant(datetime(1970, 1, 1, 8, tzinfo=CHINA_TIME), "boot-now", an_hour_ago, trusted=False),
    )
    mouth.teller.step()
    assert "时间：2026-06-01 08:12\n" in ear.texts[0]


def test_an_outage_is_two_lines_in_the_log(
    box: PadBox, mouth: Mouth, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syncd.alerts")
    box.rate("P1", 1)
    ear.answers += [Unreached("no way")] * 4
    for _ in range(5):
        mouth.teller.step()
    assert caplog.messages == [
        "wecom: no way; bad ratings wait and are told later",
        "wecom: bad ratings are told again",
    ]


def test_a_refusal_is_an_error_in_the_log_and_said_once(
    box: PadBox, mouth: Mouth, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    box.rate("P1", 1)
    ear.answers += [Refused("wrong key")] * 3
    for _ in range(3):
        mouth.teller.step()
        mouth.teller._put_off.clear()
    assert len(ear.texts) == 3
    assert caplog.messages == ["wecom: wrong key; bad ratings wait, see padctl alerts test"]


def test_a_fault_of_ours_ends_nothing_and_shows_no_text(
    box: PadBox, mouth: Mouth, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise RuntimeError("https://robot.example/?key=s3cret")

    ear.before = fails
    box.rate("P1", 1)
    assert mouth.teller._guarded_step()
    assert caplog.messages == ["wecom: unexpected RuntimeError; bad ratings wait and are told later"]
