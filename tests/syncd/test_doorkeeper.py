"""Whoever rings is heard, also after a disk that took no doorbell."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pad import doorbell
from pad.doorbell import Bell, Doorbell
from syncd.doorkeeper import Doorkeeper
from tests.syncd.city import WITHIN_S


class Rings:
    """Counts what is heard."""

    def __init__(self) -> None:
        self.count = 0
        self._heard = threading.Condition()

    def __call__(self) -> None:
        with self._heard:
            self.count += 1
            self._heard.notify_all()

    def wait_for(self, count: int) -> None:
        with self._heard:
            assert self._heard.wait_for(lambda: self.count >= count, WITHIN_S)


@pytest.fixture
def rings() -> Rings:
    return Rings()


@pytest.fixture
def keeper(tmp_path: Path, rings: Rings) -> Iterator[Callable[[float], Doorkeeper]]:
    """One that sees to its bell so often."""
    made: list[Doorkeeper] = []

    def started(look_s: float) -> Doorkeeper:
        made.append(Doorkeeper(tmp_path, rings, look_s))
        made[-1].start()
        return made[-1]

    yield started
    for each in made:
        each.stop()
        assert not each._thread.is_alive()


def test_a_ring_is_heard_from_the_start_on(
    tmp_path: Path, rings: Rings, keeper: Callable[[float], Doorkeeper]
) -> None:
    keeper(3600)
    assert doorbell.ring(tmp_path)
    rings.wait_for(1)


def test_a_bell_the_disk_did_not_take_at_the_start_is_hung_when_it_does(
    tmp_path: Path,
    rings: Rings,
    keeper: Callable[[float], Doorkeeper],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "syncd")
    (tmp_path / Bell.SYNCD).mkdir()
    keeper(0.01)
    assert not doorbell.ring(tmp_path)
    (tmp_path / Bell.SYNCD).rmdir()
    rings.wait_for(1)  # a rating may have come while nobody could ring
    assert doorbell.ring(tmp_path)
    rings.wait_for(2)
    assert [message.split(" (")[0] for message in caplog.messages] == [
        "the doorbell cannot be heard",
        "the doorbell is heard again",
    ]


def test_a_bell_that_is_not_there_any_more_is_hung_anew(
    tmp_path: Path, rings: Rings, keeper: Callable[[float], Doorkeeper]
) -> None:
    """The folder was put back from a copy while syncd ran."""
    keeper(0.01)
    (tmp_path / Bell.SYNCD).unlink()
    rings.wait_for(1)
    assert doorbell.ring(tmp_path)
    rings.wait_for(2)


def test_a_bell_that_another_one_hangs_in_the_place_of_is_not_the_same(tmp_path: Path) -> None:
    first = Doorbell(tmp_path)
    alone = first.hangs
    second = Doorbell(tmp_path)
    assert (alone, first.hangs, second.hangs) == (True, False, True)
    for each in (first, second):
        each.close()
