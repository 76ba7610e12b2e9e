"""The line cut, stalled and dripping at every position of request and answer: all arrive, in order, once.

Here at some positions; ``LINE_EVERY=1`` tries each byte (``make crash``).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from syncd.uploader import Uploader
from tests.syncd.bad_line import BadLine, Plan, Trouble, Way
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import PadBox

EVERY: Final = int(os.environ.get("LINE_EVERY", "61"))
"""Positions are tried in steps of so many bytes."""
FIRST: Final = tuple(f"P-size-{number}" for number in range(4))
"""As long as the names used later."""
DIALECTS: Final = ("national", "itemised")
IMPATIENT_S: Final = 0.25
"""So long an answer may take where the line stalls: who asks has enough of it, and asks again."""


@pytest.fixture
def line(online: CityServer) -> Iterator[BadLine]:
    one = BadLine(online.port)
    yield one
    one.close()


@pytest.fixture
def behind(box: PadBox, line: BadLine) -> Callable[[str], None]:
    """The pad reaches the city only over the line."""

    def configure(dialect: str) -> None:
        box.configure(f"http://127.0.0.1:{line.port}/gateway", dialect, batch=3)

    return configure


def sizes(box: PadBox, line: BadLine) -> dict[Way, int]:
    """How many bytes a request with three ratings and its answer have."""
    box.rate(FIRST[0])
    deliver(box)  # the first time it asks for the time as well
    for name in FIRST[1:]:
        box.rate(name)
    line.go_bad(None)
    deliver(box)
    return dict(line.passed)


def deliver(box: PadBox) -> None:
    """Step until nothing waits, without the waits."""
    uploader = box.uploader()
    try:
        step_through(box, uploader)
    finally:
        box.close_last()


def step_through(box: PadBox, uploader: Uploader) -> None:
    for _ in range(60):
        if uploader.step() is None:
            return
    raise AssertionError(box.states)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("way", Way)
def test_a_line_cut_at_any_byte_loses_and_doubles_nothing(
    box: PadBox, city: City, line: BadLine, behind: Callable[[str], None], dialect: str, way: Way
) -> None:
    behind(dialect)
    whole = sizes(box, line)[way]
    expected = list(FIRST)
    positions = sorted({*range(0, whole, EVERY), 0, 1, whole - 1})
    for position in positions:
        names = [f"P-{position:04}-{number}" for number in range(3)]
        for level, name in enumerate(names, 1):
            box.rate(name, level)
        line.go_bad(Plan(way, position, Trouble.CUT))
        deliver(box)
        expected += names
        assert city.distinct == expected, f"cut after {position} bytes of the {way.value}"
    assert line.met == len(positions)
    print(f"\n{len(positions)} positions of a {way.value} of {whole} bytes ({dialect})")
    assert set(box.states) == {"acknowledged"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("trouble", [Trouble.STALL, Trouble.DRIP])
def test_a_line_that_stalls_or_drips_loses_and_doubles_nothing(
    box: PadBox,
    city: City,
    line: BadLine,
    behind: Callable[[str], None],
    dialect: str,
    way: Way,
    trouble: Trouble,
) -> None:
    behind(dialect)
    whole = sizes(box, line)[way]
    box.limit(IMPATIENT_S)
    expected = list(FIRST)
    for position in (0, 1, whole // 3, whole // 2, whole - 1):
        name = f"P-{position}"
        box.rate(name, 1)
        line.go_bad(Plan(way, position * 2 // 5, trouble))
        deliver(box)
        expected.append(name)
        assert city.distinct == expected
    assert line.met == 5
    assert set(box.states) == {"acknowledged"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", range(3))
def test_troubles_in_random_mixture_lose_and_double_nothing(
    box: PadBox, city: City, line: BadLine, behind: Callable[[str], None], dialect: str, seed: int
) -> None:
    behind(dialect)
    chance = random.Random(seed)
    whole = sizes(box, line)
    box.limit(IMPATIENT_S)
    expected = list(FIRST)
    for number in range(25):
        name = f"P-{number}"
        box.rate(name, chance.randint(1, 5))
        expected.append(name)
        way = chance.choice(list(Way))
        trouble = chance.choices(list(Trouble), weights=[6, 1, 2])[0]
        line.go_bad(Plan(way, chance.randrange(whole[way] // 2), trouble))
        uploader = box.uploader()
        for _ in range(chance.randint(1, 3)):
            uploader.step()
        box.close_last()
    line.go_bad(None)
    deliver(box)
    assert city.distinct == expected
    assert line.met > 10
    assert set(box.states) == {"acknowledged"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_bad_rating_is_tried_as_often_as_a_good_one(
    box: PadBox, line: BadLine, behind: Callable[[str], None], dialect: str
) -> None:
    behind(dialect)
    whole = sizes(box, line)
    attempts: dict[int, list[int]] = {}
    for level in (1, 2, 3, 4, 5):
        for way in Way:
            rating = box.rate(f"P-{level}-{way.value}", level)
            line.go_bad(Plan(way, whole[way] // 4, Trouble.CUT))
            deliver(box)
            (row,) = [each for each in box.deliveries() if each["seq"] == rating.seq]
            attempts.setdefault(level, []).append(row["attempts"])
    assert len({tuple(each) for each in attempts.values()}) == 1, attempts
