"""Delivery step by step on a real ledger: what is written when, and what stands in nobody's way."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from pad.ledger.connection import LedgerUnwritable
from pad.ledger.outbox import Outbox
from pad.model import Rater
from tests.syncd.city import City, CityServer, HangUp, Line, Request, Script, chokes_on_emoji, http, says
from tests.syncd.pad_box import FixedClock, PadBox, steps

PERSON = Rater("张三", "13800000000", "111", "500110199001011234", "")


def loses_the_answer(request: Request, line: Line) -> bytes:
    line.city.behave(request, line)
    raise HangUp


def test_ratings_leave_in_order_in_batches_and_their_outcome_is_written(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", batch=4)
    for number in range(10):
        box.rate(f"P{number}", 1 + number % 5)
    uploader = box.uploader()
    assert steps(uploader) == [0, 0, 0]
    assert city.distinct == [f"P{number}" for number in range(10)]
    assert [len(city.opened(request)) for request in city.requests] == [4, 4, 2]
    for row in box.deliveries():
        assert (row["state"], row["attempts"], row["last_error"]) == ("acknowledged", 1, None)
        assert row["settled_at"]
        assert row["sent_assess_time"]


def test_a_batch_whose_answer_was_lost_is_sent_again_as_it_was(
    box: PadBox, city: City, itemised: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{itemised.port}", "itemised", batch=3)
    for number in range(3):
        box.rate(f"P{number}")
    city.script.append(loses_the_answer)
    uploader = box.uploader()
    uploader.step()
    assert box.states == ["pending"] * 3
    box.rate("P3")
    box.uploader().step()  # as after a restart
    first, second = (request.json for request in city.requests)
    assert first == second
    assert box.states == ["acknowledged"] * 3 + ["untried"]


def test_what_is_sent_is_written_before_it_is_sent(box: PadBox, city: City, online: CityServer) -> None:
    """A power cut while the answer is awaited leaves the batch with its members."""
    seen: list[list[str | None]] = []

    def looks_into_the_ledger(request: Request, line: Line) -> bytes:
        with closing(sqlite3.connect(box.state / "ledger.db")) as db:
            seen.append([row[0] for row in db.execute("SELECT batch FROM deliveries ORDER BY seq")])
        return line.city.behave(request, line)

    for number in range(3):
        box.rate(f"P{number}")
    city.script.append(looks_into_the_ledger)
    box.uploader().step()
    ((first, second, third),) = seen
    assert first is not None
    assert first == second == third


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_a_poison_record_ends_alone_and_the_rest_goes_on(
    box: PadBox, city: City, online: CityServer, dialect: str
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", dialect)
    city.faults = {"P3": "记录无法处理", "P7": "记录无法处理"}
    for number in range(10):
        box.rate(f"P{number}")
    assert set(steps(box.uploader())) == {0}
    assert city.distinct == [f"P{number}" for number in range(10) if number not in {3, 7}]
    refused = [row for row in box.deliveries() if row["state"] == "refused"]
    assert [(row["project_no"], row["platform_message"]) for row in refused] == [
        ("P3", "记录无法处理"),
        ("P7", "记录无法处理"),
    ]


def test_a_refused_rating_can_be_sent_again(box: PadBox, city: City, online: CityServer) -> None:
    city.faults = {"P0": "没有对应的服务数据"}
    box.rate("P0")
    uploader = box.uploader()
    steps(uploader)
    assert box.states == ["refused"]
    city.faults = {}
    assert Outbox(box.db, box.keys).requeue([1]) == 1
    box.rate("P1")
    steps(uploader)
    assert city.distinct == ["P0", "P1"]


def test_a_record_the_platform_fails_over_is_passed_by_and_tried_again(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", backoff_first_s=30, backoff_cap_s=300)
    city.usual = chokes_on_emoji
    for number in range(6):
        box.rate(f"P{number}", comment="😠" if number == 2 else "")
    uploader = box.uploader()
    steps(uploader, 40)
    assert city.distinct == ["P0", "P1", "P3", "P4", "P5"]
    (left,) = (row for row in box.deliveries() if row["state"] != "acknowledged")
    assert (left["project_no"], left["state"], left["last_error"]) == ("P2", "pending", "HTTP 500")
    assert uploader.due_s is not None
    assert 0 < uploader.due_s <= 600
    city.usual = None
    steps(box.uploader())
    assert city.distinct[-1] == "P2"


def test_a_record_that_was_passed_by_keeps_nobody_waiting_for_a_minute_when_it_is_due_again(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", backoff_first_s=1, backoff_cap_s=300)
    box.clock = FixedClock()
    city.usual = chokes_on_emoji
    box.rate("P0", comment="😠")
    uploader = box.uploader()
    steps(uploader)
    for number in range(1, 4):
        box.clock.go_on(timedelta(minutes=11))
        box.rate(f"P{number}")
        asked = len(city.requests)
        waits = steps(uploader)
        assert len(city.requests) == asked + 2
        assert city.distinct[-1:] == [f"P{number}"]
        assert sum(waits) <= 1
    city.usual = None
    box.clock.go_on(timedelta(minutes=11))
    steps(uploader)
    assert city.distinct[-1:] == ["P0"]


def test_a_rating_whose_data_do_not_open_goes_without_them_and_that_is_noted(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.rate("P0", rater=PERSON)
    box.rate("P1", rater=PERSON)
    box.db.execute(
        "UPDATE rater SET sealed = ? WHERE rating_id = (SELECT id FROM ratings WHERE seq = 1)",
        (b"\x01" + bytes(99),),
    )
    assert steps(box.uploader()) == [0]
    assert [(record["projectNo"], record["name"]) for record in city.arrived] == [("P0", ""), ("P1", "张三")]
    (note,) = box.journal()
    assert note["kind"] == "sent_without_rater"
    assert json.loads(note["detail"])["seq"] == [1]


@pytest.mark.parametrize(("days", "left"), [(0, 0), (30, 1)])
def test_personal_data_leave_with_the_acknowledgement_unless_they_are_to_stay(
    box: PadBox, city: City, online: CityServer, days: int, left: int
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", extra=f"[ledger]\nrater_retention_days = {days}")
    city.script.append(says(502))
    box.rate("P0", rater=PERSON)
    uploader = box.uploader()
    uploader.step()
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == 1
    uploader.step()
    assert city.arrived[0]["certKey"] == PERSON.cert_key
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == left


def test_an_outcome_that_cannot_be_written_is_held_and_nothing_is_sent_before_it_is(
    box: PadBox, city: City, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = False
    record = Outbox.record

    def record_if_there_is_room(self: Outbox, *args: Any, **kwargs: Any) -> None:
        if full:
            raise LedgerUnwritable("no room")
        record(self, *args, **kwargs)

    def fills_the_disk(request: Request, line: Line) -> bytes:
        nonlocal full
        full = True
        return city.behave(request, line)

    monkeypatch.setattr(Outbox, "record", record_if_there_is_room)
    city.script.append(fills_the_disk)
    box.rate("P0")
    uploader = box.uploader()
    for _ in range(3):
        with pytest.raises(LedgerUnwritable):
            uploader.step()
    assert len(city.requests) == 1
    full = False
    assert uploader.step() is None
    assert box.states == ["acknowledged"]
    assert len(city.requests) == 1


def test_whatever_a_dialect_raises_is_no_answer_and_says_nothing_of_what_was_sent(
    box: PadBox, city: City, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*_: object) -> None:
        raise KeyError("张三")

    box.rate("P0")
    uploader = box.uploader()
    with monkeypatch.context() as patched:
        patched.setattr("syncd.platforms.national.rating_record", raises)
        uploader.step()
    assert box.deliveries()[0]["last_error"] == "unexpected KeyError while sending"
    steps(uploader)
    assert box.states == ["acknowledged"]


def test_a_ledger_that_was_replaced_is_opened_anew(box: PadBox, city: City, online: CityServer) -> None:
    box.rate("P0")
    uploader = box.uploader()
    steps(uploader)
    path = box.state / "ledger.db"
    box.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    for companion in ("ledger.db-wal", "ledger.db-shm"):
        path.with_name(companion).unlink(missing_ok=True)
    box.db.close()
    box.db = sqlite3.connect(path, isolation_level=None)
    box.db.row_factory = sqlite3.Row
    box.recorder._db = box.db
    box.rate("P1")
    steps(uploader)
    assert city.distinct == ["P0", "P1"]
    assert box.states == ["acknowledged"] * 2


# --- throttling, size, credentials -------------------------------------------------------------


def test_429_halves_the_batch_and_success_lets_it_grow(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", batch=8)
    for number in range(30):
        box.rate(f"P{number:02}")
    city.script.extend([says(429), says(429)])
    uploader = box.uploader()
    steps(uploader)
    sizes = [len(city.opened(request)) for request in city.requests]
    assert sizes[:4] == [8, 4, 2, 2]
    assert max(sizes[4:]) > 4
    assert city.distinct == [f"P{number:02}" for number in range(30)]


def test_413_halves_the_batch_until_it_fits(box: PadBox, city: City, online: CityServer) -> None:
    def takes_two(request: Request, line: Line) -> bytes:
        return http(413) if len(city.opened(request)) > 2 else city.behave(request, line)

    city.usual = takes_two
    for number in range(9):
        box.rate(f"P{number}")
    assert set(steps(box.uploader())) == {0}
    assert city.distinct == [f"P{number}" for number in range(9)]


def test_a_wrong_word_refuses_no_rating(box: PadBox, city: City, online: CityServer) -> None:
    """The national platform says it in words, with status 200."""
    city.usual = refuses("签名验证失败")
    for number in range(4):
        box.rate(f"P{number}")
    uploader = box.uploader()
    for _ in range(4):
        uploader.step()
    assert box.states == ["pending"] * 4
    assert [note["kind"] for note in box.journal()] == ["credentials_refused"]
    city.usual = None
    steps(uploader)
    assert city.distinct == [f"P{number}" for number in range(4)]


def test_401_stops_everything_but_one_record_now_and_then_and_is_noted_once(
    box: PadBox, city: City, online: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", refused_probe_s=300)
    for number in range(6):
        box.rate(f"P{number}")
    city.script.extend([says(401)] * 3)
    uploader = box.uploader()
    assert [uploader.step() for _ in range(3)] == [300] * 3
    assert [len(city.opened(request)) for request in city.requests] == [6, 1, 1]
    assert [note["kind"] for note in box.journal()] == ["credentials_refused"]
    steps(uploader)
    assert city.distinct == [f"P{number}" for number in range(6)]


def refuses(message: str) -> Script:
    return says(200, {"code": "1", "success": "false", "message": message})


def test_a_platforms_words_are_kept_whatever_they_are(box: PadBox, city: City, online: CityServer) -> None:
    city.script.append(refuses("长" * 2000))
    box.rate("P0")
    steps(box.uploader())
    assert box.deliveries()[0]["platform_message"] == "长" * 500
