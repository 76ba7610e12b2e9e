"""A finding's numbers as a sentence, for technicians."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pad.suspicion.signs import Kind

Numbers = Mapping[str, float]


def in_words(kind: str, measured: Numbers) -> str:
    """What was found, in plain words; of a kind this version does not know, the numbers."""
    try:
        return _SENTENCES[Kind(kind)](measured)
    except (ValueError, KeyError):
        return ", ".join(f"{name} {value:g}" for name, value in sorted(measured.items()))


def _outside_hours(found: Numbers) -> str:
    hour, minute = divmod(int(found["minute_of_day"]), 60)
    day = " on a rest day" if found["rest_day"] else ""
    guess = "" if found["calendar_known"] else "; this year's calendar is not known, only the weekday counts"
    return f"rated at {hour:02}:{minute:02}{day}, outside opening hours{guess}"


def _phone_while_rating(found: Numbers) -> str:
    when = f", {found['shown_s']:g} s after the faces were shown" if "shown_s" in found else ""
    return f"rated on a phone while somebody was rating at the glass{when}"


_SENTENCES: Final[Mapping[Kind, Callable[[Numbers], str]]] = {
    Kind.BURST: lambda found: f"one of {found['count']:g} ratings within {found['within_s']:g} s",
    Kind.FAST: lambda found: (
        f"first touched after {found['first_touch_ms'] / 1000:g} s, "
        f"sent after {found['submitted_ms'] / 1000:g} s"
    ),
    Kind.SAME_CARD: lambda found: (
        f"one of {found['count']:g} ratings with the same ID card, in {found['sittings']:g} sittings"
    ),
    Kind.OUTSIDE_HOURS: _outside_hours,
    Kind.CANCELLED_AFTER_LOOK: lambda found: (
        f"one of {found['count']:g} invitations this clerk ended in a day while they were looked at; "
        f"the last was shown {found['shown_s']:g} s"
    ),
    Kind.PHONE_WHILE_RATING: _phone_while_rating,
    Kind.UNLIKE_LEVELS: lambda found: (
        f"of this clerk's {found['ratings']:g} ratings {found['share']:.0%} are 非常满意, of the others' "
        f"{found['others']:g} {found['others_share']:.0%} ({found['sigma']:g} standard deviations), "
        f"and the first touches come sooner ({found['sooner_sigma']:g})"
    ),
    Kind.UNLIKE_TIMING: lambda found: (
        f"first touches of this clerk's {found['ratings']:g} ratings are as regular as one hand's: spread "
        f"{found['spread']:g}, {found['sigma']:g} standard deviations below what people have"
    ),
}
