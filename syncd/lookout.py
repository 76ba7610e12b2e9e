"""The look for suspicious patterns: at what is new since the last one, at an interval, in small portions.

It reads ratings and writes flags; delivery knows nothing of it. What is new is judged once, by the
rules of :mod:`pad.suspicion`. A look that was interrupted is repeated, and marks nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from pad.clock import Anchor
from pad.keys import SecretError
from pad.ledger.connection import LedgerError, LedgerUnwritable
from pad.ledger.flags import FlagBook
from pad.ledger.outbox import Outbox
from pad.model import Instant
from pad.settings import Suspicion
from pad.suspicion import at_rating, at_visit, of_clerk
from pad.suspicion.signs import Finding, Moment, RatingSeen, VisitCutShort, VisitForestalled, shown_s
from pad.working_days import is_working_day
from syncd import times
from syncd.card_memory import CardMemory
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.lookout")

PORTION: Final = 500
"""Ratings, or invitations, judged together: some milliseconds."""
PORTIONS_A_LOOK: Final = 4
"""An old ledger is caught up with over hours rather than at the cost of what is delivered now."""
WRITTEN_EVERY: Final = 200
"""How far a look got is written after so many ratings without a finding: a write wears the flash, and
a restart that looks at them again marks nothing twice."""


class Lookout:
    """Looks when told to. It has its own connection and holds no transaction while it judges."""

    def __init__(
        self,
        limits: Suspicion,
        ledger: LedgerFile,
        clock: PlatformClock,
        cards: CardMemory,
        works_on: Callable[[date], bool | None] = is_working_day,
    ) -> None:
        self._limits = limits
        self._ledger = ledger
        self._clock = clock
        self._cards = cards
        self._works_on = works_on
        self._known: Outbox | None = None
        self._seq = self._written = 0
        self._trouble = False

    def look(self) -> None:
        """Look at what is new; whatever is in the way, the next look is the remedy."""
        try:
            outbox = self._ledger.outbox()
            book = FlagBook(self._ledger.connection())
            if outbox is not self._known:
                self._seq = self._written = book.looked_to()
                self._known = outbox
            now = self._clock.read()
            self._look_at_visits(book, now, outbox.anchors)
            self._look_at_phones(book, now)
            for _ in range(PORTIONS_A_LOOK):
                if not self._look_at_ratings(book, now, outbox.anchors):
                    break
            self._trouble = False
        except (LedgerError, SecretError) as error:
            if isinstance(error, LedgerUnwritable):
                self._let_go()
            self._tell(str(error))
        except Exception as error:
            # a fault of ours, and no reason to end: the delivery does not need this
            self._tell(f"unexpected {type(error).__name__}")

    def _let_go(self) -> None:
        """Open the ledger anew: what was opened while it could only be read never writes it."""
        with suppress(LedgerError):
            self._ledger.close()

    def _tell(self, why: str) -> None:
        if not self._trouble:
            _log.warning("%s; suspicious patterns are looked for again later", why)
        self._trouble = True

    def _look_at_ratings(
        self, book: FlagBook, now: Instant, anchors: Callable[[], dict[str, Anchor]]
    ) -> bool:
        """Judge the next portion; whether another may be there."""
        lead = self._limits.burst_count - 1
        first = max(1, self._seq + 1 - lead)
        most = self._seq + 1 - first + PORTION
        true_time = _Truth(now, anchors)
        seen = [
            replace(each, card_mark=each.card_mark or self._cards.mark_of(each.seq))
            for each in book.ratings(first, most, true_time)
        ]
        findings: list[Finding] = []
        at_seq = self._seq
        for number, rating in enumerate(seen):
            if rating.seq <= self._seq:
                continue
            if self._limits.opening_hours and true_time.may_yet_be_known(rating.moment):
                break  # it waits, and those behind it, as their delivery does
            recent = seen[max(0, number - lead) : number + 1]
            findings += self._judge(book, recent, true_time)
            at_seq = rating.seq
        if findings or at_seq - self._written >= WRITTEN_EVERY:
            book.write(findings, now, self._clock.best(), looked_to=at_seq)
            self._written = at_seq
        more = at_seq > self._seq and len(seen) == most
        self._seq = at_seq
        return more

    def _judge(self, book: FlagBook, seen: Sequence[RatingSeen], true_time: _Truth) -> Iterator[Finding]:
        rating, limits = seen[-1], self._limits
        found = [
            at_rating.burst(seen, limits),
            at_rating.fast(rating, limits),
            at_rating.outside_hours(rating, limits, self._works_on),
        ]
        if rating.card_mark is not None:
            remembered = self._cards.uses_of(rating.card_mark)
            uses = book.uses_of_card(rating.card_mark, remembered, rating.seq, true_time)
            found.append(at_rating.same_card(uses, limits))
        yield from (each for each in found if each is not None)
        size = of_clerk.review_size(limits)
        if rating.seq % size == 0:
            yield from of_clerk.review(book.ratings(rating.seq - size + 1, size, true_time), limits)

    def _look_at_visits(self, book: FlagBook, now: Instant, anchors: Callable[[], dict[str, Anchor]]) -> None:
        true_time = _Truth(now, anchors)
        for ended in book.newly_ended(PORTION):
            visit = VisitCutShort(
                ended.visit_id,
                Moment(ended.opened, true_time(ended.opened)),
                ended.staff_number,
                shown_s(ended.opened, ended.ended_wall, now),
            )
            finding = None
            if at_visit.was_looked_at(visit, self._limits):
                before = book.cut_short_before(ended.n, ended.staff_number, true_time)
                finding = at_visit.cancelled_after_look((*before, visit), self._limits)
            book.write(
                () if finding is None else (finding,),
                now,
                self._clock.best(),
                shown_s={ended.n: visit.shown_s},
            )

    def _look_at_phones(self, book: FlagBook, now: Instant) -> None:
        for ended in book.newly_forestalled(PORTION):
            visit = VisitForestalled(ended.visit_id, shown_s(ended.opened, ended.ended_wall, now))
            book.write((at_visit.phone_while_rating(visit),), now, self._clock.best())


class _Truth:
    """When things truly were, as far as is known now; anchors are read once, and only where one is needed."""

    def __init__(self, now: Instant, anchors: Callable[[], dict[str, Anchor]]) -> None:
        self._now = now
        self._read = anchors
        self._anchors: dict[str, Anchor] | None = None

    def __call__(self, then: Instant) -> datetime | None:
        if self._anchors is None and not then.trusted:
            self._anchors = self._read()
        return times.true_time(then, self._now, self._anchors or {})

    def may_yet_be_known(self, moment: Moment) -> bool:
        """Whether the platform or NTP may still tell it: it is of this boot, and nothing has so far."""
        return moment.true is None and moment.at.boot_id == self._now.boot_id
