"""Tells one target of every bad rating, in a thread of its own: another target's trouble is not its own."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

from pad import working_days
from pad.indicators import Catalogue
from pad.keys import SecretError
from pad.ledger.alerts import AlertBook, Untold
from pad.ledger.connection import LedgerError, LedgerUnwritable
from pad.ledger.outbox import Outbox
from pad.model import CHINA_TIME
from pad.settings import Settings
from syncd import times
from syncd.alerting import policy
from syncd.alerting.base import Answer, Target, Told
from syncd.alerting.message import BadRating, Message, message
from syncd.alerting.policy import Course, Decision
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.alerts")

RETRY_S: Final = 5.0
"""A ledger that is missing, locked or on a full disk is looked at again so often."""
TOGETHER_MAX: Final = 50
"""Ratings looked at for one message; more never fit."""


class Teller:
    """For one target. :meth:`run` is its thread; :meth:`nudge` and :meth:`stop` come from others."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        catalogue: Catalogue,
        clock: PlatformClock,
        number: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._target = target
        self._catalogue = catalogue
        self._clock = clock
        self._number = number
        self._ledger = LedgerFile(settings.state_dir, settings.ledger_path)
        self._known: Outbox | None = None
        self._book: AlertBook | None = None
        self._from_here = settings.ledger_path.exists()
        self._put_off: dict[int, float] = {}
        self._held: Callable[[AlertBook], None] | None = None
        self._course = Course()
        self._spoken: deque[float] = deque(maxlen=target.per_minute)
        self._rung = threading.Event()
        self._stopped = threading.Event()
        self._trouble: str | None = None

    def nudge(self) -> None:
        """Look at the ledger now, unless a wait is on."""
        self._rung.set()

    def stop(self) -> None:
        """End; what is under way counts as perhaps told, unless the target has said that it has it."""
        self._stopped.set()
        self._rung.set()
        self._target.abort()

    def run(self) -> None:
        """Tell until :meth:`stop`."""
        while not self._stopped.is_set():
            self._rung.clear()
            if self._stopped.is_set():
                break  # its ring may just have been cleared
            wait_s = self._guarded_step()
            if wait_s is None:
                self._rung.wait(self._put_off_s())
            elif wait_s > 0:
                self._stopped.wait(wait_s)
        self._target.close()
        self._ledger.close()

    def step(self) -> float | None:
        """Tell one message, at most.

        :returns: how many seconds to wait before the next step; None if nothing is to be told now
        :raises LedgerError: if the ledger cannot be read or written
        :raises SecretError: if it has no key
        """
        book, outbox = self._opened()
        self._write_held(book)
        book.enlist()
        now = time.monotonic()
        self._put_off = {seq: until for seq, until in self._put_off.items() if until > now}
        untold = book.untold(1 if self._course.refused else TOGETHER_MAX, self._put_off)
        if not untold:
            return None
        silence_s = policy.may_speak_in_s(tuple(self._spoken), now, self._target.per_minute)
        if silence_s > 0:
            return silence_s
        said = self._message(outbox, untold, behind=book.count() - len(untold) - len(self._put_off))
        together = untold[: said.count]
        seqs = [each.rating.seq for each in together]
        book.telling(seqs)
        self._spoken.append(time.monotonic())
        key = f"{together[0].rating.id}.{said.count}"
        answer = self._target.tell(said.subject, said.text, key)
        if self._stopped.is_set() and not isinstance(answer, Told):
            return None
        decision = self._decide(answer, alone=len(together) == 1)
        if decision.put_off_s:
            self._put_off |= dict.fromkeys(seqs, time.monotonic() + decision.put_off_s)
        self._held = self._outcome(together, decision)
        self._write_held(book)
        return decision.wait_s

    def _put_off_s(self) -> float | None:
        """When the first of those that may have arrived is due again; None if there are none."""
        return max(0.0, min(self._put_off.values()) - time.monotonic()) if self._put_off else None

    def _outcome(self, together: Sequence[Untold], decision: Decision) -> Callable[[AlertBook], None]:
        """What is to be written after a telling."""
        seqs, now = [each.rating.seq for each in together], self._clock.best()
        if decision.told:
            return lambda book: book.told(seqs, now)
        doubt = decision.may_have_arrived or any(each.may_have_arrived for each in together)
        again_at = now + timedelta(seconds=max(decision.wait_s, decision.put_off_s))
        return lambda book: book.not_told(seqs, None if doubt else decision.why, again_at)

    def _write_held(self, book: AlertBook) -> None:
        """Nothing else is told before what became of the last telling is written: it would be told again."""
        if self._held is not None:
            self._held(book)
            self._held = None

    def _opened(self) -> tuple[AlertBook, Outbox]:
        """The ledger that is there now; in one that came while we run, nothing is from before."""
        outbox = self._ledger.outbox()
        if self._book is None or outbox is not self._known:
            book = AlertBook(self._ledger.connection(), self._target.name)
            book.begin(self._clock.read(), from_here=self._from_here)
            self._book, self._known, self._from_here = book, outbox, False
        return self._book, outbox

    def _message(self, outbox: Outbox, untold: Sequence[Untold], behind: int) -> Message:
        now, anchors = self._clock.read(), outbox.anchors()
        days = self._settings.alerts.deadline_working_days
        told = []
        for each in untold:
            rating = each.rating
            timed = times.assess_time(rating, now, anchors, partial(outbox.known_bounds, rating.seq))
            at = None if timed is None else timed.at.astimezone(CHINA_TIME)
            told.append(
                BadRating(
                    id=rating.id,
                    level=rating.level,
                    window=rating.win_no or self._settings.pad.win_no,
                    task=rating.task_name,
                    step=rating.service_name,
                    at=at,
                    time_uncertain=timed is not None and timed.uncertain,
                    reasons=tuple(self._catalogue.text(code) or code for code in rating.indicators),
                    commented=bool(rating.comment),
                    deadline=None if at is None else working_days.deadline(at.date(), days),
                    may_have_arrived=each.may_have_arrived,
                )
            )
        return message(self._settings.pad.hall_name, told, days, self._target.bytes_max, behind)

    def _decide(self, answer: Answer, *, alone: bool) -> Decision:
        decision = policy.decide(self._course, answer, self._number, alone=alone)
        self._course = decision.course
        if decision.alarm:
            _log.error("%s: %s; bad ratings wait, see padctl alerts test", self._target.name, decision.why)
            self._trouble = decision.why
        else:
            self._tell(decision.why)
        return decision

    def _guarded_step(self) -> float | None:
        try:
            return self.step()
        except (LedgerError, SecretError) as error:
            if isinstance(error, LedgerUnwritable):
                self._let_go()
            self._tell(str(error))
        except Exception as error:
            # a fault of ours; what its text says may be of a person, or a secret address
            self._tell(f"unexpected {type(error).__name__}")
        return RETRY_S

    def _let_go(self) -> None:
        """Open the ledger anew: what was opened while it could only be read never writes it."""
        with suppress(LedgerError):
            self._ledger.close()

    def _tell(self, why: str | None) -> None:
        """Log that it begins to fail, and that it goes again; nothing in between."""
        if why is not None and self._trouble is None:
            _log.warning("%s: %s; bad ratings wait and are told later", self._target.name, why)
        if why is None and self._trouble is not None:
            _log.info("%s: bad ratings are told again", self._target.name)
        self._trouble = why
