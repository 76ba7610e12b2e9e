"""No act at work costs more in a ledger of ten times the size: counted in steps of SQLite's machine.

A step is one instruction of a statement's program (triggers and what goes with a row included), so the
count is the same on any machine, and a statement that reads a table from end to end shows at once.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench import bulk
from pad import keys
from pad.clock import Anchor, AnchorSource
from pad.ledger import retention, state
from pad.ledger.connection import connect, transaction
from pad.ledger.journal import write_note
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from pad.model import DeliveryState, FinishedRating, Matter, Rater, VisitEnd, VisitOutcome
from tests.pad.ledger.conftest import at

SMALL, LARGE, WAITING = 60, 600, 8
PERSON = Rater(name="欧阳娜娜", cert_key="110101199003070134")
LONG_AGO, SOON = bulk.OPENING - timedelta(days=1), bulk.OPENING + timedelta(days=9999)


class Counted:
    """A ledger of some size with a backlog of the same, and what acts on it costs."""

    def __init__(self, folder: Path, first_number: int) -> None:
        self.path = folder / "ledger.db"
        self.keys = keys.device_keys(folder, may_create=False)
        self.db = connect(self.path)
        self.recorder, self.outbox = Recorder(self.db, self.keys, "test"), Outbox(self.db, self.keys)
        self._numbers = itertools.count(first_number)

    def finished(self, rater: Rater = Rater()) -> FinishedRating:  # noqa: B008 - frozen
        """A new person's, ready to be stored; the visit is open and has a draft."""
        made = next(bulk.made(next(self._numbers), 1)).finished
        assert made is not None
        self.recorder.open_visit(made.visit)
        self.recorder.keep_draft(made.draft, rater)
        return replace(made, rater=rater)

    def settle_all(self) -> None:
        waiting = [each.delivery for each in self.outbox.next_batch(1000)]
        done = bulk.delivered(1)
        self.outbox.record(
            replace(each, state=DeliveryState.ACKNOWLEDGED, settled_at=done.settled_at) for each in waiting
        )


Act = Callable[[Counted], object]


def append(rater: Rater) -> Act:
    return lambda pad: pad.recorder.append(pad.finished(rater))


def walk_away(pad: Counted) -> None:
    visit = pad.finished().visit
    pad.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.TIMED_OUT, visit.opened, "pad"))


def start_again(pad: Counted) -> None:
    pad.finished()
    pad.recorder.recover(at(0), discard=False)


def fail_to_deliver(pad: Counted) -> None:
    batch = pad.outbox.next_batch(5)
    pad.outbox.record(replace(each.delivery, batch="b", attempts=1, last_error="x") for each in batch)
    assert len(pad.outbox.next_batch(5)) == 5
    assert pad.outbox.has_failed()
    assert not pad.outbox.has_uncertain_time()
    assert pad.outbox.backlog().pending == WAITING + 3


def deliver(pad: Counted) -> None:
    pad.settle_all()
    assert pad.outbox.backlog().pending == 0


def tell_the_time(pad: Counted) -> None:
    noon = at(0)
    anchor = Anchor("boot", 1, noon.wall, timedelta(0), AnchorSource.PLATFORM)
    pad.outbox.set_anchor(anchor)
    assert pad.recorder.anchor("boot") == anchor
    assert pad.outbox.last_trusted()


def refuse_and_retry(pad: Counted) -> None:
    (first, *_) = pad.outbox.next_batch(1)
    pad.outbox.record([replace(first.delivery, state=DeliveryState.REFUSED, settled_at="")])
    assert pad.outbox.requeue([first.delivery.seq]) == 1


def beat(pad: Counted) -> None:
    assert pad.outbox.row(pad.outbox.head().seq)
    assert pad.outbox.delivery(5)


def ask_for_state(pad: Counted) -> None:
    assert state.is_rated(pad.db, Matter(project_no="P5"))
    assert state.standing(pad.path).backlog.pending == WAITING + 3
    assert state.level_of(pad.path, "nobody") is None


def open_it(pad: Counted) -> None:
    open_ledger(pad.path, at(0)).close()


def keep_house_for_nothing(pad: Counted) -> None:
    assert retention.purge_raters(pad.db, LONG_AGO) == 0
    assert retention.prune_ratings(pad.db, LONG_AGO, SOON, pad.keys.sealing) == 0
    assert retention.prune_visits(pad.db, LONG_AGO) == 0


def keep_house_for_a_day(pad: Counted) -> None:
    day = bulk.OPENING + 20 * bulk.APART
    assert retention.prune_ratings(pad.db, day, SOON, pad.keys.sealing) == 19
    assert retention.prune_visits(pad.db, day) == 4


def purge(pad: Counted) -> None:
    pad.settle_all()
    assert retention.purge_raters(pad.db, SOON) == 3


ACTS: dict[str, Act] = {
    "rating without a name": append(Rater()),
    "rating with a name": append(PERSON),
    "walking away": walk_away,
    "starting again": start_again,
    "a disk that is tried": lambda pad: pad.recorder.probe(),
    "a note": lambda pad: pad.recorder.note("test", at(0), {}),
    "failing to deliver": fail_to_deliver,
    "delivering": deliver,
    "telling the time": tell_the_time,
    "refusing and retrying": refuse_and_retry,
    "a heartbeat": beat,
    "asking for the state": ask_for_state,
    "opening": open_it,
    "a day on which nothing is due": keep_house_for_nothing,
    "a day on which a day is due": keep_house_for_a_day,
    "purging": purge,
}


def fill(folder: Path, ratings: int) -> None:
    """A ledger with a row of everything for each rating, and three raters whose data are kept."""
    folder.mkdir()
    bulk.fill(folder, ratings, WAITING)
    pad = Counted(folder, 10**6)
    with transaction(pad.db) as db:
        for seq in range(1, ratings + 1):
            db.execute("INSERT INTO flags (kind, seq, reason, at) VALUES ('burst', ?, '', '')", (seq,))
            db.execute("INSERT INTO alerts VALUES (?, 'mail', 'told', 1, NULL, NULL, '')", (seq,))
            write_note(db, "test", at(seq), {})
    for _ in range(3):
        pad.recorder.append(pad.finished(PERSON))
    pad.db.close()


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledgers")
    for ratings in (SMALL, LARGE):
        fill(folder / str(ratings), ratings)
    return folder


def steps(pad: Counted, act: Act, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps it takes, on the pad's connection and on those it opens."""
    counted, make = 0, sqlite3.connect

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    def counting(*given: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = make(*given, **named)
        connection.set_progress_handler(count, 1)
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", counting)
        pad.db.set_progress_handler(count, 1)
        act(pad)
        pad.db.set_progress_handler(None, 1)
    return counted


@pytest.mark.parametrize("act", ACTS)
def test_it_costs_the_same_in_a_ledger_ten_times_as_large(
    act: str, ledgers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pad.ledger.rescue._WHOLE_UP_TO_BYTES", 0)
    monkeypatch.setattr("pad.ledger.rescue._ENDS", 10)
    monkeypatch.setattr("pad.ledger.retention.REST_S", 0.0)
    taken = []
    for ratings in (SMALL, LARGE):
        folder = shutil.copytree(ledgers / str(ratings), tmp_path / str(ratings))
        with closing((pad := Counted(folder, 2 * 10**6)).db):
            taken.append(steps(pad, ACTS[act], monkeypatch))
    small, large = taken
    assert small > 0
    assert large <= 1.1 * small + 20, f"{small} steps, then {large}"
