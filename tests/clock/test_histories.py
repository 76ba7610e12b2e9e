"""Histories of a pad's clock made up by chance, against what time it truly was.

Boots, jumps either way, NTP that comes and goes, a platform that tells the time rightly or not; people
rate meanwhile and what waits is delivered when it can be. Every time that is sent is the true one, or
marked uncertain and between what is proven; ``CLOCK_HISTORIES`` makes it more than everyday.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pad.clock import WALL_AGREES_S
from pad.ledger.rows import Delivery
from pad.model import CHINA_TIME, DeliveryState, Instant, Rating, iso_time, wire_time
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Seen
from syncd.times import Timed, assess_time
from tests.pad.ledger.conftest import Window

HISTORIES: Final = int(os.environ.get("CLOCK_HISTORIES", "40"))
BEGIN: Final = datetime(2026, 6, 1, 12, 0, tzinfo=CHINA_TIME)
NEAR: Final = timedelta(seconds=5)
"""A Date's second, its anchor's drift before it is renewed, and a wall clock that agrees with it."""
H: Final = 3600


@dataclass
class World:
    """True time, and one pad's clocks in it."""

    true: datetime = BEGIN
    booted: datetime = BEGIN - timedelta(minutes=1)
    boot: int = 1
    off: timedelta = timedelta(0)
    ntp: bool = False
    platform_off: timedelta = timedelta(0)
    spoilt: bool = False
    """Whether the platform ever told a wrong time."""

    @property
    def monotonic_ns(self) -> int:
        return (self.true - self.booted) // timedelta(microseconds=1) * 1000

    def read(self) -> Instant:
        """As syncd reads it: NTP alone makes it trusted."""
        return Instant(self.true + self.off, f"boot-{self.boot}", self.monotonic_ns, self.ntp)


@dataclass
class Pad:
    """The ledger, and what syncd knows; the truth beside it."""

    window: Window
    world: World = field(default_factory=World)
    truth: dict[int, datetime] = field(default_factory=dict)
    by_ntp: set[int] = field(default_factory=set)
    served: dict[int, datetime] = field(default_factory=dict)
    sent: dict[int, Timed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = PlatformClock(self.world)

    def rate(self, served_before_s: int | None) -> None:
        """As the kiosk reads its clock: trusted also if it agrees with what the platform told."""
        now = self.world.read()
        anchor = self.clock.anchors.get(now.boot_id)
        agrees = (
            anchor is not None
            and abs((now.wall - anchor.at(now.monotonic_ns)).total_seconds()) <= WALL_AGREES_S
        )
        rating = self.window.rate(rated=replace(now, trusted=now.trusted or agrees))
        self.truth[rating.seq] = self.world.true
        if self.world.ntp:
            self.by_ntp.add(rating.seq)
        if served_before_s is not None:
            self.served[rating.seq] = self.world.true - timedelta(seconds=served_before_s)

    def hear_platform(self) -> None:
        world = self.world
        date = (world.true + world.platform_off).astimezone(UTC).replace(microsecond=0)
        world.spoilt = world.spoilt or bool(world.platform_off)
        seen = Seen(date, world.monotonic_ns, world.monotonic_ns)
        anchor = self.clock.observe(seen, self.window.outbox.last_trusted)
        if anchor is not None:
            self.window.outbox.set_anchor(anchor)

    def restart_syncd(self) -> None:
        self.clock = PlatformClock(self.world)
        self.clock.learn(self.window.outbox.anchors())

    def deliver(self) -> None:
        for waiting in self.window.outbox.next_batch(100):
            rating = waiting.rating
            if rating.seq in self.served:
                rating = replace(rating, service_time=wire_time(self.served[rating.seq]))
            bounds = partial(self.window.outbox.known_bounds, rating.seq)
            timed = assess_time(rating, self.world.read(), self.clock.anchors, bounds)
            if timed is None:
                break
            event("uncertain" if timed.uncertain else "certain")
            self.check(rating, timed)
            self.sent[rating.seq] = timed
            settled = iso_time(self.world.true)
            self.window.outbox.record([Delivery(rating.seq, DeliveryState.ACKNOWLEDGED, settled_at=settled)])

    def check(self, rating: Rating, timed: Timed) -> None:
        seq, world = rating.seq, self.world
        right = abs(timed.at - self.truth[seq]) <= NEAR
        same_boot = rating.boot_id == world.read().boot_id
        if seq in self.by_ntp or (world.ntp and same_boot):
            assert right, "NTP knew or knows it, whatever a platform told"
            assert not timed.uncertain
        if world.ntp:
            assert timed.at <= world.true + NEAR, "in the future"
        if world.spoilt:
            return
        assert right or timed.uncertain, f"{timed.at} for {self.truth[seq]}, and not marked"
        assert timed.at <= world.true + NEAR
        before = [at for other, at in self.truth.items() if other < seq and other in self.by_ntp]
        after = [at for other, at in self.truth.items() if other > seq and other in self.by_ntp]
        assert timed.at >= max(before, default=timed.at) - NEAR
        assert timed.at <= min(after, default=timed.at) + NEAR
        if seq in self.served:
            assert timed.at >= self.served[seq] - NEAR, "before the service it rates"


OFFS = st.sampled_from([0, 0, 1, H, -H, 7 * H, -7 * H, 400 * 24 * H, -20_600 * 24 * H])
STEPS = st.one_of(
    st.tuples(st.just("rate"), st.none() | st.integers(0, 900)),
    st.tuples(st.just("rate"), st.none()),
    st.tuples(st.just("pass"), st.sampled_from([3, 60, 2 * H, 40 * H])),
    st.tuples(st.just("jump"), OFFS),
    st.tuples(st.just("ntp"), st.booleans()),
    st.tuples(st.just("boot"), OFFS),
    st.tuples(st.just("hear"), st.none()),
    st.tuples(st.just("deliver"), st.none()),
    st.tuples(st.just("restart"), st.none()),
)
Step = tuple[str, int | None]


@contextmanager
def a_pad() -> Iterator[Pad]:
    with TemporaryDirectory() as folder:
        window = Window(Path(folder))
        window.db.execute("PRAGMA synchronous=OFF")  # what a disk does is not the question here
        yield Pad(window)
        window.db.close()


def live(pad: Pad, steps: list[Step]) -> None:
    world = pad.world
    for what, how in steps:
        world.true += timedelta(seconds=1.7)
        match what, how:
            case "rate", served:
                pad.rate(served)
            case "pass", int(seconds):
                world.true += timedelta(seconds=seconds)
            case "jump", int(seconds):
                # whoever sets the clock takes it out of NTP's hands, as the kernel does
                world.off, world.ntp = timedelta(seconds=seconds), False
            case "ntp", on:
                world.ntp = bool(on)
                world.off = timedelta(0) if on else world.off
            case "boot", int(seconds):
                world.true += timedelta(minutes=2)
                world.boot, world.booted = world.boot + 1, world.true - timedelta(seconds=20)
                world.off, world.ntp = timedelta(seconds=seconds), False
                pad.restart_syncd()
            case "hear", _:
                pad.hear_platform()
            case "deliver", _:
                pad.deliver()
            case "restart", _:
                pad.restart_syncd()
    world.true += timedelta(seconds=2)
    world.ntp, world.off = True, timedelta(0)
    pad.deliver()
    assert list(pad.sent) == sorted(pad.truth), "in the end all have gone, in their order"


@settings(max_examples=HISTORIES)
@given(steps=st.lists(STEPS, max_size=25))
def test_every_time_that_is_sent_is_true_or_marked_and_within_what_is_proven(steps: list[Step]) -> None:
    with a_pad() as pad:
        live(pad, steps)


@settings(max_examples=HISTORIES)
@given(
    steps=st.lists(STEPS, max_size=20),
    platform_off_s=st.sampled_from([H, -H, 26 * H, -26 * H]),
)
def test_a_platform_that_tells_a_wrong_time_spoils_nothing_that_ntp_knows(
    steps: list[Step], platform_off_s: int
) -> None:
    with a_pad() as pad:
        pad.world.platform_off = timedelta(seconds=platform_off_s)
        live(pad, steps)


def test_a_time_that_is_wrong_and_not_marked_is_noticed_by_this_test() -> None:
    with a_pad() as pad:
        pad.world.off = timedelta(hours=1)
        pad.rate(None)
        rating = pad.window.outbox.next_batch(1)[0].rating
        with pytest.raises(AssertionError, match="not marked"):
            pad.check(rating, Timed(pad.world.true - timedelta(hours=1)))
