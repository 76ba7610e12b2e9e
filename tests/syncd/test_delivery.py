"""The loop around the uploader: what is passed by for a while keeps nobody else from being heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from pad.clock import Anchor, AnchorSource
from pad.ledger.outbox import Outbox
from syncd.delivery import DeliveryLoop
from syncd.notify import Notifier
from syncd.uploader import Uploader
from tests.syncd.city import WITHIN_S, City, CityServer, chokes_on_emoji, says
from tests.syncd.interleaved import ClearedJustAfter, ends
from tests.syncd.pad_box import FixedClock, PadBox, steps


class Ear(Notifier):
    """Knows when the loop has come to rest."""

    def __init__(self) -> None:
        super().__init__({})
        self.rests = threading.Event()

    def status(self, text: str) -> None:
        if text != "delivering":
            self.rests.set()


@pytest.fixture
def run() -> Iterator[Callable[[Uploader], DeliveryLoop]]:
    """Runs an uploader in its loop, and returns once nothing is to be sent."""
    running: list[tuple[DeliveryLoop, threading.Thread]] = []

    def started(uploader: Uploader) -> DeliveryLoop:
        ear = Ear()
        loop = DeliveryLoop(uploader, ear, lambda: 0.0, lambda: None)
        thread = threading.Thread(target=loop.run)
        running.append((loop, thread))
        thread.start()
        assert ear.rests.wait(WITHIN_S)
        return loop

    yield started
    for loop, thread in running:
        loop.stop()
        thread.join()


def test_a_rating_is_sent_at_once_while_one_the_platform_fails_over_is_passed_by(
    box: PadBox, city: City, online: CityServer, run: Callable[[Uploader], DeliveryLoop]
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", backoff_first_s=30, backoff_cap_s=300)
    city.usual = chokes_on_emoji
    box.rate("P0", comment="😠")
    box.rate("P1")
    uploader = box.uploader()
    steps(uploader, 40)
    assert city.distinct == ["P1"]
    assert uploader.due_s is not None
    loop = run(uploader)
    box.rate("P2", 1)
    loop.nudge()
    city.wait_for_ratings(2)
    assert city.distinct == ["P1", "P2"]


def test_a_rating_is_sent_at_once_while_one_waits_for_the_platforms_clock(
    box: PadBox, city: City, online: CityServer, run: Callable[[Uploader], DeliveryLoop]
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", "itemised")
    box.clock = FixedClock()
    city.clock = lambda: box.clock.wall  # nothing but the test lets time pass
    city.ahead, city.refuses_future = timedelta(hours=-1), True
    box.rate("P0")
    loop = run(box.uploader())
    asked = len(city.requests)
    city.refuses_future = False
    box.rate("P1", 1)
    loop.nudge()
    city.wait_for(lambda: len(city.requests) > asked)
    city.wait_for_ratings(1)
    assert city.distinct == ["P1"]


def test_what_is_passed_by_is_tried_again_when_it_is_due_though_nobody_rings(
    box: PadBox, city: City, online: CityServer, run: Callable[[Uploader], DeliveryLoop]
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", "itemised")
    box.clock = FixedClock()
    city.clock = lambda: box.clock.wall  # nothing but the test lets time pass
    city.ahead, city.refuses_future = timedelta(seconds=-2), True
    box.rate("P0")
    uploader = box.uploader()
    loop = run(uploader)
    assert uploader.due_s is not None
    city.ahead = timedelta(0)
    box.clock.go_on(timedelta(seconds=uploader.due_s))
    city.wait_for_ratings(1)
    assert not loop._rung.is_set()


def ntp_finds_it(box: PadBox) -> None:
    box.clock.trusted = True


def a_technician_tells_it(box: PadBox) -> None:
    now = box.clock.read()
    Outbox(box.db, box.keys).set_anchor(
        Anchor(now.boot_id, now.monotonic_ns, now.wall, timedelta(0), AnchorSource.TECHNICIAN)
    )


@pytest.mark.parametrize("tells", [ntp_finds_it, a_technician_tells_it])
def test_what_waits_for_the_time_alone_goes_when_it_is_told_and_not_when_the_platform_is_asked_again(
    box: PadBox,
    city: City,
    online: CityServer,
    run: Callable[[Uploader], DeliveryLoop],
    monkeypatch: pytest.MonkeyPatch,
    tells: Callable[[PadBox], None],
) -> None:
    monkeypatch.setattr("syncd.delivery.WAKE_S", 0.02)
    monkeypatch.setattr("syncd.policy.backoff_s", lambda *_: 3600.0)
    box.clock = FixedClock(trusted=False)
    city.tells_date = False
    box.rate("P0", trusted=False)
    run(box.uploader())
    assert not city.requests
    tells(box)
    city.wait_for_ratings(1)


def test_what_waits_for_the_platform_waits_on_whoever_tells_the_time(
    box: PadBox, city: City, online: CityServer
) -> None:
    city.script.append(says(502))
    box.rate("P0")
    uploader = box.uploader()
    uploader.step()
    assert not uploader.was_told_the_time


def test_a_stop_whose_ring_is_cleared_at_that_moment_is_no_less_heard(
    box: PadBox, city: City, online: CityServer
) -> None:
    loop = DeliveryLoop(box.uploader(), Notifier({}), lambda: 0.0, lambda: None)
    loop._rung = ClearedJustAfter(loop.stop)
    assert ends(loop.run, loop._rung)
