"""syncd's side: what waits comes in order, with its company; what became of it is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pad.clock import Anchor, AnchorSource, TrueTime
from pad.ledger.outbox import Backlog
from pad.ledger.rows import Delivery
from pad.model import DeliveryState
from tests.pad.ledger.conftest import START, Window, at


def waiting(window: Window, limit: int = 100) -> list[int]:
    return [each.rating.seq for each in window.outbox.next_batch(limit)]


def test_what_was_never_tried_comes_oldest_first_up_to_the_limit(window: Window) -> None:
    for _ in range(5):
        window.rate()
    assert waiting(window, 3) == [1, 2, 3]
    window.settle(1, 2, 3)
    assert waiting(window) == [4, 5]
    window.settle(4, 5)
    assert waiting(window) == []


def test_what_was_tried_together_comes_together_and_nothing_with_it(window: Window) -> None:
    for _ in range(5):
        window.rate()
    window.leave_pending(1, 2, 3, batch="b1")
    assert waiting(window) == [1, 2, 3]
    assert waiting(window, 2) == [1, 2, 3]
    window.settle(1)
    window.leave_pending(2, batch="b2")
    assert waiting(window) == [2]


def test_a_refused_record_blocks_nobody_and_may_be_tried_again(window: Window) -> None:
    for _ in range(3):
        window.rate()
    window.settle(1)
    window.settle(2, state=DeliveryState.REFUSED)
    window.settle(3)
    assert waiting(window) == []
    assert window.outbox.requeue([1, 2, 3]) == 1
    assert waiting(window) == [2]
    delivery = window.outbox.delivery(2)
    assert delivery is not None
    assert (delivery.state, delivery.settled_at) == (DeliveryState.PENDING, None)


def test_the_backlog_counts_what_was_tried_and_what_was_not(window: Window) -> None:
    assert window.outbox.backlog() == Backlog(0, None)
    for _ in range(5):
        window.rate()
    assert window.outbox.backlog() == Backlog(5, at(1.5))
    window.settle(1)
    window.leave_pending(2, batch="b")
    window.settle(3, state=DeliveryState.REFUSED)
    assert window.outbox.backlog() == Backlog(3, at(2.5))


def test_an_outcome_is_kept_whole(window: Window) -> None:
    window.rate()
    settled = Delivery(
        1, DeliveryState.REFUSED, attempts=3, batch="b", sent_assess_time="t", time_uncertain=True,
        platform_code="7", platform_message="没有对应的服务数据", settled_at="s",
    )  # fmt: skip
    window.outbox.record([settled])
    assert window.outbox.delivery(1) == settled
    assert window.outbox.delivery(2) is None


def test_outcomes_are_written_all_or_none(window: Window) -> None:
    window.rate()
    good, bad = Delivery(1, DeliveryState.PENDING), Delivery(9, DeliveryState.PENDING)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        window.outbox.record([good, bad])
    assert window.outbox.delivery(1) is None


def test_true_times_are_kept_by_boot(window: Window) -> None:
    anchor = Anchor("boot-1", 5, START, timedelta(seconds=3), AnchorSource.PLATFORM)
    window.outbox.set_anchor(anchor)
    window.outbox.set_anchor(replace(anchor, monotonic_ns=6))
    assert window.outbox.anchors() == {"boot-1": replace(anchor, monotonic_ns=6)}
    assert window.recorder.anchor("boot-1") == replace(anchor, monotonic_ns=6)
    assert window.recorder.anchor("boot-2") is None


def known(seconds: float, boot: str = "boot-1") -> TrueTime:
    moment = at(seconds, boot=boot)
    return TrueTime(moment.wall, boot, moment.monotonic_ns)


def test_an_untrusted_rating_lies_between_the_trusted_ones_around_it(window: Window) -> None:
    window.rate()
    window.rate(rated=at(50, trusted=False))
    window.rate(rated=at(60, trusted=False))
    assert window.outbox.known_bounds(2, {}) == (known(1.5), None)
    window.rate()
    assert window.outbox.known_bounds(2, {}) == (known(1.5), known(4.5))
    assert window.outbox.known_bounds(3, {}) == (known(1.5), known(4.5))


def test_a_rating_of_a_boot_whose_time_is_known_bounds_as_well(window: Window) -> None:
    window.rate()
    for boot in ("boot-2", "boot-3", "boot-4"):
        window.rate(rated=at(900, boot=boot, trusted=False))
    told = {"boot-4": TrueTime(at(700).wall, "boot-4", at(1000).monotonic_ns)}
    right = TrueTime(at(600).wall, "boot-4", at(900).monotonic_ns)
    assert window.outbox.known_bounds(2, {}) == (known(1.5), None)
    assert window.outbox.known_bounds(2, told) == (known(1.5), right)
    assert window.outbox.known_bounds(3, told) == (known(1.5), right)
    told["boot-4"] = replace(told["boot-4"], at=at(701).wall)
    assert window.outbox.known_bounds(3, told) == (known(1.5), replace(right, at=at(601).wall))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["rate", "settle", "split", "fail"]), st.integers(1, 7)), max_size=20
    )
)
def test_whatever_happens_everything_comes_in_order_and_nothing_twice(
    window: Window, steps: list[tuple[str, int]]
) -> None:
    settled: set[int] = set()
    known = window.outbox.head().seq
    for seq in range(1, known + 1):
        delivery = window.outbox.delivery(seq)
        if delivery is not None and delivery.state is not DeliveryState.PENDING:
            settled.add(seq)
    for number, (step, size) in enumerate(steps):
        if step == "rate":
            for _ in range(size):
                window.rate()
            continue
        batch = waiting(window, size)
        assert batch == sorted(batch)
        assert not settled & set(batch)
        if not batch:
            continue
        if step == "settle":
            window.settle(*batch)
            settled |= set(batch)
        elif step == "fail":
            window.leave_pending(*batch, batch=f"{number}-a")
        else:
            half = len(batch) // 2
            window.leave_pending(*batch[:half], batch=f"{number}-a")
            window.leave_pending(*batch[half:], batch=f"{number}-b")
    assert window.outbox.backlog().pending == window.outbox.head().seq - len(settled)
