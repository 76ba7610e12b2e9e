"""What the rules look at and what they find: values without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pad.codes import Level
from pad.model import Completion, Instant

SAME_CLOCK_S: Final = 1.0
"""Wall and monotonic clock that went apart by no more were not set in between."""


class Kind(StrEnum):
    """The patterns that are marked."""

    BURST = "burst"
    FAST = "fast"
    SAME_CARD = "same_card"
    OUTSIDE_HOURS = "outside_hours"
    CANCELLED_AFTER_LOOK = "cancelled_after_look"
    UNLIKE_LEVELS = "unlike_levels"
    UNLIKE_TIMING = "unlike_timing"
    PHONE_WHILE_RATING = "phone_while_rating"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was: by the pad's clocks, and truly (None where nothing has told it)."""

    at: Instant
    true: datetime | None


@dataclass(frozen=True, slots=True)
class RatingSeen:
    """Of a rating, what the rules look at: how it came about, and nothing of whom or what it is about.

    ``card_mark`` is the same for the same card; None where no card was read or its mark is gone.
    """

    seq: int
    moment: Moment
    staff_number: str
    level: Level
    first_touch_ms: int
    submitted_ms: int
    completion: Completion
    card_mark: str | None = None


@dataclass(frozen=True, slots=True)
class VisitCutShort:
    """An invitation the clerk's side ended; ``shown_s`` is None where no clock tells it."""

    visit_id: str
    moment: Moment
    staff_number: str
    shown_s: float | None


@dataclass(frozen=True, slots=True)
class VisitForestalled:
    """A visit whose matter a phone rated after a face had been tapped; ``shown_s`` as above."""

    visit_id: str
    shown_s: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One pattern, whom it marks, and why: numbers alone, so that nothing in it can be about a person.

    ``measured`` is what was found, ``limits`` the settings it was held against, by their names.
    """

    kind: Kind
    measured: Mapping[str, float]
    limits: Mapping[str, float]
    seqs: tuple[int, ...] = ()
    visit_ids: tuple[str, ...] = ()


def seconds_between(earlier: Moment, later: Moment) -> float | None:
    """How long from one moment to another: counted within a boot, else by true times, else unknown."""
    if earlier.at.boot_id == later.at.boot_id:
        return (later.at.monotonic_ns - earlier.at.monotonic_ns) / 1e9
    if earlier.true is None or later.true is None:
        return None
    return (later.true - earlier.true).total_seconds()


def shown_s(opened: Instant, ended_wall: datetime, now: Instant) -> float | None:
    """How long an invitation was shown, whose end only the wall clock tells.

    A clock that was not trusted counts if it was not set from the opening until ``now``.
    """
    by_wall = (ended_wall - opened.wall).total_seconds()
    if by_wall < 0:
        return None
    if opened.trusted:
        return by_wall
    if opened.boot_id != now.boot_id:
        return None
    counted = (now.monotonic_ns - opened.monotonic_ns) / 1e9
    apart = abs((now.wall - opened.wall).total_seconds() - counted)
    return by_wall if apart <= SAME_CLOCK_S else None
