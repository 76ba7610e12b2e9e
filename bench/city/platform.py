"""The city's platform: what it can bear, how it fails, and every request it heard, second by second.

It stores each rating once and says of each what became of it, record by record to one half of the pads
(``itemised``) and with one flag for the whole array to the other (``national``).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from bench.city.clock import CityClock
from syncd.platforms.base import (
    Answer,
    Itemised,
    NoAnswer,
    Outcome,
    Parcel,
    Pulse,
    Reached,
    Result,
    Throttled,
    Trouble,
    WholeAccepted,
    WholeDuplicate,
)

ROUND_TRIP_S: Final = 0.05
CONNECT_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 20.0


class State(Enum):
    """How the platform is to be found."""

    UP = auto()
    UNREACHABLE = auto()
    """Nothing comes through: the line is cut, or its machine is off."""
    MAINTENANCE = auto()
    """HTTP 503, and all pads are told the same end of it (``Retry-After`` as a date)."""


@dataclass
class CityPlatform:
    """One platform for the whole city.

    :param capacity: requests it takes in a second; what is above is answered 429 and not stored. 0: any
    :param loses: the share of answers that are lost after the ratings were stored
    """

    clock: CityClock
    chance: random.Random
    capacity: int = 0
    loses: float = 0.0
    state: State = State.UP
    ends_s: float = 0.0
    stored: Counter[str] = field(default_factory=Counter)
    heard: Counter[int] = field(default_factory=Counter)
    calls: Counter[int] = field(default_factory=Counter)
    turned_away: Counter[int] = field(default_factory=Counter)
    arrived_s: dict[str, float] = field(default_factory=dict)
    repeated: int = 0

    def hear_call(self) -> None:
        """A heartbeat came in, or somebody asked for the bulletin."""
        if self.state is not State.UNREACHABLE:
            self.calls[int(self.clock.now_s)] += 1

    def submit(self, parcels: Sequence[Parcel], *, itemised: bool) -> tuple[Answer, float]:
        """The answer to ratings, and how many seconds it takes to come (or not to)."""
        if self.state is State.UNREACHABLE:
            return NoAnswer("no connection", Trouble.LINE), CONNECT_TIMEOUT_S
        second = int(self.clock.now_s)
        self.heard[second] += 1
        if self.state is State.MAINTENANCE:
            self.turned_away[second] += 1
            return Throttled("HTTP 503", max(0.0, self.ends_s - self.clock.now_s)), ROUND_TRIP_S
        if self.capacity and self.heard[second] + self.calls[second] > self.capacity:
            self.turned_away[second] += 1
            return Throttled("HTTP 429"), ROUND_TRIP_S
        answer = self._itemised(parcels) if itemised else self._whole(parcels)
        if self.chance.random() < self.loses:
            return NoAnswer("no answer in time", Trouble.SLOW), ANSWER_TIMEOUT_S
        return answer, ROUND_TRIP_S

    def _itemised(self, parcels: Sequence[Parcel]) -> Answer:
        return Itemised(tuple(Result(each.rating.id, self._store(each)) for each in parcels))

    def _whole(self, parcels: Sequence[Parcel]) -> Answer:
        if any(each.rating.id in self.stored for each in parcels):
            self.repeated += 1
            return WholeDuplicate()
        for each in parcels:
            self._store(each)
        return WholeAccepted()

    def _store(self, parcel: Parcel) -> Outcome:
        if parcel.rating.id in self.stored:
            self.repeated += 1
            return Outcome.DUPLICATE
        self.stored[parcel.rating.id] += 1
        self.arrived_s[parcel.rating.id] = self.clock.now_s
        return Outcome.ACCEPTED


class Connection:
    """One pad's way to the platform: the interface the uploader knows."""

    def __init__(self, platform: CityPlatform, *, itemised: bool) -> None:
        self._platform = platform
        self._itemised = itemised
        self.took_s = 0.0

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send ratings; ``took_s`` then says how long the answer was under way."""
        answer, self.took_s = self._platform.submit(parcels, itemised=self._itemised)
        return answer

    def heartbeat(self, pulse: Pulse) -> None:
        """Not by this way: the city counts heartbeats alone."""

    def look_at_clock(self) -> Reached | NoAnswer:
        """Never asked: the city's clocks are right."""
        return Reached()

    def abort(self) -> None:
        """Nothing is ever under way when somebody could ask."""

    def close(self) -> None:
        """Nothing is held."""
