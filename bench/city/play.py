"""A day of the city by events: ratings, steps of the delivery, heartbeats, outages.

A pad's delivery follows the rule of :class:`syncd.delivery.DeliveryLoop`: a rating rings and is looked
at at once, but for a wait that the policy imposed; after a start the first step waits as long as
:func:`syncd.policy.first_attempt_after_s` says.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.city.clock import CityClock
from bench.city.pads import CityPad, as_delivered
from bench.city.platform import CityPlatform, State
from pad.codes import Level
from syncd import policy
from syncd.policy import Lots

BOOT_S: Final = 5.0
"""After a power cut all pads are up within so many seconds of each other."""
WINDOW_S: Final = 360
"""The back-off's cap, and a minute to drain: by then every pad has come back once."""
RESTART_AFTER_S: Final = 900
RESTART_S: Final = 60
HOUR_S: Final = 3600.0
RATINGS_AN_HOUR: Final = 12
"""A window that is never empty: a person every five minutes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, in seconds from the opening; an outage of the platform, of the power, or both."""

    name: str
    outage: State = State.UNREACHABLE
    power: bool = False
    restarts: bool = False
    capacity: float = 0.0
    loses: float = 0.01
    calm_s: int = 900
    outage_s: int = 7200
    after_s: int = 2100

    @property
    def back_s(self) -> int:
        """When the outage ends."""
        return self.calm_s + self.outage_s

    @property
    def restarts_s(self) -> tuple[int, ...]:
        """When the platform goes down once more."""
        return (self.back_s + RESTART_AFTER_S,) if self.restarts else ()

    @property
    def returns_s(self) -> tuple[int, ...]:
        """When the platform is there again: after the outage, and after a restart."""
        return (self.back_s, *(down_s + RESTART_S for down_s in self.restarts_s))

    @property
    def end_s(self) -> int:
        """When the last rating is made."""
        return self.back_s + self.after_s


SCENARIOS: Final = (
    Scenario("the line is cut"),
    Scenario("the power fails in the last half hour of it", power=True),
    Scenario("maintenance, all told the same end", State.MAINTENANCE),
    Scenario("little capacity, and the platform restarts", restarts=True, capacity=1.5),
)


@dataclass(frozen=True, slots=True)
class Course:
    """What was to be seen at the platform, second by second, and what became of every rating.

    ``steady`` is the rate a second that pads make which are never kept from it; ``twice`` are ratings that
    were stored twice, ``repeated`` those that were sent again and known again. ``slowest_online_s`` is how
    long the slowest rating made in the calm before the outage took to be at the platform.
    """

    scenario: Scenario
    pads: int
    steady: float
    requests: tuple[int, ...]
    turned_away: tuple[int, ...]
    rated: int
    lost: int
    twice: int
    repeated: int
    unsettled: int
    drained_s: int
    slowest_online_s: float

    @property
    def peak_in_window(self) -> float:
        """The highest rate while the pads come back, from the outage or from a restart after it."""
        return max(self.peak(back_s, back_s + WINDOW_S) for back_s in self.scenario.returns_s)

    @property
    def peak_after(self) -> float:
        """The highest rate once a window has passed, up to the next outage or the end."""
        ends = [*self.scenario.restarts_s, self.scenario.end_s]
        starts = [back_s + WINDOW_S for back_s in self.scenario.returns_s]
        return max(self.peak(start, end) for start, end in zip(starts, ends, strict=True))

    def peak(self, first_s: int, last_s: int, over_s: int = 1) -> float:
        """The highest rate of requests a second between two moments, as means over some seconds."""
        starts = range(first_s, max(first_s + 1, min(last_s, len(self.requests)) - over_s + 1))
        return max(sum(self.requests[start : start + over_s]) / over_s for start in starts)


class City:
    """All pads of a city, its platform, and the events to come."""

    def __init__(self, pads: int, scenario: Scenario, seed: int = 1) -> None:
        self._scenario = scenario
        self._chance = random.Random(seed)
        self._clock = CityClock()
        settings = as_delivered()
        self._sync = settings.sync
        self.steady = pads * (RATINGS_AN_HOUR / 3600 + 1 / self._sync.heartbeat_s + 1 / HOUR_S)
        self.platform = CityPlatform(
            self._clock, self._chance, capacity=round(scenario.capacity * self.steady), loses=scenario.loses
        )
        self._pads = [
            CityPad(number, self._clock, self.platform, self._chance, settings) for number in range(pads)
        ]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._levels = list(Level)
        self._lots = Lots(self._chance.random, str)
        self._made_s: dict[str, float] = {}
        self._drained_s = float(scenario.back_s)

    def play(self) -> Course:
        """Everything, until nothing waits any more."""
        plan = self._scenario
        for pad in self._pads:
            self._at(self._next_rating_s(), lambda pad=pad: self._rate(pad))  # type: ignore[misc]
            self._call_every(self._sync.heartbeat_s, pad, self._chance.uniform(0, self._sync.heartbeat_s))
            self._call_every(HOUR_S, pad, self._chance.uniform(0, HOUR_S))
        self._at(plan.calm_s, self._fail)
        self._at(plan.back_s, self._come_back)
        if plan.power:
            self._at(plan.back_s - 1800, self._power_off)
        for down_s in plan.restarts_s:
            self._at(down_s, self._go_down)
            self._at(down_s + RESTART_S, self._come_back)
        while self._events:
            self._clock.now_s, _, happen = heapq.heappop(self._events)
            happen()
        return self._course()

    def _at(self, when_s: float, happen: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (when_s, self._number, happen))

    def _after(self, wait_s: float, happen: Callable[[], None]) -> None:
        self._at(self._clock.now_s + wait_s, happen)

    # --- the pads -------------------------------------------------------------------------

    def _next_rating_s(self) -> float:
        return self._clock.now_s + self._chance.expovariate(RATINGS_AN_HOUR / 3600)

    def _rate(self, pad: CityPad) -> None:
        if pad.powered:
            self._made_s[pad.rate(self._chance.choice(self._levels))] = self._clock.now_s
            if pad.idle:
                self._step_in(0.0, pad)
        again_s = self._next_rating_s()
        if again_s < self._scenario.end_s:
            self._at(again_s, lambda: self._rate(pad))

    def _step_in(self, wait_s: float, pad: CityPad) -> None:
        pad.idle = False
        turn = pad.turn
        self._after(wait_s, lambda: self._step(pad, turn))

    def _step(self, pad: CityPad, turn: int) -> None:
        if turn != pad.turn:
            return  # the power failed meanwhile
        wait_s = pad.step()
        if wait_s is None:
            self._idle(pad)
            if self._clock.now_s > self._scenario.back_s and not pad.caught_up:
                pad.caught_up = True
                self._drained_s = self._clock.now_s
        else:
            self._step_in(wait_s, pad)

    def _idle(self, pad: CityPad) -> None:
        """It waits for a rating, or for what is passed by."""
        pad.idle = True
        pad.rests += 1
        if (due_s := pad.due_s) is not None:
            rest = pad.rests

            def due() -> None:
                if pad.idle and pad.rests == rest:
                    self._step_in(0.0, pad)

            self._after(due_s, due)

    def _call_every(self, seconds: float, pad: CityPad, first_s: float) -> None:
        turn = pad.turn

        def call() -> None:
            if turn == pad.turn and self._clock.now_s <= self._scenario.end_s:
                self.platform.hear_call()
                self._after(seconds, call)

        self._after(first_s, call)

    # --- what happens to all of them ------------------------------------------------------

    def _fail(self) -> None:
        self.platform.state = self._scenario.outage
        self.platform.ends_s = self._scenario.back_s

    def _go_down(self) -> None:
        self.platform.state = State.UNREACHABLE

    def _come_back(self) -> None:
        self.platform.state = State.UP

    def _power_off(self) -> None:
        for pad in self._pads:
            pad.powered = False
            pad.turn += 1
            self._at(self._scenario.back_s + self._chance.uniform(0, BOOT_S), lambda pad=pad: self._boot(pad))  # type: ignore[misc]

    def _boot(self, pad: CityPad) -> None:
        self._step_in(pad.start_again(), pad)
        young_s = 30.0
        self._call_every(
            self._sync.heartbeat_s, pad, policy.first_beat_after_s(self._sync, self._lots, up_s=young_s)
        )
        self._call_every(HOUR_S, pad, policy.first_bulletin_after_s(self._lots, up_s=young_s))

    # --- the reckoning --------------------------------------------------------------------

    def _course(self) -> Course:
        stored, heard, calls = self.platform.stored, self.platform.heard, self.platform.calls
        ratings = [each for pad in self._pads for each in pad.ratings()]
        seconds = range(max(heard | calls) + 1)
        return Course(
            scenario=self._scenario,
            pads=len(self._pads),
            steady=self.steady,
            requests=tuple(heard[second] + calls[second] for second in seconds),
            turned_away=tuple(self.platform.turned_away[second] for second in seconds),
            rated=len(ratings),
            lost=sum(stored[id_] == 0 for id_, _ in ratings),
            twice=sum(count - 1 for count in stored.values()),
            repeated=self.platform.repeated,
            unsettled=sum(state != "acknowledged" for _, state in ratings),
            drained_s=round(self._drained_s - self._scenario.back_s),
            slowest_online_s=max(
                self.platform.arrived_s[id_] - made_s
                for id_, made_s in self._made_s.items()
                if made_s < self._scenario.calm_s
            ),
        )

    def close(self) -> None:
        """Let the pads' memory go."""
        for pad in self._pads:
            pad.close()
