"""Whatever becomes of ratings on their way, none is passed over, forgotten or out of turn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pad.ledger.rows import Delivery
from pad.model import DeliveryState, iso_time
from tests.pad.ledger.conftest import Window, at

PENDING, ACKNOWLEDGED, REFUSED = DeliveryState
SETTLED = iso_time(at(1000).wall)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rate", "lost", "split", "acknowledged", "refused", "mixed", "requeue"]),
        st.integers(1, 5),
        st.lists(st.integers(1, 12), max_size=2, unique=True),
    ),
    max_size=15,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("by-chance")
    (made / "new").mkdir()
    Window(made / "new").db.close()
    return made


@contextmanager
def fresh(folder: Path) -> Iterator[Window]:
    """A new ledger that is not durable and made but once: chance wants many."""
    with TemporaryDirectory(dir=folder) as name:
        state = Path(name) / "state"
        shutil.copytree(folder / "new", state)
        window = Window(state)
        window.db.execute("PRAGMA synchronous = OFF")
        yield window
        window.db.close()


@settings(max_examples=40)
@given(steps=STEPS)
def test_the_oldest_that_may_go_always_goes_first(
    folder: Path, steps: list[tuple[str, int, list[int]]]
) -> None:
    with fresh(folder) as window:
        fates: dict[int, DeliveryState] = {}
        together: dict[int, str | None] = {}
        for number, (step, size, passing_by) in enumerate(steps):
            if step == "rate":
                fates |= {window.rate().seq: PENDING for _ in range(size)}
                continue
            if step == "requeue":
                refused = [seq for seq, fate in fates.items() if fate is REFUSED][:size]
                assert window.outbox.requeue(refused) == len(refused)
                fates |= dict.fromkeys(refused, PENDING)
                together |= dict.fromkeys(refused)
                continue
            passing = [seq for seq in passing_by if seq in together]
            batch = [each.rating.seq for each in window.outbox.next_batch(size, passing)]
            may_go = [seq for seq, fate in fates.items() if fate is PENDING and seq not in passing]
            assert batch == sorted(set(batch))
            assert set(batch) <= set(may_go)
            assert batch[:1] == may_go[:1]
            company = {together.get(seq) for seq in batch}
            assert len(company) <= 1
            if company not in ({None}, set()):
                assert batch == [seq for seq in may_go if {together.get(seq)} == company]
            else:
                assert len(batch) <= size
            half = len(batch) // 2 if step in ("split", "mixed") else 0
            for place, seq in enumerate(batch):
                first = place < half
                together[seq] = f"{number}-{first}"
                if step in ("acknowledged", "refused", "mixed") and not first:
                    fates[seq] = REFUSED if step == "refused" else ACKNOWLEDGED
            window.outbox.record(
                Delivery(
                    seq, fates[seq], 1, together[seq], settled_at=None if fates[seq] is PENDING else SETTLED
                )
                for seq in batch
            )
            waiting = [seq for seq, fate in fates.items() if fate is PENDING]
            backlog = window.outbox.backlog()
            assert backlog.pending == len(waiting)
            assert (backlog.oldest is not None) == bool(waiting)
            if backlog.oldest is not None:
                oldest = window.db.execute("SELECT rated_at FROM ratings WHERE seq = ?", (waiting[0],))
                assert iso_time(backlog.oldest.wall) == oldest.fetchone()[0]


def nearest(trusted: list[bool], seq: int) -> tuple[datetime | None, datetime | None]:
    """The plain way: look at every rating."""
    before = [place for place, right in enumerate(trusted, 1) if right and place < seq]
    after = [place for place, right in enumerate(trusted, 1) if right and place > seq]
    return (at(before[-1]).wall if before else None, at(after[0]).wall if after else None)


@settings(max_examples=30)
@given(
    trusted=st.lists(st.booleans(), min_size=1, max_size=8),
    more=st.lists(st.booleans(), max_size=4),
    asked=st.lists(st.integers(1, 12), min_size=1, max_size=12),
)
def test_the_bounds_of_an_untrusted_rating_are_the_nearest_trusted_ones_however_they_are_asked_for(
    folder: Path, trusted: list[bool], more: list[bool], asked: list[int]
) -> None:
    with fresh(folder) as window:
        known: list[bool] = []
        for part in (trusted, more):
            for right in part:
                known.append(right)
                window.rate(rated=at(len(known), trusted=right))
            for seq in asked:
                if seq <= len(known) and not known[seq - 1]:
                    bounds = window.outbox.known_bounds(seq, {})
                    assert tuple(told.at if told else None for told in bounds) == nearest(known, seq)
            last = [place for place, right in enumerate(known, 1) if right]
            assert window.outbox.last_trusted() == (at(last[-1]).wall if last else None)


def test_a_rating_passed_by_holds_up_neither_those_behind_it_nor_itself_for_long(window: Window) -> None:
    for _ in range(4):
        window.rate()
    window.leave_pending(1, batch="a")
    window.leave_pending(2, batch="b")

    def batch(*passing: int) -> list[int]:
        return [each.rating.seq for each in window.outbox.next_batch(10, passing)]

    assert batch() == [1]
    assert batch(1) == [2]
    assert batch(1, 2) == [3, 4]
    assert batch(2) == [1]


def test_a_failed_delivery_is_known_after_a_restart(window: Window) -> None:
    window.rate()
    assert not window.outbox.has_failed()
    window.outbox.record([Delivery(1, PENDING, 1, last_error="HTTP 503", time_uncertain=True)])
    assert window.outbox.has_failed()
    assert window.outbox.has_uncertain_time()
    window.settle(1)
    assert not window.outbox.has_failed()
    assert not window.outbox.has_uncertain_time()
