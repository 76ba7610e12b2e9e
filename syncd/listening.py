"""When the platform is asked again what phones rated: pure.

The platform holds a question until there is something to tell, so that nothing is asked in vain and a
pad knows within a second. Whatever it answers, it is not asked in a circle without a pause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pad.settings import Sync
from syncd import policy
from syncd.platforms.base import CredentialsRefused, News, NewsAnswer, NoAnswer, NotOffered, Throttled
from syncd.policy import Lots

HOLD_S: Final = 25.0
"""So long the platform is asked to hold a question: gateways commonly cut off after 30 or 60 s of silence."""
LEAST_S: Final = 1.0
"""Between two questions that brought nothing: a platform that does not hold them is not asked more often."""
NOT_OFFERED: Final = "the platform does not tell what they rated"
WITHOUT_S: Final = 3600.0
"""A platform that has no such call is asked again so often; it may have been replaced."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is remembered from one answer to the next; ``is_known`` once the platform has told anything."""

    failures: int = 0
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an answer; a wait that is ``cut_short`` ends as soon as others reach the platform.

    ``ok`` is None where the platform does not tell of phones.
    """

    course: Course
    wait_s: float
    ok: bool | None
    why: str | None = None
    cut_short: bool = False


def decide(
    course: Course, answer: NewsAnswer, fresh: int, took_s: float, rules: Sync, lots: Lots
) -> Decision:
    """The decision after an answer.

    :param fresh: how much of it was news
    :param took_s: how long the answer took to come
    """
    match answer:
        case News():
            wait_s = 0.0 if fresh else max(0.0, LEAST_S - took_s)
            return Decision(Course(is_known=True), wait_s, ok=True)
        case NotOffered() if not course.is_known:
            return Decision(course, WITHOUT_S, ok=None, why=NOT_OFFERED)
        case CredentialsRefused(why=why):
            return Decision(course, rules.refused_probe_s, ok=False, why=why)
        case Throttled(why=why, retry_after_s=asked_s):
            return _back_off(course, why, asked_s, rules, lots)
        case NoAnswer(why=why, retry_after_s=asked_s):
            return _back_off(course, why, asked_s, rules, lots)
        case NotOffered():  # a gateway says so while the program behind it is being replaced
            return _back_off(course, "HTTP 404", None, rules, lots)


def first_after_s(rules: Sync, lots: Lots, *, up_s: float) -> float:
    """When a daemon that starts asks first: at once, unless a whole city may have had its power back.

    :param up_s: how long the machine has been up, in seconds
    """
    return lots.number() * rules.reconnect_spread_s if up_s < policy.YOUNG_S else 0.0


def _back_off(course: Course, why: str, asked_s: float | None, rules: Sync, lots: Lots) -> Decision:
    failures = course.failures + 1
    wait_s = policy.pause_s(failures, asked_s, rules, lots)
    return Decision(replace(course, failures=failures), wait_s, ok=False, why=why, cut_short=asked_s is None)
