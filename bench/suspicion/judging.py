"""Runs the rules over a window's year as the look does over the ledger, and counts right and wrong marks."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from bench.suspicion.hall_year import HONEST, Act, Happened, Window
from pad.settings import Suspicion
from pad.suspicion import at_rating, at_visit, of_clerk
from pad.suspicion.signs import Finding, Kind, RatingSeen, VisitCutShort
from pad.working_days import is_working_day

MEANT_FOR: Final = {
    Kind.BURST: frozenset({Act.PRESSED_AT_CLOSING}),
    Kind.FAST: frozenset({Act.PRESSED_AT_CLOSING}),
    Kind.SAME_CARD: frozenset({Act.PAID_RATER}),
    Kind.OUTSIDE_HOURS: frozenset({Act.AT_NIGHT}),
    Kind.CANCELLED_AFTER_LOOK: frozenset({Act.CANCELLED_ON_ANGRY}),
    Kind.UNLIKE_LEVELS: frozenset({Act.PRESSED_FOR_PEOPLE}),
    Kind.UNLIKE_TIMING: frozenset({Act.PRESSED_FOR_PEOPLE}),
}
"""Which cheating a pattern is the sign of; finding other cheating by it is no false mark."""


BY_REVIEW: Final = frozenset({Kind.UNLIKE_LEVELS, Kind.UNLIKE_TIMING})
RETURNS: Final = "same_card, 3 sittings"
"""What whoever judges may make of the evidence: one card that came back twice and more."""
NOT_PLAYED: Final = frozenset({Kind.PHONE_WHILE_RATING})
"""What no rule finds out: it happened, or it did not."""
ROWS: Final = (*(str(kind) for kind in Kind if kind not in NOT_PLAYED), RETURNS)


def findings(events: Iterable[Happened], limits: Suspicion) -> Iterator[Finding]:
    """What the rules find in one window's events, in their order."""
    size = of_clerk.review_size(limits)
    recent: deque[RatingSeen] = deque(maxlen=max(size, limits.burst_count))
    by_card: dict[str, list[RatingSeen]] = defaultdict(list)
    cut_short: deque[VisitCutShort] = deque(maxlen=500)
    for event in events:
        if isinstance(event.what, VisitCutShort):
            cut_short.append(event.what)
            finding = at_visit.cancelled_after_look(tuple(cut_short), limits)
            yield from () if finding is None else (finding,)
            continue
        rating = event.what
        recent.append(rating)
        uses = by_card[rating.card_mark] if rating.card_mark else []
        uses.append(rating)
        last = list(recent)
        for found in (
            at_rating.burst(last[-limits.burst_count :], limits),
            at_rating.fast(rating, limits),
            at_rating.outside_hours(rating, limits, is_working_day),
            at_rating.same_card(uses, limits) if rating.card_mark else None,
        ):
            if found is not None:
                yield found
        if rating.seq % size == 0:
            yield from of_clerk.review(last[-size:], limits)


@dataclass
class Count:
    """Of one kind: what was marked, how much of it rightly, and what there was to be marked."""

    marked: int = 0
    rightly: int = 0
    meant: int = 0
    meant_marked: int = 0
    mistaken_for: dict[Act, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def precision(self) -> float | None:
        """Of what was marked, the share that was cheating of any sort; None if nothing was marked."""
        return self.rightly / self.marked if self.marked else None

    @property
    def recall(self) -> float | None:
        """Of the cheating the pattern is meant for, the share it marked; None if there was none."""
        return self.meant_marked / self.meant if self.meant else None

    def add(self, other: Count) -> None:
        """Take another window's count in."""
        self.marked += other.marked
        self.rightly += other.rightly
        self.meant += other.meant
        self.meant_marked += other.meant_marked
        for act, number in other.mistaken_for.items():
            self.mistaken_for[act] += number


def count(window: Window, events: list[Happened], limits: Suspicion) -> dict[str, Count]:
    """The counts of one window, by kind; clerks' patterns are counted by reviews, all else by events."""
    marked: dict[str, set[int | str]] = defaultdict(set)
    for finding in findings(events, limits):
        marked[finding.kind] |= {*finding.seqs, *finding.visit_ids}
        if finding.measured.get("sittings", 0) >= 3:
            marked[RETURNS] |= {*finding.seqs}
    counts = {}
    for row in ROWS:
        kind = Kind.SAME_CARD if row == RETURNS else Kind(row)
        if kind in BY_REVIEW:
            counts[row] = _count_reviews(window, events, marked[row], limits)
        else:
            counts[row] = _count_events(events, marked[row], MEANT_FOR[kind])
    return counts


def _count_events(events: list[Happened], marked: set[int | str], meant: frozenset[Act]) -> Count:
    found = Count()
    for event in events:
        key = event.what.seq if isinstance(event.what, RatingSeen) else event.what.visit_id
        is_marked, is_meant = key in marked, event.act in meant
        found.marked += is_marked
        found.rightly += is_marked and event.act not in HONEST
        found.meant += is_meant
        found.meant_marked += is_marked and is_meant
        if is_marked and event.act in HONEST:
            found.mistaken_for[event.act] += 1
    return found


def _count_reviews(
    window: Window, events: list[Happened], marked: set[int | str], limits: Suspicion
) -> Count:
    """One case is one clerk in one review, if there are ratings enough of theirs."""
    found, size = Count(), of_clerk.review_size(limits)
    ratings = [event.what for event in events if isinstance(event.what, RatingSeen)]
    for start in range(0, len(ratings) - size + 1, size):
        reviewed = ratings[start : start + size]
        for clerk in window.clerks:
            own = [each.seq for each in reviewed if each.staff_number == clerk]
            is_marked, is_meant = not marked.isdisjoint(own), clerk == window.pressing_clerk
            if len(own) < limits.unlike_least:
                continue
            found.marked += is_marked
            found.rightly += is_marked and is_meant
            found.meant += is_meant
            found.meant_marked += is_marked and is_meant
            if is_marked and not is_meant:
                found.mistaken_for[Act.HONEST] += 1
    return found
