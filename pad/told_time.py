"""What speaks against a time that a person tells: a pure function.

A wrong hour typed at a window would date every rating of the boot, so it is held against all that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pad.clock import EARLIEST, LATEST, Anchor, AnchorSource
from pad.model import Instant

TYPED_WITHIN: Final = timedelta(minutes=1)
"""Who reads a clock, types what it says and presses return is no further off."""


class Against(StrEnum):
    """What a told time contradicts."""

    NTP = "ntp"
    PLATFORM = "platform"
    LAST_TRUSTED = "last_trusted"
    BUILD = "build"
    CENTURY = "century"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What, and the time it tells by now."""

    against: Against
    tells: datetime


def is_known_better(now: Instant, known: Anchor | None) -> bool:
    """Whether NTP or the platform tells the time already, finer than a person can."""
    return now.trusted or (known is not None and known.source is AnchorSource.PLATFORM)


def contradictions(
    told: datetime, now: Instant, known: Anchor | None, last_trusted: datetime | None
) -> tuple[Contradiction, ...]:
    """Everything that speaks against it.

    :param now: the moment for which it is told, by the pad's own clocks
    :param known: what tells the time of this boot so far
    :param last_trusted: when the last rating was given whose clock was trusted; no later moment is before it
    """
    return tuple(_all(told, now, known, last_trusted))


def _all(
    told: datetime, now: Instant, known: Anchor | None, last_trusted: datetime | None
) -> Iterator[Contradiction]:
    if told < EARLIEST:
        yield Contradiction(Against.BUILD, EARLIEST)
    if told > LATEST:
        yield Contradiction(Against.CENTURY, LATEST)
    if last_trusted is not None and told < last_trusted - TYPED_WITHIN:
        yield Contradiction(Against.LAST_TRUSTED, last_trusted)
    if now.trusted and abs(told - now.wall) > TYPED_WITHIN:
        yield Contradiction(Against.NTP, now.wall)
    if known is not None and known.source is AnchorSource.PLATFORM:
        tells = known.at(now.monotonic_ns)
        if abs(told - tells) > TYPED_WITHIN:
            yield Contradiction(Against.PLATFORM, tells)
