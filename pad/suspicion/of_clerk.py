"""One clerk's ratings against those of the others at this pad, and against what hands of many people do.

A review looks at a run of ratings of one pad, each rating in one review: the number of tests,
and so of false alarms, is known.

*Levels.* The share of 非常满意 is compared by the likelihood ratio (G = 2 Σ O ln(O/E) of the 2 × 2 table,
its root a standard normal deviate), which holds for shares near one where the usual z-test does
not. A clerk people like has more of them too, so that alone is no sign: the first touches must
come sooner as well (Welch's t of ln t), for a person who likes a clerk reads no faster.

*Timing.* It needs no other clerk: hands of many people spread, one hand repeats itself. The spread
is the quartiles' distance over 1.349, which a few true visitors do not widen; its logarithm has a
standard error of 1.166/√n for a normal distribution. It is held against a spread no crowd goes below.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import log, sqrt
from statistics import fmean, quantiles
from typing import Final

from pad.codes import Level
from pad.settings import Suspicion
from pad.suspicion.signs import Finding, Kind, RatingSeen

REVIEWED_TOGETHER: Final = 20
"""A review takes so many times ``unlike_least`` ratings: enough for shares of 0.87 and 0.98 to differ."""
_QUARTILES_APART: Final = 1.349
"""Of a normal distribution, in its standard deviations."""
_SPREAD_ERROR: Final = 1.166
"""Relative standard error of a spread taken from quartiles, times √n, for a normal distribution."""
_FINEST: Final = 0.001
"""No clock of milliseconds tells spreads of seconds apart that are finer."""


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
    more = share_sigma(own_best, len(own), others_best, len(others))
    sooner = sooner_sigma(_logs(own), _logs(others))
    if min(more, sooner) >= limits.unlike_sigma:
        measured = {
            "ratings": len(own), "others": len(others), "sigma": round(more, 1),
            "share": round(own_best / len(own), 3), "others_share": round(others_best / len(others), 3),
            "sooner_sigma": round(sooner, 1),
        }  # fmt: skip
        yield Finding(Kind.UNLIKE_LEVELS, measured, _limits(limits), seqs=(own[-1].seq,))


def _timing(own: Sequence[RatingSeen], limits: Suspicion) -> Iterator[Finding]:
    logs = _logs(own)
    spread = robust_spread(logs)
    sigma = regularity_sigma(spread, len(logs), limits.unlike_spread)
    if sigma >= limits.unlike_sigma:
        measured = {"ratings": len(logs), "spread": round(spread, 3), "sigma": round(sigma, 1)}
        limited = _limits(limits) | {"unlike_spread": limits.unlike_spread}
        yield Finding(Kind.UNLIKE_TIMING, measured, limited, seqs=(own[-1].seq,))


def _logs(ratings: Sequence[RatingSeen]) -> list[float]:
    return [log(max(1, each.first_touch_ms)) for each in ratings]


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


def sooner_sigma(own: Sequence[float], others: Sequence[float]) -> float:
    """By how many standard deviations the mean of one's logarithms lies below the others'."""
    error = sqrt(sum(_variance(each) / len(each) for each in (own, others)))
    return (fmean(others) - fmean(own)) / max(error, _FINEST)


def _variance(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sum((each - mean) ** 2 for each in values) / (len(values) - 1)


def robust_spread(values: Sequence[float]) -> float:
    """The standard deviation, by the quartiles."""
    lower, _, upper = quantiles(values, n=4)
    return (upper - lower) / _QUARTILES_APART


def regularity_sigma(spread: float, count: int, least_spread: float) -> float:
    """By how many standard deviations ``count`` values spread less than ``least_spread`` allows."""
    return log(least_spread / max(spread, _FINEST)) / (_SPREAD_ERROR / sqrt(count))
