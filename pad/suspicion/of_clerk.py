"""One clerk's ratings against those of the others at this pad, and against what hands of many people do.

A review looks at a run of ratings of one pad, each rating in one review: the number of tests,
and so of false alarms, is known. Levels are compared by the likelihood ratio of two shares of
非常满意 (G = 2 Σ O ln(O/E) of the 2 × 2 table, its root a standard normal deviate), which holds
for shares near one where the usual z-test does not. Only a share above the others' is a sign
of pressing for people; a worse one is no fraud. Timing needs no other clerk: hands of different people
spread, one hand repeats itself; the variance of ln(first touch) is held against that of a spread
no crowd goes below by the χ² test (Wilson and Hilferty 1931 make a normal deviate of it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import log, sqrt
from typing import Final

from pad.codes import Level
from pad.model import Completion
from pad.settings import Suspicion
from pad.suspicion.signs import Finding, Kind, RatingSeen

REVIEWED_TOGETHER: Final = 10
"""A review takes so many times ``unlike_least`` ratings: enough for a share of 0.86 against 1.00 to show."""


def review_size(limits: Suspicion) -> int:
    """How many ratings a review takes; one begins after each multiple of it in ``seq``."""
    return REVIEWED_TOGETHER * limits.unlike_least


def review(ratings: Sequence[RatingSeen], limits: Suspicion) -> Iterator[Finding]:
    """What is unlike in the ratings of each clerk who is known by a number; marks the clerk's last rating."""
    by_clerk: dict[str, list[RatingSeen]] = defaultdict(list)
    for rating in ratings:
        if rating.staff_number:
            by_clerk[rating.staff_number].append(rating)
    for staff_number, own in by_clerk.items():
        if len(own) >= limits.unlike_least:
            yield from _levels(staff_number, by_clerk, limits)
            yield from _timing(own, limits)


def _levels(
    staff_number: str, by_clerk: Mapping[str, Sequence[RatingSeen]], limits: Suspicion
) -> Iterator[Finding]:
    own = by_clerk[staff_number]
    others = [each for number, theirs in by_clerk.items() if number != staff_number for each in theirs]
    if len(others) < limits.unlike_least:
        return
    own_best, others_best = (
        sum(each.level is Level.VERY_SATISFIED for each in group) for group in (own, others)
    )
    sigma = share_sigma(own_best, len(own), others_best, len(others))
    if sigma >= limits.unlike_sigma:
        measured = {
            "ratings": len(own), "others": len(others), "sigma": round(sigma, 1),
            "share": round(own_best / len(own), 3), "others_share": round(others_best / len(others), 3),
        }  # fmt: skip
        yield Finding(Kind.UNLIKE_LEVELS, measured, _limits(limits), seqs=(own[-1].seq,))


def _timing(own: Sequence[RatingSeen], limits: Suspicion) -> Iterator[Finding]:
    by_hand = [each for each in own if each.completion is not Completion.RECOVERED]
    if len(by_hand) < limits.unlike_least:
        return
    logs = [log(max(1, each.first_touch_ms)) for each in by_hand]
    mean = sum(logs) / len(logs)
    spread = sqrt(sum((each - mean) ** 2 for each in logs) / (len(logs) - 1))
    sigma = regularity_sigma(spread, len(logs), limits.unlike_spread)
    if sigma >= limits.unlike_sigma:
        measured = {"ratings": len(logs), "spread": round(spread, 3), "sigma": round(sigma, 1)}
        yield Finding(
            Kind.UNLIKE_TIMING,
            measured,
            _limits(limits) | {"unlike_spread": limits.unlike_spread},
            seqs=(own[-1].seq,),
        )


def _limits(limits: Suspicion) -> dict[str, float]:
    return {"unlike_sigma": limits.unlike_sigma, "unlike_least": limits.unlike_least}


def share_sigma(own: int, own_of: int, others: int, others_of: int) -> float:
    """By how many standard deviations one share is above another; negative if it is below."""
    expected = (own + others) / (own_of + others_of)
    g = 2 * sum(
        observed * log(observed / foreseen)
        for observed, foreseen in (
            (own, own_of * expected),
            (own_of - own, own_of * (1 - expected)),
            (others, others_of * expected),
            (others_of - others, others_of * (1 - expected)),
        )
        if observed
    )
    sign = 1 if own / own_of >= others / others_of else -1
    return sign * sqrt(max(0.0, g))


def regularity_sigma(spread: float, count: int, least_spread: float) -> float:
    """By how many standard deviations ``count`` values spread less than ``least_spread`` allows."""
    degrees = count - 1
    ratio = (spread / least_spread) ** 2
    width = 2 / (9 * degrees)
    return float((1 - width - ratio ** (1 / 3)) / sqrt(width))
