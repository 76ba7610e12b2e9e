"""What to do after a bad rating was told, or was not: a pure function.

Law: nothing is ever given up. What did not arrive is soon tried again, for a manager should
know at once. What may have arrived is tried again rarely, for a robot knows no message twice
and a group that is flooded stops reading; what is new does not wait for it. What is refused waits
for somebody to mend a setting, or for what it says: it is told alone then, so that the others
do not wait for it. Rings change none of these waits.

| answer    | then                                                         |
|-----------|--------------------------------------------------------------|
| told      | told, for good                                               |
| unreached | full jitter, 1 s doubling to a minute                        |
| unheard   | these: half a minute doubling to an hour, and the message    |
|           | says so; others: as if unreached                             |
| throttled | what is asked for, half an hour at most, and up to half as   |
|           | much again                                                   |
| refused   | said once in the log; these, once alone: every five minutes; |
|           | others: after a minute, each alone until one is told         |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from syncd.alerting.base import Answer, Refused, Throttled, Told, Unheard, Unreached

UNREACHED_FIRST_S: Final = 1.0
UNREACHED_CAP_S: Final = 60.0
UNHEARD_FIRST_S: Final = 30.0
UNHEARD_CAP_S: Final = 3600.0
REFUSED_S: Final = 300.0
REFUSED_OTHERS_S: Final = 60.0
THROTTLED_CAP_S: Final = 1800.0
"""No maker asks for more than ten minutes of silence; a gateway's ``Retry-After`` may ask for years."""
SPREAD: Final = 0.5
"""Pads that share a robot were throttled together; this keeps them from coming back together."""
MINUTE_S: Final = 60.0
_DOUBLINGS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Course:
    """What is remembered from one telling to the next: tellings in a row that ended alike."""

    failures: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows: whether it is told, what is known if not, and when to go on.

    ``put_off_s`` is for what was in the message, ``wait_s`` for everything.
    """

    course: Course
    told: bool = False
    why: str | None = None
    may_have_arrived: bool = False
    wait_s: float = 0.0
    put_off_s: float = 0.0
    alarm: bool = False


def decide(course: Course, answer: Answer, number: Callable[[], float], *, alone: bool = True) -> Decision:
    """The decision after an answer.

    :param number: draws from 0 up to 1
    :param alone: whether the message was of one rating
    """
    failed = Course(course.failures + 1)
    match answer:
        case Told():
            return Decision(Course(), told=True)
        case Unreached(why=why):
            return Decision(failed, why=why, wait_s=_jittered(course, number))
        case Unheard(why=why):
            put_off_s = _doubled(UNHEARD_FIRST_S, course.failures, UNHEARD_CAP_S)
            wait_s = _jittered(course, number)
            return Decision(failed, why=why, may_have_arrived=True, wait_s=wait_s, put_off_s=put_off_s)
        case Throttled(why=why, wait_s=asked_s):
            silent_s = min(asked_s, THROTTLED_CAP_S) * (1 + SPREAD * number())
            return Decision(failed, why=why, wait_s=silent_s)
        case Refused(why=why):
            refused = Course(course.failures + 1, refused=True)
            return Decision(
                refused,
                why=why,
                wait_s=REFUSED_OTHERS_S,
                put_off_s=REFUSED_S if alone else 0.0,
                alarm=not course.refused,
            )


def may_speak_in_s(spoken: tuple[float, ...], now: float, per_minute: int) -> float:
    """How long to be silent so that no minute has more messages than a target takes; 0: speak.

    :param spoken: when messages were sent, oldest first, by the clock of ``now``
    """
    if len(spoken) < per_minute:
        return 0.0
    return max(0.0, spoken[-per_minute] + MINUTE_S - now)


def _jittered(course: Course, number: Callable[[], float]) -> float:
    return number() * _doubled(UNREACHED_FIRST_S, course.failures, UNREACHED_CAP_S)


def _doubled(first_s: float, times: int, cap_s: float) -> float:
    return min(first_s * 2.0 ** min(times, _DOUBLINGS_MAX), cap_s)
