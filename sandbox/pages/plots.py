"""What the plots draw, as numbers in a box of 100 by 100: a template makes SVG of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pad.codes import Level
from sandbox.totals import LEVELS, Counts, Group

SIDE: Final = 100.0
_LEAST: Final = 1.5
"""A part that is there is seen, however small."""
_OPEN_FROM, _OPEN_TO = 9, 17
"""The hours a day's plot shows at least."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar in the colour of a level."""

    level: Level
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Column:
    """One day or hour: its parts from the bottom up, the worst level lowest."""

    name: str
    label: str
    counts: Counts
    parts: tuple[Part, ...]


def bar(counts: Counts, whole: int = 0) -> tuple[Part, ...]:
    """The parts of a bar, best level first; with ``whole`` its length is its share of that."""
    if not counts.total:
        return ()
    length = SIDE * counts.total / max(whole, counts.total)
    return _parts(counts, LEVELS, length)


def columns(groups: Sequence[Group], labels: Sequence[str]) -> tuple[Column, ...]:
    """A column a group, the highest of them as high as the box."""
    highest = max((each.counts.total for each in groups), default=0) or 1
    return tuple(
        Column(
            each.name,
            label,
            each.counts,
            _parts(each.counts, LEVELS[::-1], SIDE * each.counts.total / highest),
        )
        for each, label in zip(groups, labels, strict=True)
    )


def over_time(days: Sequence[Group], hours: Sequence[Group], most: int = 14) -> tuple[Column, ...]:
    """The last days without a gap; where there is one alone, its hours."""
    if len(days) > 1:
        by_day = {date.fromisoformat(each.name): each for each in days}
        first, last = min(by_day), max(by_day)
        length = min(most, (last - first).days + 1)
        dates = [last - timedelta(days=before) for before in reversed(range(length))]
        shown = [by_day.get(each, Group(each.isoformat(), Counts())) for each in dates]
        return columns(shown, [f"{each.month}/{each.day}" for each in dates])
    by_hour = {int(each.name): each for each in hours}
    if not by_hour:
        return ()
    span = range(min(_OPEN_FROM, *by_hour), max(_OPEN_TO, *by_hour) + 1)
    shown = [by_hour.get(hour, Group(f"{hour:02}", Counts())) for hour in span]
    return columns(shown, [f"{hour}" for hour in span])


def _parts(counts: Counts, order: Sequence[Level], length: float) -> tuple[Part, ...]:
    there = [level for level in order if counts.of.get(level, 0)]
    lengths = [max(_LEAST, length * counts.share(level)) for level in there]
    scale = length / sum(lengths) if sum(lengths) > length else 1.0
    parts, start = [], 0.0
    for level, each in zip(there, lengths, strict=True):
        parts.append(Part(level, round(start, 2), round(each * scale, 2)))
        start += each * scale
    return tuple(parts)
