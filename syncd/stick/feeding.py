"""At the other end: a pouch of ratings to the platform, in its dialect and by the policy of every delivery.

Nothing is kept here but the receipts. A second feeding sends the same ids again, which the platform knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import msgspec

from pad import whole_file
from pad.clock import SystemClock
from pad.model import DeliveryState, iso_time
from pad.settings import Settings
from syncd import policy
from syncd.platforms.base import Answer, Itemised, Outcome, Parcel, Platform, WholeDuplicate
from syncd.policy import Batch, Fate, Line, Lots
from syncd.stick import pouch
from syncd.stick.pouch import Label, PouchError

TRIES: Final = 5
"""In a row without an answer; then whoever feeds it is told why, and may do it again."""
WAIT_MAX_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform said of one rating: a line of the receipts the pad takes back."""

    id: str
    state: DeliveryState
    assess_time: str
    time_uncertain: bool
    settled_at: str
    receipt: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of a pouch; ``why`` is what kept the rest from the platform."""

    of: int
    accepted: int
    duplicate: int
    refused: int
    left: int
    why: str | None


@dataclass
class _Item:
    parcel: Parcel
    batch: str | None = None


@dataclass
class _Tally:
    receipts: list[Receipt] = field(default_factory=list)
    duplicates: set[str] = field(default_factory=set)


def opened(path: Path, configured: Settings, word: str) -> tuple[Label, list[Parcel]]:
    """Every rating of a pouch for this machine's application, after all of it was checked.

    :raises PouchError: if it is none of ratings, another application's, not whole, or forged
    """
    label, count = pouch.read(path, word)
    if label.content != "ratings":
        raise PouchError(f"{path}: these are receipts; on the pad: padctl import --receipts {path.name}")
    if label.app_mark != configured.platform.app_mark:
        raise PouchError(
            f"{path}: for app_mark {label.app_mark}, this machine speaks for {configured.platform.app_mark}"
        )
    try:
        parcels = [msgspec.json.decode(item, type=Parcel) for item in pouch.items(path, label, word)]
    except msgspec.DecodeError:
        raise PouchError(f"{path}: written by another version; install the same here and there") from None
    if len(parcels) != count:
        raise PouchError(f"{path}: it is not whole; copy it again from the pad, nothing of it is used")
    return label, parcels


def feed(
    platform: Platform,
    configured: Settings,
    parcels: Sequence[Parcel],
    lots: Lots,
    step: Callable[[int], None],
) -> tuple[Fed, list[Receipt]]:
    """Send until all is settled or the platform does not answer any more."""
    waiting, tally = [_Item(each) for each in parcels], _Tally()
    line, failed, why = Line(batch=configured.sync.batch), 0, None
    while waiting and failed < TRIES:
        group = _next(waiting, line.limit)
        batch = Batch(group[0].batch or lots.batch_id(), tuple(each.parcel.rating.id for each in group))
        answer = platform.submit(batch.id, [each.parcel for each in group])
        decision = policy.decide(line, batch, answer, configured.sync, lots)
        line, why = decision.line, decision.why
        _note_duplicates(tally, answer, batch)
        for item, fate in zip(group, decision.fates, strict=True):
            if fate.state is DeliveryState.PENDING:
                item.batch = fate.batch
                continue
            waiting.remove(item)
            tally.receipts.append(_receipt(item.parcel, fate))
            step(len(parcels))
        failed = failed + 1 if line.is_down else 0
        if decision.alarm:
            break
        if waiting and failed < TRIES and decision.wait_s:
            time.sleep(min(decision.wait_s, WAIT_MAX_S))
    refused = sum(each.state is DeliveryState.REFUSED for each in tally.receipts)
    known = len(tally.duplicates & {each.id for each in tally.receipts})
    accepted = len(tally.receipts) - refused - known
    fed = Fed(len(parcels), accepted, known, refused, len(waiting), why if waiting else None)
    return fed, tally.receipts


def write_receipts(path: Path, label: Label, word: str, receipts: Sequence[Receipt]) -> None:
    """What the pad takes back.

    :raises OSError: if it cannot be written
    """
    back = replace(label, content="receipts", made_at=iso_time(SystemClock().read().wall))
    with whole_file.new(path) as file:
        pouch.write(file, back, word, (msgspec.json.encode(each) for each in receipts))


def _next(waiting: Sequence[_Item], limit: int) -> list[_Item]:
    """The first, with those it was sent with before, or as many fresh ones as may go together."""
    first = waiting[0]
    if first.batch is not None:
        return [each for each in waiting if each.batch == first.batch]
    return [each for each in waiting if each.batch is None][:limit]


def _note_duplicates(tally: _Tally, answer: Answer, batch: Batch) -> None:
    match answer:
        case Itemised(results=results):
            tally.duplicates |= {each.rating_id for each in results if each.outcome is Outcome.DUPLICATE}
        case WholeDuplicate() if batch.alone:
            tally.duplicates |= set(batch.members)
        case _:
            pass


def _receipt(parcel: Parcel, fate: Fate) -> Receipt:
    return Receipt(
        parcel.rating.id, fate.state, iso_time(parcel.assess_time), parcel.time_uncertain,
        iso_time(SystemClock().read().wall), fate.receipt, fate.code, fate.message,
    )  # fmt: skip
