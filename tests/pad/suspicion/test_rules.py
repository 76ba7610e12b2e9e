"""Each rule by itself: from when on it marks, what it marks, and what it leaves alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from pad.codes import Level
from pad.model import CHINA_TIME, Completion, Instant
from pad.settings import Suspicion
from pad.suspicion import at_rating, at_visit, of_clerk
from pad.suspicion.signs import Finding, Kind, Moment, RatingSeen, VisitCutShort, VisitForestalled, shown_s
from pad.suspicion.words import in_words
from pad.working_days import is_working_day

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA_TIME)
LIMITS = Suspicion(opening_hours=("08:30-12:00", "13:30-18:00"))
UNKNOWN = "unknown"


def moment(
    seconds: float = 0.0, *, boot: str = "boot-1", known: bool = True, wall: datetime = MONDAY
) -> Moment:
    at = wall + timedelta(seconds=seconds)
    return Moment(Instant(at, boot, round(seconds * 1e9), trusted=known), at if known else None)


def seen(seq: int = 1, when: Moment | None = None, **given: object) -> RatingSeen:
    usual: dict[str, object] = {
        "staff_number": "1024", "level": Level.VERY_SATISFIED, "first_touch_ms": 2500, "submitted_ms": 6000,
        "completion": Completion.SUBMITTED,
    }  # fmt: skip
    return RatingSeen(seq=seq, moment=when or moment(seq * 60), **usual | given)  # type: ignore[arg-type]


def apart(count: int, seconds: float, **given: object) -> list[RatingSeen]:
    return [seen(number, moment(number * seconds, **given)) for number in range(1, count + 1)]  # type: ignore[arg-type]


# --- bursts ------------------------------------------------------------------------------------


def test_so_many_ratings_in_so_short_a_time_are_a_burst_and_all_are_marked() -> None:
    found = at_rating.burst(apart(7, 12), LIMITS)
    assert found is not None
    assert found.kind is Kind.BURST
    assert found.seqs == (2, 3, 4, 5, 6, 7)
    assert found.measured == {"count": 6, "within_s": 60.0}
    assert found.limits == {"burst_count": 6, "burst_s": 60.0}


def test_one_fewer_or_a_little_slower_is_none() -> None:
    assert at_rating.burst(apart(5, 1), LIMITS) is None
    assert at_rating.burst(apart(6, 12.1), LIMITS) is None


def test_a_burst_is_counted_by_the_boots_own_clock_whatever_the_wall_clock_did() -> None:
    stepped = [
        seen(
            number,
            Moment(Instant(MONDAY + timedelta(hours=number), "boot-1", number * 10**9, trusted=False), None),
        )
        for number in range(1, 7)
    ]
    assert at_rating.burst(stepped, LIMITS) is not None
    slow = [
        seen(number, Moment(Instant(MONDAY, "boot-1", number * 60 * 10**9, trusted=False), None))
        for number in range(1, 7)
    ]
    assert at_rating.burst(slow, LIMITS) is None


def test_across_a_restart_only_true_times_count() -> None:
    before, after = apart(3, 5), [seen(number, moment(number * 5, boot="boot-2")) for number in range(4, 7)]
    assert at_rating.burst([*before, *after], LIMITS) is not None
    unknown = [seen(number, moment(number * 5, boot="boot-2", known=False)) for number in range(4, 7)]
    assert at_rating.burst([*before, *unknown], LIMITS) is None


# --- haste -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_touch_ms", "submitted_ms", "completion", "is_fast"),
    [
        (2000, 5000, Completion.SUBMITTED, False),
        (700, 1499, Completion.SUBMITTED, True),
        (700, 1500, Completion.SUBMITTED, False),
        (349, 5000, Completion.SUBMITTED, True),
        (350, 5000, Completion.SUBMITTED, False),
        (700, 1000, Completion.RECOVERED, False),
        (200, 31_000, Completion.RING_CLOSED, True),
        (700, 1000, Completion.RING_CLOSED, False),
    ],
)
def test_faster_than_anybody_reads(
    first_touch_ms: int, submitted_ms: int, completion: Completion, is_fast: bool
) -> None:
    rating = seen(first_touch_ms=first_touch_ms, submitted_ms=submitted_ms, completion=completion)
    found = at_rating.fast(rating, LIMITS)
    assert (found is not None) is is_fast
    if found is not None:
        assert found.measured == {"first_touch_ms": first_touch_ms, "submitted_ms": submitted_ms}


# --- the same card -----------------------------------------------------------------------------


def used(*seqs: int, every_s: float = 3600) -> list[RatingSeen]:
    return [seen(seq, moment(seq * every_s), card_mark="m") for seq in seqs]


def test_the_same_card_again_and_again() -> None:
    assert at_rating.same_card(used(1, 2, 3), LIMITS) is None
    found = at_rating.same_card(used(1, 2, 3, 4), LIMITS)
    assert found is not None
    assert found.seqs == (1, 2, 3, 4)
    assert found.measured == {"count": 4, "sittings": 1}


def test_coming_back_between_other_people_shows_as_sittings() -> None:
    found = at_rating.same_card(used(1, 2, 5, 9), LIMITS)
    assert found is not None
    assert found.measured["sittings"] == 3


def test_uses_long_ago_do_not_count() -> None:
    assert at_rating.same_card(used(1, 2, 3, 30), LIMITS) is None
    assert at_rating.same_card(used(1, 2, 3, 30), Suspicion(same_card_days=2)) is not None


# --- the hour ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-03-02 09:00", None),
        ("2026-03-02 08:00", None),  # half an hour's grace
        ("2026-03-02 07:59", {"minute_of_day": 479, "rest_day": 0, "calendar_known": 1}),
        ("2026-03-02 12:29", None),
        ("2026-03-02 12:31", {"minute_of_day": 751, "rest_day": 0, "calendar_known": 1}),
        ("2026-03-02 18:29", None),
        ("2026-03-02 18:30", {"minute_of_day": 1110, "rest_day": 0, "calendar_known": 1}),
        ("2026-03-02 02:00", {"minute_of_day": 120, "rest_day": 0, "calendar_known": 1}),
        ("2026-03-01 10:00", {"minute_of_day": 600, "rest_day": 1, "calendar_known": 1}),  # a Sunday
        ("2026-10-01 10:00", {"minute_of_day": 600, "rest_day": 1, "calendar_known": 1}),  # 国庆节
        ("2026-02-14 10:00", None),  # a Saturday on which people work for the Spring Festival's sake
        ("2043-03-02 10:00", None),  # a Monday of a year no calendar knows
        ("2043-03-01 10:00", {"minute_of_day": 600, "rest_day": 1, "calendar_known": 0}),
    ],
)
def test_outside_opening_hours(when: str, why: dict[str, float] | None) -> None:
    at = datetime.fromisoformat(when).replace(tzinfo=CHINA_TIME)
    found = at_rating.outside_hours(seen(when=moment(wall=at)), LIMITS, is_working_day)
    assert (found.measured if found else None) == why


def test_the_hour_is_chinas_and_must_be_known() -> None:
    night = MONDAY.replace(hour=2)
    assert at_rating.outside_hours(seen(when=moment(wall=night)), LIMITS, is_working_day) is not None
    unknown = seen(when=moment(wall=night, known=False))
    assert at_rating.outside_hours(unknown, LIMITS, is_working_day) is None


def test_without_opening_hours_nothing_is_outside() -> None:
    night = seen(when=moment(wall=MONDAY.replace(hour=2)))
    assert at_rating.outside_hours(night, Suspicion(), is_working_day) is None


def test_a_window_may_be_open_on_rest_days_and_over_midnight() -> None:
    limits = Suspicion(opening_hours=("22:00-06:00",), open_on_rest_days=True, opening_grace_min=0)
    sunday = datetime(2026, 3, 1, tzinfo=CHINA_TIME)
    for hour, is_open in ((22, True), (0, True), (5, True), (6, False), (12, False), (21, False)):
        rating = seen(when=moment(wall=sunday.replace(hour=hour)))
        assert (at_rating.outside_hours(rating, limits, is_working_day) is None) is is_open


# --- invitations taken back --------------------------------------------------------------------


def cut(
    number: int, shown: float | None, *, staff: str = "1024", when: Moment | None = None
) -> VisitCutShort:
    return VisitCutShort(f"v{number}", when or moment(number * 600), staff, shown)


def test_invitations_taken_back_from_who_looks_at_them() -> None:
    assert at_visit.cancelled_after_look([cut(number, 6) for number in range(3)], LIMITS) is None
    found = at_visit.cancelled_after_look([cut(number, 6) for number in range(4)], LIMITS)
    assert found is not None
    assert found.visit_ids == ("v0", "v1", "v2", "v3")
    assert found.seqs == ()
    assert found.measured == {"count": 4, "shown_s": 6}


@pytest.mark.parametrize("shown", [2.9, 12.0, 40.0, None])
def test_too_short_to_be_read_too_long_for_anybody_to_be_there_or_unknown_is_no_look(
    shown: float | None,
) -> None:
    assert at_visit.cancelled_after_look([cut(number, shown) for number in range(9)], LIMITS) is None
    mixed = [cut(1, 6), cut(2, shown), cut(3, 6), cut(4, 6)]
    assert at_visit.cancelled_after_look(mixed, LIMITS) is None


def test_only_the_same_clerks_of_the_same_day_count() -> None:
    others = [cut(number, 6, staff="2048") for number in range(3)]
    assert at_visit.cancelled_after_look([*others, cut(4, 6)], LIMITS) is None
    days = [cut(number, 6, when=moment(number * 86_000)) for number in range(4)]
    assert at_visit.cancelled_after_look(days, LIMITS) is None


def test_how_long_it_was_shown_is_known_unless_the_clock_was_set_meanwhile() -> None:
    trusted = Instant(MONDAY, "boot-1", 0, trusted=True)
    unsure = Instant(MONDAY, "boot-1", 0, trusted=False)
    ended = MONDAY + timedelta(seconds=7)
    later = Instant(MONDAY + timedelta(seconds=30), "boot-1", 30 * 10**9, trusted=False)
    assert shown_s(trusted, ended, later) == 7
    assert shown_s(unsure, ended, later) == 7
    set_back = Instant(MONDAY + timedelta(seconds=25), "boot-1", 30 * 10**9, trusted=True)
    assert shown_s(unsure, ended, set_back) is None
    assert shown_s(unsure, ended, Instant(later.wall, "boot-2", 30 * 10**9, trusted=True)) is None
    assert shown_s(trusted, MONDAY - timedelta(seconds=1), later) is None


# --- one clerk ---------------------------------------------------------------------------------


def people(
    count: int, staff: str, best: float, *, dice: random.Random, touch_s: float = 2.5
) -> list[RatingSeen]:
    return [
        seen(
            staff_number=staff,
            level=Level.VERY_SATISFIED if dice.random() < best else Level.SATISFIED,
            first_touch_ms=round(1000 * touch_s * dice.lognormvariate(0, 0.55)),
        )
        for _ in range(count)
    ]


def numbered(ratings: list[RatingSeen], dice: random.Random) -> list[RatingSeen]:
    dice.shuffle(ratings)
    return [
        seen(
            number,
            staff_number=each.staff_number,
            level=each.level,
            first_touch_ms=each.first_touch_ms,
            completion=each.completion,
        )
        for number, each in enumerate(ratings, start=1)
    ]


def kinds(ratings: Sequence[RatingSeen], limits: Suspicion = LIMITS) -> list[Kind]:
    return [found.kind for found in of_clerk.review(ratings, limits)]


def test_a_clerk_people_like_more_is_not_marked() -> None:
    dice = random.Random(1)
    ratings = people(400, "good", 1.0, dice=dice) + people(400, "bad", 0.7, dice=dice)
    assert kinds(numbered(ratings, dice)) == []


def test_a_clerk_whose_people_are_all_pleased_and_in_haste_is_marked() -> None:
    dice = random.Random(2)
    ratings = people(400, "presses", 1.0, dice=dice, touch_s=1.0) + people(400, "lets", 0.85, dice=dice)
    ratings = numbered(ratings, dice)
    (found,) = of_clerk.review(ratings, LIMITS)
    assert found.kind is Kind.UNLIKE_LEVELS
    (seq,) = found.seqs
    assert ratings[seq - 1].staff_number == "presses"
    assert all(each.staff_number != "presses" for each in ratings[seq:])


def test_a_clerk_whose_ratings_are_worse_or_only_quicker_is_not() -> None:
    dice = random.Random(3)
    worse = people(400, "worse", 0.5, dice=dice, touch_s=1.0) + people(400, "other", 0.9, dice=dice)
    assert kinds(numbered(worse, dice)) == []
    quicker = people(400, "quicker", 0.9, dice=dice, touch_s=1.0) + people(400, "other", 0.9, dice=dice)
    assert kinds(numbered(quicker, dice)) == []


def test_one_hand_repeats_itself_and_shows_without_any_other_clerk() -> None:
    dice = random.Random(4)
    one_hand = [
        seen(first_touch_ms=round(1000 * dice.lognormvariate(0, 0.12)), level=Level.SATISFIED)
        for _ in range(80)
    ]
    assert kinds(numbered(one_hand, dice)) == [Kind.UNLIKE_TIMING]
    assert kinds(numbered(people(800, "1024", 0.9, dice=dice), dice)) == []


def test_few_ratings_and_those_of_nobody_known_prove_nothing() -> None:
    same = [seen(number, first_touch_ms=1000) for number in range(1, 40)]
    assert kinds(same) == []
    assert kinds([*same, seen(40, first_touch_ms=1000)]) == [Kind.UNLIKE_TIMING]
    assert kinds([seen(number, first_touch_ms=1000, staff_number="") for number in range(1, 100)]) == []


def test_the_deviates_are_what_the_tables_say() -> None:
    # of the table (90, 10; 70, 30): 2 (90 ln 9/8 + 10 ln 1/2 + 70 ln 7/8 + 30 ln 3/2) = 12.97
    assert of_clerk.share_sigma(90, 100, 70, 100) == pytest.approx(12.97**0.5, abs=0.001)
    assert of_clerk.share_sigma(70, 100, 90, 100) == pytest.approx(-(12.97**0.5), abs=0.001)
    assert of_clerk.share_sigma(100, 100, 100, 100) == 0


@pytest.mark.parametrize("count", [40, 200])
def test_honest_timing_at_the_least_spread_is_marked_about_never(count: int) -> None:
    """One standard deviation is one: of 600 reviews at the very limit, some 2.3 % lie beyond two."""
    dice = random.Random(5)
    beyond = sum(
        of_clerk.regularity_sigma(
            of_clerk.robust_spread([dice.gauss(0, 0.35) for _ in range(count)]), count, 0.35
        )
        > 2
        for _ in range(600)
    )
    assert 0.005 < beyond / 600 < 0.06


# --- in words ----------------------------------------------------------------------------------


def test_every_kind_has_its_sentence_and_a_later_ones_numbers_are_shown() -> None:
    dice = random.Random(2)
    pressing = numbered(
        [
            *people(400, "other", 0.8, dice=dice),
            *(seen(first_touch_ms=round(1000 * dice.lognormvariate(0, 0.1))) for _ in range(400)),
        ],
        dice,
    )
    found: list[Finding | None] = [
        at_rating.burst(apart(6, 1), LIMITS),
        at_rating.fast(seen(first_touch_ms=100), LIMITS),
        at_rating.same_card(used(1, 2, 3, 4), LIMITS),
        at_rating.outside_hours(seen(when=moment(wall=MONDAY.replace(hour=2))), LIMITS, is_working_day),
        at_visit.cancelled_after_look([cut(number, 6) for number in range(4)], LIMITS),
        at_visit.phone_while_rating(VisitForestalled("v9", 6.5)),
        *of_clerk.review(pressing, LIMITS),
    ]
    said = {each.kind: in_words(each.kind, each.measured) for each in found if each is not None}
    assert set(said) == set(Kind)
    assert said[Kind.BURST] == "one of 6 ratings within 5 s"
    assert said[Kind.OUTSIDE_HOURS] == "rated at 02:00, outside opening hours"
    assert len(set(said.values())) == len(Kind)
    assert in_words("of_tomorrow", {"count": 3}) == "count 3"
    assert in_words(Kind.BURST, {"count": 3}) == "count 3"


def test_a_phone_that_rates_while_somebody_rates_here_is_marked_with_no_level() -> None:
    found = at_visit.phone_while_rating(VisitForestalled("v1", 6.54321))
    assert (found.kind, found.visit_ids, found.seqs) == (Kind.PHONE_WHILE_RATING, ("v1",), ())
    assert (found.measured, found.limits) == ({"shown_s": 6.5}, {})
    assert in_words(found.kind, found.measured) == (
        "rated on a phone while somebody was rating at the glass, 6.5 s after the faces were shown"
    )


def test_where_no_clock_tells_how_long_the_faces_were_shown_it_is_marked_all_the_same() -> None:
    found = at_visit.phone_while_rating(VisitForestalled("v1", None))
    assert found.measured == {}
    assert in_words(found.kind, found.measured) == "rated on a phone while somebody was rating at the glass"
