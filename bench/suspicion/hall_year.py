"""A made-up year of a hall: windows, clerks, people and cheats, each event with the truth about it.

Everything follows from the seed. The honest side has what looks like cheating and is not: rush
hours, families who come together, agents who rate many matters in one sitting with one card, quick
hands, people served after closing time, clerks who are simply good, people who decline and whose
invitation the clerk takes back. How often each happens is our guess (no hall publishes it); it is
written down in one place, :class:`Habits`, so that another guess is one line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from pad.codes import Level
from pad.model import CHINA_TIME, Completion, Instant
from pad.suspicion.signs import Moment, RatingSeen, VisitCutShort
from pad.working_days import is_working_day

_OPENS: Final = time(8, 30)
_LUNCH: Final = time(12, 0)
_RESUMES: Final = time(13, 30)
_CLOSES: Final = time(18, 0)
OPENING_HOURS: Final = ("08:30-12:00", "13:30-18:00")
_LEVELS: Final = tuple(reversed(Level))


class Act(StrEnum):
    """What an event truly was."""

    HONEST = "honest"
    AGENT = "agent"
    """Honest too: somebody who files matters for others, and rates each."""
    FAMILY = "family"
    """Honest too: people who came together and rate one after the other."""
    PRESSED_AT_CLOSING = "pressed_at_closing"
    PRESSED_FOR_PEOPLE = "pressed_for_people"
    CANCELLED_ON_ANGRY = "cancelled_on_angry"
    PAID_RATER = "paid_rater"
    AT_NIGHT = "at_night"


HONEST: Final = frozenset({Act.HONEST, Act.AGENT, Act.FAMILY})


@dataclass(frozen=True, slots=True)
class Habits:
    """How often things happen; times in seconds, a median and a spread make a log-normal."""

    people_a_day: float = 45.0
    rates: float = 0.72
    "of those invited; the others walk away, and the invitation times out"
    best_share: tuple[float, float] = (0.80, 0.94)
    "of 非常满意, between a clerk people like less and one they like more"
    touch_s: float = 2.6
    touch_spread: float = 0.55
    sends_s: float = 5.0
    sends_spread: float = 0.6
    quick: float = 0.03
    "people who know the pad, and tap and send at once"
    walks_on: float = 0.15
    "who tap a face and leave the sending to the ring"
    family: float = 0.012
    agents_a_week: float = 1.5
    with_card: float = 0.08
    declines: float = 0.008
    "who say no to an invitation, which the clerk then takes back"
    wrong_matter: float = 0.006
    "invitations the clerk takes back or makes anew at once for a slip of the hand"
    late_days: float = 0.2
    "of days on which people are still served after closing"
    presser_days: float = 0.25
    angry_days: float = 0.3
    paid_days: float = 0.1
    night_days: float = 0.02


@dataclass(frozen=True, slots=True)
class Cast:
    """Who cheats at a window; nobody at most of them."""

    presses_at_closing: bool = False
    presses_for_people: bool = False
    cancels_on_angry: bool = False
    paid_rater: bool = False
    at_night: bool = False


HONEST_CAST: Final = Cast()
CASTS: Final = (
    Cast(presses_at_closing=True), Cast(cancels_on_angry=True), Cast(paid_rater=True),
    Cast(at_night=True), Cast(presses_for_people=True), Cast(presses_at_closing=True, cancels_on_angry=True),
)  # fmt: skip
"""The first windows of a hall, one after the other; all others are honest."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event at a window, in the order of time, and what it truly was."""

    what: RatingSeen | VisitCutShort
    act: Act


@dataclass(slots=True)
class _Event:
    """A rating or a visit before it has its number."""

    at: datetime
    act: Act
    clerk: str
    level: Level = Level.VERY_SATISFIED
    touch_s: float = 0.0
    send_s: float = 0.0
    completion: Completion = Completion.SUBMITTED
    card: str | None = None
    shown_s: float | None = None


@dataclass
class Window:
    """One window's year; iterate :meth:`days`."""

    number: int
    cast: Cast
    seed: int
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.seed}/{self.number}")
        clerks = self._dice.choice((1, 2, 2, 2, 3))
        if self.cast.presses_for_people:
            clerks = 3
        self.clerks = [f"{self.number:02}{each}" for each in range(1, clerks + 1)]
        low, high = self.habits.best_share
        self._share = {clerk: self._dice.uniform(low, high) for clerk in self.clerks}
        self._hand = {clerk: self._dice.uniform(0.08, 0.16) for clerk in self.clerks}
        self._agents = [f"agent-{self.number}-{each}" for each in range(3)]
        self._cards = 0
        self._seq = 0
        self._visits = 0

    @property
    def pressing_clerk(self) -> str | None:
        """Who presses for people all day; None if nobody does."""
        return self.clerks[0] if self.cast.presses_for_people else None

    def days(self, first: date, count: int) -> Iterator[list[Happened]]:
        """Day after day, each in the order of time; a rest day is empty but for cheats."""
        for number in range(count):
            day = first + timedelta(days=number)
            events = self._one_by_one(self._day(day)) if is_working_day(day) else []
            if self.cast.at_night and self._dice.random() < self.habits.night_days:
                events += self._night(day)
            events.sort(key=lambda event: event.at)
            yield [self._numbered(event) for event in events]

    # --- an honest day --------------------------------------------------------------------

    def _one_by_one(self, groups: Iterator[list[_Event]]) -> list[_Event]:
        """A window serves one after the other: whoever comes meanwhile waits, and filing takes its time."""
        served: list[_Event] = []
        free = datetime.min.replace(tzinfo=CHINA_TIME)
        for group in sorted((each for each in groups if each), key=lambda each: each[0].at):
            wait = max(free - group[0].at, timedelta(0))
            for event in group:
                event.at += wait
            served += group
            free = group[-1].at + timedelta(seconds=self._dice.uniform(35, 150))
        return served

    def _day(self, day: date) -> Iterator[list[_Event]]:
        dice, habits = self._dice, self.habits
        busy = self.habits.people_a_day * (1.3 if day.weekday() in (0, 4) else 0.9) * dice.uniform(0.8, 1.2)
        clerks = dict(zip(("am", "pm"), (dice.choice(self.clerks), dice.choice(self.clerks)), strict=True))
        last = datetime.combine(day, _CLOSES, CHINA_TIME)
        people = sorted(self._arrivals(day, round(busy)))
        if dice.random() < habits.late_days:
            people += [last + timedelta(minutes=dice.uniform(1, 25)) for _ in range(dice.randint(1, 4))]
        for at in people:
            yield list(self._person(at, clerks["am" if at.hour < 13 else "pm"]))
        if dice.random() < habits.agents_a_week / 5:
            yield list(self._agent(datetime.combine(day, time(dice.choice((9, 10, 14, 15)), 20), CHINA_TIME)))
        yield from self._cheats(day, clerks["pm"])

    def _arrivals(self, day: date, people: int) -> Iterator[datetime]:
        """Three in five come in the rush hours, 9 to 11 and 14 to 16."""
        dice = self._dice
        for _ in range(people):
            begins, ends = dice.choices(
                ((time(9), time(11)), (time(14), time(16)), (_OPENS, _LUNCH), (_RESUMES, _CLOSES)),
                (3, 3, 2, 2),
            )[0]
            start = datetime.combine(day, begins, CHINA_TIME)
            length = datetime.combine(day, ends, CHINA_TIME) - start
            yield start + length * dice.random()

    def _person(self, at: datetime, clerk: str) -> Iterator[_Event]:
        dice, habits = self._dice, self.habits
        if dice.random() < habits.wrong_matter:
            shown_s = dice.uniform(1, 9)
            yield _Event(at, Act.HONEST, clerk, shown_s=shown_s)
            at += timedelta(seconds=shown_s + 2)
        if dice.random() < habits.declines:
            yield _Event(at, Act.HONEST, clerk, shown_s=dice.uniform(4, 25))
            return
        if dice.random() > habits.rates:
            if dice.random() < 0.15:  # gone, and the clerk's system calls the next
                yield _Event(at, Act.HONEST, clerk, shown_s=dice.uniform(12, 58))
            return
        if clerk == self.pressing_clerk and dice.random() < 0.9:
            yield self._pressed(at, clerk, Act.PRESSED_FOR_PEOPLE)
            return
        together = dice.randint(3, 6) if dice.random() < habits.family else 1
        act = Act.FAMILY if together > 1 else Act.HONEST
        for _ in range(together):
            event = self._rating(at, act, clerk)
            yield event
            at = event.at + timedelta(seconds=dice.uniform(8, 45))

    def _rating(self, at: datetime, act: Act, clerk: str, card: str | None = None) -> _Event:
        dice, habits = self._dice, self.habits
        quick = dice.random() < habits.quick
        touch_s = dice.lognormvariate(0, habits.touch_spread) * (1.1 if quick else habits.touch_s)
        touch_s = max(0.32, touch_s)
        walks_on = not quick and dice.random() < habits.walks_on
        rest_s = (
            30.0
            if walks_on
            else dice.lognormvariate(0, habits.sends_spread) * (1.2 if quick else habits.sends_s)
        )
        send_s = touch_s + max(0.45, rest_s)
        if card is None and dice.random() < habits.with_card:
            self._cards += 1
            card = f"card-{self.number}-{self._cards}"
        return _Event(
            at=at + timedelta(seconds=send_s),
            act=act,
            clerk=clerk,
            level=self._level(self._share[clerk]),
            touch_s=touch_s,
            send_s=send_s,
            completion=Completion.RING_CLOSED if walks_on else Completion.SUBMITTED,
            card=card,
        )

    def _level(self, best_share: float) -> Level:
        rest = 1 - best_share
        return self._dice.choices(_LEVELS, (best_share, rest * 0.7, rest * 0.18, rest * 0.07, rest * 0.05))[0]

    def _agent(self, at: datetime) -> Iterator[_Event]:
        """Files two to nine matters and rates each; shows the card in three of ten visits."""
        dice = self._dice
        card = dice.choice(self._agents) if dice.random() < 0.3 else None
        clerk = dice.choice(self.clerks)
        for _ in range(dice.randint(2, 9)):
            event = self._rating(at, Act.AGENT, clerk, card)
            event.card = card
            event.touch_s = max(0.5, event.touch_s * 0.5)
            yield event
            # the next matter is entered first: half a minute at the least, some minutes mostly
            at = event.at + timedelta(seconds=20 + dice.expovariate(1 / 90))

    # --- and what is not -------------------------------------------------------------------

    def _cheats(self, day: date, clerk: str) -> Iterator[list[_Event]]:
        dice, habits, cast = self._dice, self.habits, self.cast
        if cast.presses_at_closing and dice.random() < habits.presser_days:
            at = datetime.combine(day, time(17, dice.randint(35, 58)), CHINA_TIME)
            pressed = []
            for _ in range(dice.randint(5, 16)):
                pressed.append(self._pressed(at, clerk, Act.PRESSED_AT_CLOSING))
                at = pressed[-1].at + timedelta(seconds=dice.uniform(1.5, 5))
            yield pressed
        if cast.cancels_on_angry and dice.random() < habits.angry_days:
            for _ in range(dice.randint(2, 7)):
                at = datetime.combine(day, time(dice.choice((9, 10, 11, 14, 15, 16)), 0), CHINA_TIME)
                at += timedelta(minutes=dice.uniform(0, 59))
                yield [_Event(at, Act.CANCELLED_ON_ANGRY, clerk, shown_s=max(1.0, dice.gauss(6.5, 2.5)))]
        if cast.paid_rater and dice.random() < habits.paid_days:
            at = datetime.combine(day, time(dice.choice((9, 14)), 5), CHINA_TIME)
            for _ in range(dice.randint(3, 10)):
                event = self._rating(at, Act.PAID_RATER, clerk, f"paid-{self.number}")
                event.level = Level.VERY_SATISFIED
                yield [event]
                at = event.at + timedelta(minutes=dice.uniform(4, 30))

    def _pressed(self, at: datetime, clerk: str, act: Act) -> _Event:
        """By a hand that knows where the face is: quick, and much the same each time."""
        dice = self._dice
        touch_s = dice.lognormvariate(0, self._hand[clerk]) * (1.0 if act is Act.PRESSED_FOR_PEOPLE else 0.55)
        send_s = touch_s + max(0.35, dice.gauss(0.8, 0.15))
        best = dice.random() < 0.985
        return _Event(
            at=at + timedelta(seconds=send_s),
            act=act,
            clerk=clerk,
            level=Level.VERY_SATISFIED if best else Level.SATISFIED,
            touch_s=touch_s,
            send_s=send_s,
        )

    def _night(self, day: date) -> Iterator[_Event]:
        at = datetime.combine(day, time(self._dice.choice((5, 6, 19, 20, 21)), 10), CHINA_TIME)
        for _ in range(self._dice.randint(2, 8)):
            event = self._rating(at, Act.AT_NIGHT, self.clerks[0])
            event.level = Level.VERY_SATISFIED
            yield event
            at = event.at + timedelta(seconds=self._dice.uniform(30, 200))

    def _numbered(self, event: _Event) -> Happened:
        at = Instant(event.at, f"boot-{event.at:%Y%m%d}", round(event.at.timestamp() * 1e9), trusted=True)
        moment = Moment(at, event.at)
        if event.shown_s is not None:
            self._visits += 1
            visit = VisitCutShort(f"v{self.number}-{self._visits}", moment, event.clerk, event.shown_s)
            return Happened(visit, event.act)
        self._seq += 1
        rating = RatingSeen(
            self._seq, moment, event.clerk, event.level, round(event.touch_s * 1000),
            round(event.send_s * 1000), event.completion, event.card,
        )  # fmt: skip
        return Happened(rating, event.act)


def hall(seed: int, windows: int = 12, habits: Habits | None = None) -> list[Window]:
    """The windows of a hall, the first of which cheat as :data:`CASTS` says."""
    return [
        Window(number, CASTS[number - 1] if number <= len(CASTS) else HONEST_CAST, seed, habits or Habits())
        for number in range(1, windows + 1)
    ]
