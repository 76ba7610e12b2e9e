"""What to do after an answer: a pure function, the whole of design §5's table.

Law: everything that decides whether, when and in what company a rating is sent again is in
this file. It has no clock, no disk and no network; chance comes in as a function. Every
member of a batch leaves it either settled or pending; no level, comment or person is known
here, so none can be treated differently.

The table is in :func:`decide`. Three things are worth a word:

- An answer for a whole array names no record. The array is split until the record it was about
  stands alone; then the same answer settles it. Nothing of a refused array was stored, so the
  parts may be sent again.
- No answer keeps a batch together, so that an answer lost once costs one repetition and not
  many. But what fails again and again *after reaching the platform* may be at fault itself: too
  much for the time limit, or a record the platform's own program fails over (HTTP 500). Such a
  batch is split, and a record that stands alone and has done so for a minute is passed by for
  a while, so that it blocks nobody behind it. From then on it is *suspect*: when the platform fails
  over it again it is passed by at once, and the others wait as after a first failure.
- A record that is refused while its time, which is the true one, lies ahead of what the platform's own
  clock shows with the refusal is *early*: it stays pending and is judged when that clock has come to it.
  Who is refused then is refused for what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pad.model import DeliveryState
from pad.settings import Sync
from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    Itemised,
    NoAnswer,
    Outcome,
    Result,
    Throttled,
    TooLarge,
    Trouble,
    WholeAccepted,
    WholeDuplicate,
    WholeRefused,
)

DOUBLINGS_MAX: Final = 32
"""Doubling stops here: 1 s doubled so often is over a century, and any cap is reached before."""
STUMBLES_BEFORE_SPLIT: Final = 2
"""One lost answer is chance and keeps its batch together; the second in a row is not."""
PASS_BY_AFTER_S: Final = 60.0
"""Back-off spent on HTTP 500 before a lone record is suspected: a server restarts in less."""
EARLY: Final = "refused, and its time is ahead of what the platform's clock shows"
"""Why a record waits that was refused early."""
GROWTH: Final = 4
"""After a success a halved batch grows by a quarter (at least one), so that it does not swing."""

YOUNG_S: Final = 180.0
"""A daemon starts with its machine by then, and not because somebody told it to."""
FIRST_BULLETIN_S: Final = 2.0
"""After a start: ratings and the heartbeat go first."""
BULLETIN_SPREAD_S: Final = 600.0
"""A city's pads that started together ask for the bulletin over so long, an hour apart thereafter."""


@dataclass(frozen=True, slots=True)
class Lots:
    """What is drawn and not decided: numbers from 0 up to 1, and names for new batches."""

    number: Callable[[], float]
    batch_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Line:
    """What is remembered from one attempt to the next; a new daemon begins with a fresh one."""

    batch: int
    failures: int = 0
    stumbles: int = 0
    stumbled_s: float = 0.0
    credentials_refused: bool = False

    @property
    def limit(self) -> int:
        """How many records may go together next."""
        return 1 if self.credentials_refused else self.batch

    @property
    def is_down(self) -> bool:
        """Whether the last attempt brought no answer that counts."""
        return self.failures > 0 or self.credentials_refused


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one member; for a pending one, the batch it goes with next.

    ``early``: it was refused before its time, and waits until the platform's clock has come to it.
    """

    state: DeliveryState
    batch: str | None = None
    early: bool = False
    receipt: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an answer: a fate for each member, the line after it, and when to go on."""

    line: Line
    fates: tuple[Fate, ...]
    wait_s: float = 0.0
    why: str | None = None
    alarm: bool = False
    pass_by_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What was sent together: its id, and its members' rating ids in ``seq`` order."""

    id: str
    members: tuple[str, ...]

    @property
    def alone(self) -> bool:
        """Whether an answer for the whole is an answer for the one record."""
        return len(self.members) == 1


def decide(
    line: Line,
    batch: Batch,
    answer: Answer,
    rules: Sync,
    lots: Lots,
    early: Collection[str] = (),
    *,
    suspect: bool = False,
) -> Decision:
    """The decision after an answer.

    :param early: those of the members whose time is ahead of what the platform's clock showed with it
    :param suspect: whether it is a record alone that was passed by before
    """
    up = replace(line, failures=0, stumbles=0, stumbled_s=0.0)
    known = replace(up, credentials_refused=False)
    match answer:
        case WholeAccepted(receipt=receipt):
            return Decision(_grown(known, rules), _all(batch, _acknowledged(receipt)))
        case WholeDuplicate() if batch.alone:
            return Decision(_grown(known, rules), _all(batch, _acknowledged(None)))
        case WholeRefused(message=message, code=code) if batch.alone:
            is_early = batch.members[0] in early
            return Decision(known, _all(batch, _early(batch.id) if is_early else _refused(code, message)))
        case WholeDuplicate() | WholeRefused():
            return Decision(known, _regrouped(batch, _half(batch), lots))
        case Itemised(results=results):
            return _itemised(line, known, batch, results, rules, lots, early)
        case TooLarge() if batch.alone:
            return Decision(up, _all(batch, _refused("413", "HTTP 413: too large even alone")))
        case TooLarge():
            limit = _half(batch)
            return Decision(replace(up, batch=min(line.batch, limit)), _regrouped(batch, limit, lots))
        case Throttled(why=why, retry_after_s=asked_s):
            limit = _less(line, batch)
            fates = _regrouped(batch, limit, lots)
            return _back_off(replace(_steady(line), batch=limit), fates, why, asked_s, rules, lots)
        case CredentialsRefused(why=why):
            refused, alarm = replace(up, credentials_refused=True), not line.credentials_refused
            return Decision(refused, _kept(batch), rules.refused_probe_s, why, alarm=alarm)
        case NoAnswer():
            return _unanswered(line, batch, answer, rules, lots, suspect=suspect)


def first_attempt_after_s(rules: Sync, lots: Lots, *, failed_before: bool) -> float:
    """How long a daemon that starts waits: only what an outage left behind is spread over time."""
    return lots.number() * rules.reconnect_spread_s if failed_before else 0.0


def first_beat_after_s(rules: Sync, lots: Lots, *, up_s: float) -> float:
    """When a daemon that starts beats first: at once, unless a whole city may have had its power back.

    The interval begins with the first beat, so that those of a city that started together would fall
    together for good.

    :param up_s: how long the machine has been up, in seconds
    """
    return lots.number() * rules.heartbeat_s if up_s < YOUNG_S else 0.0


def first_bulletin_after_s(lots: Lots, *, up_s: float) -> float:
    """When a daemon that starts asks for the bulletin first; the one on disk is shown meanwhile."""
    return FIRST_BULLETIN_S + (lots.number() * BULLETIN_SPREAD_S if up_s < YOUNG_S else 0.0)


def backoff_s(failures: int, rules: Sync, lots: Lots) -> float:
    """Full jitter: anything up to the first wait, doubled for each further failure, up to the cap."""
    ceiling = rules.backoff_first_s * 2.0 ** min(failures - 1, DOUBLINGS_MAX)
    return lots.number() * min(ceiling, rules.backoff_cap_s)


def pause_s(failures: int, asked_s: float | None, rules: Sync, lots: Lots) -> float:
    """How long to wait after so many failures; what the platform asks for (Retry-After) is the least.

    A platform that closes for maintenance tells a whole city the same moment. Up to as long again
    is waited, at most the back-off's cap, so that the city does not come back in one second.
    """
    least_s = min(asked_s or 0.0, rules.retry_after_cap_s)
    spread_s = lots.number() * min(least_s, rules.backoff_cap_s)
    return max(least_s + spread_s, backoff_s(failures, rules, lots))


def _back_off(
    line: Line, fates: tuple[Fate, ...], why: str, asked_s: float | None, rules: Sync, lots: Lots
) -> Decision:
    """Everybody waits."""
    failures = line.failures + 1
    return Decision(replace(line, failures=failures), fates, pause_s(failures, asked_s, rules, lots), why)


def _suspected(line: Line, batch: Batch, answer: NoAnswer, rules: Sync, lots: Lots) -> Decision:
    """It choked on it again, which says nothing of the others: they wait as after a first failure."""
    wait_s = pause_s(1, answer.retry_after_s, rules, lots)
    failed = replace(line, failures=max(1, line.failures))
    return Decision(failed, _kept(batch), wait_s, answer.why, pass_by_s=wait_s + rules.backoff_cap_s)


def _unanswered(
    line: Line, batch: Batch, answer: NoAnswer, rules: Sync, lots: Lots, *, suspect: bool
) -> Decision:
    """Back off; and where the platform was reached and failed over this request, is it the request?"""
    if answer.trouble is Trouble.LINE:
        return _back_off(_steady(line), _kept(batch), answer.why, answer.retry_after_s, rules, lots)
    if suspect and answer.trouble is Trouble.CHOKED:
        return _suspected(line, batch, answer, rules, lots)
    stumbles = line.stumbles + 1
    splits = stumbles >= STUMBLES_BEFORE_SPLIT and not batch.alone
    fates = _regrouped(batch, _half(batch), lots) if splits else _kept(batch)
    waiting = _back_off(line, fates, answer.why, answer.retry_after_s, rules, lots)
    stumbled_s = line.stumbled_s + waiting.wait_s
    passed_by = batch.alone and answer.trouble is Trouble.CHOKED and stumbled_s >= PASS_BY_AFTER_S
    return replace(
        waiting,
        line=replace(waiting.line, stumbles=stumbles, stumbled_s=stumbled_s),
        pass_by_s=waiting.wait_s + rules.backoff_cap_s if passed_by else 0.0,
    )


def _itemised(
    line: Line,
    known: Line,
    batch: Batch,
    results: Sequence[Result],
    rules: Sync,
    lots: Lots,
    early: Collection[str],
) -> Decision:
    """Each record that is named has its own fate; the others have had no answer."""
    named = _unambiguous(results)
    covered = [named[member] for member in batch.members if member in named]
    if not covered:
        why = "the answer names none of the records"
        return _back_off(_steady(line), _kept(batch), why, None, rules, lots)
    rest = Fate(DeliveryState.PENDING, batch=lots.batch_id())
    fates = tuple(_fate(named[member], early, lots) if member in named else rest for member in batch.members)
    return Decision(_grown(known, rules) if len(covered) == len(batch.members) else known, fates)


def _unambiguous(results: Sequence[Result]) -> dict[str, Result]:
    """Results by record; a record of which two different things are said has had no answer."""
    named: dict[str, Result] = {}
    contradicted = set()
    for result in results:
        if named.setdefault(result.rating_id, result).outcome is not result.outcome:
            contradicted.add(result.rating_id)
    return {rating_id: result for rating_id, result in named.items() if rating_id not in contradicted}


def _fate(result: Result, early: Collection[str], lots: Lots) -> Fate:
    if result.outcome is Outcome.REFUSED:
        if result.rating_id in early:
            return _early(lots.batch_id())
        return _refused(result.code, result.message or "")
    return _acknowledged(result.receipt)


def _acknowledged(receipt: str | None) -> Fate:
    return Fate(DeliveryState.ACKNOWLEDGED, receipt=receipt)


def _early(batch_id: str) -> Fate:
    return Fate(DeliveryState.PENDING, batch=batch_id, early=True)


def _refused(code: str | None, message: str) -> Fate:
    return Fate(DeliveryState.REFUSED, code=code, message=message)


def _all(batch: Batch, fate: Fate) -> tuple[Fate, ...]:
    return (fate,) * len(batch.members)


def _kept(batch: Batch) -> tuple[Fate, ...]:
    return _all(batch, Fate(DeliveryState.PENDING, batch=batch.id))


def _half(batch: Batch) -> int:
    return max(1, -(-len(batch.members) // 2))


def _less(line: Line, batch: Batch) -> int:
    """Half of what went together, or of what might have, if it was one record alone."""
    sent = line.batch if batch.alone or not batch.members else min(line.batch, len(batch.members))
    return max(1, sent // 2)


def _regrouped(batch: Batch, size: int, lots: Lots) -> tuple[Fate, ...]:
    """Members in new batches of at most ``size``; a batch that fits already stays what it is."""
    if len(batch.members) <= size:
        return _kept(batch)
    ids = [lots.batch_id() for _ in range(0, len(batch.members), size)]
    return tuple(Fate(DeliveryState.PENDING, batch=ids[place // size]) for place in range(len(batch.members)))


def _steady(line: Line) -> Line:
    """The line with no suspicion on what was sent."""
    return replace(line, stumbles=0, stumbled_s=0.0)


def _grown(line: Line, rules: Sync) -> Line:
    grown = min(rules.batch, line.batch + max(1, line.batch // GROWTH))
    return replace(line, batch=grown)
