"""On the pad: what waits, into a pouch, with who rated and the time to tell, as it would be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from pad import whole_file
from pad.clock import SystemClock
from pad.ledger import exporting
from pad.ledger.exporting import Choice
from pad.ledger.outbox import Outbox
from pad.model import Rater, Rating, iso_time
from pad.sealing import SealError
from pad.settings import Settings
from syncd import times
from syncd.ledger_file import LedgerFile
from syncd.platforms.base import Parcel
from syncd.stick import pouch
from syncd.stick.pouch import Label


@dataclass(frozen=True, slots=True)
class Packed:
    """What became of it: how many are in it, how many wait for the time, whose data did not open."""

    count: int
    without_time: int
    unopened: int


def pack(configured: Settings, word: str, choice: Choice, out: Path, step: Callable[[int], None]) -> Packed:
    """Write the bundle. The ledger stays as it is, but that refused ratings are then known as exported.

    :param step: told after each rating how many there are in all
    :raises LedgerError: if the ledger cannot be read
    :raises OSError: if the file cannot be written
    """
    clock = SystemClock()
    with closing(LedgerFile(configured.state_dir, configured.ledger_path)) as ledger:
        outbox = ledger.outbox()
        packing = _Packing(outbox, clock, exporting.count_deliverable(ledger.connection(), choice), step)
        label = Label(
            "ratings", configured.pad.device_id, configured.platform.app_mark,
            iso_time(clock.read().wall), pouch.new_bundle(),
        )  # fmt: skip
        with whole_file.new(out) as file:
            ratings = exporting.deliverable(ledger.connection(), choice)
            count = pouch.write(file, label, word, packing.items(ratings))
        if choice.refused:
            exporting.mark_exported(ledger.connection(), packing.seqs, clock.read(), out.name)
    return Packed(count, packing.without_time, packing.unopened)


class _Packing:
    def __init__(self, outbox: Outbox, clock: SystemClock, total: int, step: Callable[[int], None]) -> None:
        self._outbox = outbox
        self._anchors = outbox.anchors()
        self._clock = clock
        self._total = total
        self._step = step
        self.seqs: list[int] = []
        self.without_time = self.unopened = 0

    def items(self, ratings: Iterator[Rating]) -> Iterator[bytes]:
        for rating in ratings:
            bounds = partial(self._outbox.known_bounds, rating.seq)
            timed = times.assess_time(rating, self._clock.read(), self._anchors, bounds)
            self._step(self._total)
            if timed is None:
                self.without_time += 1
                continue
            try:
                rater = self._outbox.rater(rating)
            except SealError:
                rater = Rater()
                self.unopened += 1
            self.seqs.append(rating.seq)
            yield msgspec.json.encode(Parcel(rating, rater, timed.at, timed.uncertain))
