"""One step of the delivery: take what waits next, submit it, write down what became of it.

What is written before sending (batch, time, attempt) and after it is one transaction each, and
none is open while the platform is spoken to. An outcome that cannot be written is held until
it can; nothing else is sent before.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from pad.clock import AnchorSource
from pad.keys import SecretError
from pad.ledger.connection import LedgerError, LedgerUnwritable
from pad.ledger.outbox import Outbox, Waiting
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, iso_time
from pad.sealing import SealError
from pad.settings import Settings
from syncd import policy, their_clock, times
from syncd.card_memory import CardMemory
from syncd.ledger_file import LedgerFile
from syncd.outage import Outage
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Answer, NoAnswer, Parcel, Platform, Seen, Trouble
from syncd.policy import Batch, Decision, Fate, Line, Lots
from syncd.tally import Tally
from syncd.their_clock import TheirClock

_log = logging.getLogger("syncd.delivery")

PASSED_BY_MAX = 8
"""Records passed by at a time; if more of them fail it is the platform, not they."""
WORDS_MAX = 500
"""Characters kept of what a platform says of a record."""
SLOW = "platform_clock_slow"
"""The journal's word for it, once each time it begins."""
_UNTIMED = NoAnswer("the true time is not known: no NTP, and the platform has not told it")


@dataclass(frozen=True, slots=True)
class Load:
    """What goes together now: parcels, their deliveries as of this attempt, and those left behind."""

    batch: Batch
    parcels: tuple[Parcel, ...]
    deliveries: tuple[Delivery, ...]
    left: tuple[Delivery, ...]
    unopened: tuple[int, ...]
    early: datetime | None = None
    """The time of the first that is left behind because the platform's clock has not come to it."""

    @property
    def is_new_and_alone(self) -> bool:
        """One record that was never tried: there is nothing yet that a restart would have to know."""
        return self.batch.alone and self.deliveries[0].attempts == 1 and not self.left


class Uploader:
    """Delivers step by step. For one thread; only :meth:`abandon` may come from another.

    ``changed`` is called when the line goes down or is up again.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: LedgerFile,
        platform: Platform,
        clock: PlatformClock,
        lots: Lots,
        cards: CardMemory | None = None,
    ) -> None:
        self._rules = settings.sync
        self._purges_at_once = settings.ledger.rater_retention_days == 0
        self._ledger = ledger
        self._platform = platform
        self._clock = clock
        self._lots = lots
        self._cards = cards
        self._known: Outbox | None = None
        self._line = Line(batch=settings.sync.batch)
        self._outage = Outage()
        self._held: list[Callable[[Outbox], None]] = []
        self._passed_by: dict[int, float] = {}
        self._suspects: set[int] = set()
        self._theirs = TheirClock(clock)
        self._waits_for_it: str | None = None
        self._waits_for_time = False
        self._abandoned = False
        self.refused = 0
        self.tally = Tally()
        self.changed: Callable[[], None] = lambda: None

    @property
    def why(self) -> str | None:
        """Why ratings wait at present; None while the line is up and none waits for the platform's clock."""
        return self._outage.why or self._waits_for_it

    @property
    def is_up(self) -> bool:
        """Whether the last attempt brought an answer that counts; also before the first."""
        return not self._line.is_down

    @property
    def due_s(self) -> float | None:
        """In how many seconds the first of those that are passed by is due; None if there are none."""
        now, early_s = self._monotonic_s(), self._theirs.next_s()
        waits = [until - now for until in self._passed_by.values()]
        first_s = min((*waits, *(() if early_s is None else (early_s,))), default=None)
        return None if first_s is None else max(0.0, first_s)

    @property
    def was_told_the_time(self) -> bool:
        """Whether the wait that is on is for the true time alone, and somebody has told it by now."""
        if not self._waits_for_time:
            return False
        with suppress(LedgerError, SecretError):
            self._hear_technician(self._ledger.outbox())
        return self._clock.now() is not None

    def abandon(self) -> None:
        """Stop waiting for the platform: what is under way counts as not yet sent."""
        self._abandoned = True
        self._platform.abort()

    def step(self) -> float | None:
        """Deliver one batch, at most.

        :returns: how many seconds to wait before the next step, whoever rings, unless it is for the time
            (:attr:`was_told_the_time`); None if nothing is to be sent until somebody rings, or until what
            is passed by is due (:attr:`due_s`)
        :raises LedgerError: if the ledger cannot be read or written; nothing is lost by it
        """
        try:
            return self._step(self._ledger.outbox())
        except LedgerUnwritable:
            self._ledger.close()  # what does not take it may be another disk the next time
            raise

    def _step(self, outbox: Outbox) -> float | None:
        if outbox is not self._known:
            self._clock.learn(outbox.anchors())
            self._known = outbox
        self._write_held(outbox)
        self._waits_for_it, self._waits_for_time = None, False
        waiting = outbox.next_batch(self._line.limit, self._passing_by())
        unheard = self._seek_time(outbox)
        self._write_held(outbox)
        if not waiting:
            self._waits_for_it = None if self._theirs.next_s() is None else self._theirs.why
            return None
        load = self._load(outbox, waiting)
        if load.early is not None and not load.parcels:
            return self._hold(outbox, waiting[0].delivery, load.early)
        if not load.parcels:
            self._waits_for_time = True
            return self._decide(load, unheard or _UNTIMED).wait_s
        if not load.is_new_and_alone:
            outbox.record((*load.deliveries, *load.left))
        answer = self._submit(load)
        if self._abandoned:
            return 0.0
        decision = self._decide(load, answer)
        self._observe(outbox, answer.seen)
        self._write_held(outbox)
        return decision.wait_s

    def _monotonic_s(self) -> float:
        return self._clock.read().monotonic_ns / 1e9

    # --- before ---------------------------------------------------------------------------

    def _passing_by(self) -> tuple[int, ...]:
        now = self._monotonic_s()
        self._passed_by = {seq: until for seq, until in self._passed_by.items() if until > now}
        return (*self._passed_by, *self._theirs.passing_by())

    def _hold(self, outbox: Outbox, front: Delivery, at: datetime) -> float:
        """Send nothing before the platform's clock has come to the front's time; its row says why it waits.

        The clock is looked at meanwhile: somebody may set it.
        """
        if self._theirs.heard_ago_s >= self._rules.interval_s:
            self._observe(outbox, self._platform.look_at_clock().seen)
        wait_s = max(0.0, min(self._theirs.until_s(at), self._rules.interval_s))
        self._waits_for_it = why = self._theirs.why
        if wait_s and front.last_error != why:
            again_at = iso_time(self._clock.best() + timedelta(seconds=self._theirs.until_s(at)))
            outbox.record([replace(front, last_error=why, next_attempt_at=again_at)])
        return wait_s

    def _seek_time(self, outbox: Outbox) -> NoAnswer | None:
        """Have the platform tell the time if nobody else does; what kept it from answering, if so."""
        self._hear_technician(outbox)
        if self._clock.now() is not None:
            return None
        heard = self._platform.look_at_clock()
        if isinstance(heard, NoAnswer):
            return replace(heard, trouble=Trouble.LINE)
        self._observe(outbox, heard.seen)
        return None

    def _hear_technician(self, outbox: Outbox) -> None:
        """Take over what a technician told, also in the place of what was told before."""
        now = self._clock.read()
        if now.trusted:
            return
        told = outbox.anchor(now.boot_id)
        known = self._clock.anchors.get(now.boot_id)
        if told is not None and told != known and (known is None or told.source is AnchorSource.TECHNICIAN):
            self._clock.learn(outbox.anchors())

    def _observe(self, outbox: Outbox, seen: Seen | None) -> None:
        self._theirs.hear(seen)
        anchor = self._clock.observe(seen, outbox.last_trusted)
        if anchor is not None:
            self._held.append(lambda ledger: ledger.set_anchor(anchor))

    def _load(self, outbox: Outbox, waiting: Sequence[Waiting]) -> Load:
        """As many as may go together and whose time is known, from the front."""
        parcels: list[Parcel] = []
        unopened = []
        early = None
        now = self._clock.read()
        for each in waiting[: self._line.limit]:
            seq = each.rating.seq
            bounds = partial(outbox.known_bounds, seq)
            timed = times.assess_time(each.rating, now, self._clock.anchors, bounds)
            if timed is None:
                break
            if self._theirs.holds(timed.at):
                early = timed.at
                break
            try:
                rater = outbox.rater(each.rating)
            except SealError:
                rater = Rater()
                unopened.append(seq)
            parcels.append(Parcel(each.rating, rater, timed.at, timed.uncertain))
        stored = waiting[0].delivery.batch
        whole = stored is not None and len(parcels) == len(waiting)
        batch_id = stored if stored is not None and whole else self._lots.batch_id()
        left_id = self._lots.batch_id()
        return Load(
            batch=Batch(batch_id, tuple(parcel.rating.id for parcel in parcels)),
            parcels=tuple(parcels),
            deliveries=tuple(
                replace(
                    each.delivery,
                    attempts=each.delivery.attempts + 1,
                    batch=batch_id,
                    sent_assess_time=iso_time(parcel.assess_time),
                    time_uncertain=parcel.time_uncertain,
                )
                for each, parcel in zip(waiting, parcels, strict=False)
            ),
            left=tuple(
                replace(each.delivery, batch=left_id)
                for each in waiting[len(parcels) :]
                if stored is not None
            ),
            unopened=tuple(unopened),
            early=early,
        )

    def _submit(self, load: Load) -> Answer:
        try:
            return self._platform.submit(load.batch.id, load.parcels)
        except Exception as error:
            # whatever it is, the next attempt is the remedy; its text may quote what was to be sent
            return NoAnswer(f"unexpected {type(error).__name__} while sending", Trouble.CHOKED)

    # --- after ----------------------------------------------------------------------------

    def _decide(self, load: Load, answer: Answer) -> Decision:
        """What follows from an answer; what is to be written is held until it is."""
        was_down = self._line.is_down
        early = their_clock.early(load.parcels, answer.seen)
        decision = policy.decide(
            self._line, load.batch, answer, self._rules, self._lots, early, suspect=self._is_suspect(load)
        )
        self._line = decision.line
        self._learn_of_their_clock(load, decision, early, answer.seen)
        if load.parcels:
            self._held.append(self._outcome(load, decision))
        self._pass_by(load, decision)
        self._outage.tell(decision)
        if load.parcels:
            self.tally.count(answer, alone=load.batch.alone)
        if self._line.is_down is not was_down:
            self.changed()
        return decision

    def _is_suspect(self, load: Load) -> bool:
        """Whether it was passed by before, and may be again."""
        is_known = load.batch.alone and load.deliveries[0].seq in self._suspects
        return is_known and len(self._passed_by) < PASSED_BY_MAX

    def _pass_by(self, load: Load, decision: Decision) -> None:
        """Who is passed by once is suspect until it is settled."""
        self._suspects -= {
            each.seq
            for each, fate in zip(load.deliveries, decision.fates, strict=True)
            if fate.state is not DeliveryState.PENDING
        }
        if decision.pass_by_s and len(self._passed_by) < PASSED_BY_MAX:
            seq = load.deliveries[0].seq
            self._passed_by[seq] = self._monotonic_s() + decision.pass_by_s
            self._suspects.add(seq)

    def _learn_of_their_clock(
        self, load: Load, decision: Decision, early: frozenset[str], seen: Seen | None
    ) -> None:
        """What was refused early waits; what was taken early shows that the platform does not mind."""
        self._theirs.hear(seen)
        was_slow = self._theirs.is_slow
        sent = list(zip(load.parcels, decision.fates, strict=True))
        refused = [(parcel.rating.seq, parcel.assess_time) for parcel, fate in sent if fate.early]
        self._theirs.judge(
            refused,
            taken=any(
                fate.state is DeliveryState.ACKNOWLEDGED and parcel.rating.id in early
                for parcel, fate in sent
            ),
        )
        for seq, _at in refused:
            _log.info("rating %d is refused, and its time is ahead of the platform's clock; it waits", seq)
        if self._theirs.is_slow and not was_slow:
            _log.warning("%s", self._theirs.why)
            slow, moment = {"slow_s": round(self._theirs.slow_s)}, self._clock.read()
            self._held.append(lambda outbox: outbox.note(SLOW, moment, dict(slow)))

    def _outcome(self, load: Load, decision: Decision) -> Callable[[Outbox], None]:
        """What is to be written after an attempt: the fates, what is purged with them, a note."""
        now, moment = self._settled_at(load), self._clock.read()
        again_at = iso_time(now + timedelta(seconds=decision.wait_s))
        after = [
            _after(delivery, fate, decision.why, iso_time(now), again_at)
            if not fate.early
            else replace(
                delivery,
                batch=fate.batch,
                last_error=policy.EARLY,
                next_attempt_at=iso_time(now + timedelta(seconds=self._theirs.until_s(parcel.assess_time))),
            )
            for parcel, delivery, fate in zip(load.parcels, load.deliveries, decision.fates, strict=True)
        ]
        forgotten = [
            parcel.rating.id
            for parcel, delivery in zip(load.parcels, after, strict=True)
            if delivery.state is DeliveryState.ACKNOWLEDGED and parcel.rating.rater_sm3
        ]
        kind, detail = None, dict[str, object]()
        if decision.alarm:
            kind, detail = "credentials_refused", {"why": decision.why}
        elif unopened := [
            each.seq
            for each in after
            if each.seq in load.unopened and each.state is not DeliveryState.PENDING
        ]:
            kind, detail = "sent_without_rater", {"seq": unopened, "why": "the sealed data do not open"}
        self._count_refused(after)

        forget = forgotten if self._purges_at_once else []

        def write(outbox: Outbox) -> None:
            if forget and self._cards is not None:
                self._cards.remember(outbox.card_marks(forget))
            outbox.record(
                after,
                forget=forget,
                note=(kind, moment, detail) if kind is not None else None,
            )

        return write

    def _settled_at(self, load: Load) -> datetime:
        """Now; by a clock that is not known to be right at least not before what was just sent.

        A clock in 1970 would have everything it settles leave the ledger as soon as it is known better.
        """
        now = self._clock.best()
        if self._clock.now() is not None:
            return now
        return max((now, *(parcel.assess_time for parcel in load.parcels)))

    def _count_refused(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            if each.state is DeliveryState.REFUSED:
                self.refused += 1
                _log.warning(
                    "rating %d is refused by the platform (code %s); its words: padctl status, "
                    "after mending: padctl retry %d",
                    each.seq, each.platform_code or "none", each.seq,
                )  # fmt: skip

    def _write_held(self, outbox: Outbox) -> None:
        """Write what is held, oldest first; it stays held while the disk does not take it."""
        while self._held:
            try:
                self._held[0](outbox)
            except sqlite3.IntegrityError:
                _log.error("an outcome names a rating that this ledger does not hold (any more); dropped")
            self._held.pop(0)


def _after(delivery: Delivery, fate: Fate, why: str | None, now: str, again_at: str) -> Delivery:
    if fate.state is DeliveryState.PENDING:
        return replace(delivery, batch=fate.batch, last_error=why, next_attempt_at=again_at if why else None)
    return replace(
        delivery,
        state=fate.state,
        receipt=_words(fate.receipt),
        platform_code=_words(fate.code),
        platform_message=_words(fate.message),
        settled_at=now,
        last_error=None,
        next_attempt_at=None,
    )


def _words(text: str | None) -> str | None:
    """A platform's words, cut, and of characters that can be stored."""
    return None if text is None else text[:WORDS_MAX].encode(errors="replace").decode()
