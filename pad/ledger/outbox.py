"""syncd's side of the ledger: what waits to be sent, and what became of it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from operator import attrgetter
from typing import Final

from pad import sealing
from pad.chain import Head
from pad.clock import Anchor, TrueTime
from pad.keys import DeviceKeys
from pad.ledger import recording
from pad.ledger.connection import transaction, translated
from pad.ledger.journal import write_note
from pad.ledger.rows import (
    DELIVERY_COLUMNS,
    Delivery,
    anchor_from,
    anchor_row,
    delivery_from,
    insert,
    rating_from,
)
from pad.model import DeliveryState, Instant, Rater, Rating, parse_iso_time
from pad.sealing import SealError

_UPSERT: Final = (
    f"INSERT INTO deliveries ({', '.join(DELIVERY_COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(DELIVERY_COLUMNS))}) "
    "ON CONFLICT (seq) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in DELIVERY_COLUMNS if name != "seq")
)
_values: Final = attrgetter(*DELIVERY_COLUMNS)
"""The row of a delivery; its state is text, as a ``StrEnum`` is."""
_ALL: Final = -1
"""SQLite's ``LIMIT`` for no limit."""
_LAST_TOUCHED: Final = "COALESCE((SELECT MAX(seq) FROM deliveries), (SELECT MAX(seq) FROM checkpoints), 0)"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rating to be sent, and how its sending went so far."""

    rating: Rating
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many ratings wait, and the oldest of them (None if none does)."""

    pending: int
    oldest: Instant | None


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The rows of a known time around a run of others, and how far the search for them went."""

    before_seq: int = 0
    after_seq: int = 0
    searched_to: int = 0
    before: Instant | None = None
    after: Instant | None = None
    boots: frozenset[str] = frozenset()


class Outbox:
    """Reads what waits in ``seq`` order and records outcomes.

    A rating without a row in ``deliveries`` has never been tried; such ratings all come after
    the last one that has a row, so that finding them costs the same in a ledger of any size.
    """

    def __init__(self, connection: sqlite3.Connection, keys: DeviceKeys) -> None:
        self._db = connection
        self._keys = keys
        self._bounds = _Bounds()

    def next_batch(self, limit: int, passing_by: Sequence[int] = ()) -> tuple[Waiting, ...]:
        """The next ratings to send together, oldest first, without those that are ``passing_by``.

        What was tried together before comes together again, and nothing with it: a batch whose
        answer was lost keeps its members (design §5), even if there are more than ``limit``.
        """
        still_open = f"state = 'pending' AND seq NOT IN ({_marks(passing_by)})"
        with translated(self._db):
            first = self._deliveries(still_open, passing_by, 1)
            if not first:
                rows = self._db.execute(
                    f"SELECT * FROM ratings WHERE seq > {_LAST_TOUCHED} ORDER BY seq LIMIT ?", (limit,)
                )
                return tuple(
                    Waiting(rating_from(row), Delivery(row["seq"], DeliveryState.PENDING)) for row in rows
                )
            if (batch := first[0].batch) is not None:
                found = self._deliveries(f"{still_open} AND batch = ?", (*passing_by, batch), _ALL)
            else:
                found = self._deliveries(still_open, passing_by, limit)
                found = list(takewhile(lambda delivery: delivery.batch is None, found))
            return tuple(Waiting(self._rating(delivery.seq), delivery) for delivery in found)

    def _deliveries(self, condition: str, values: Sequence[object], limit: int) -> list[Delivery]:
        rows = self._db.execute(
            f"SELECT * FROM deliveries WHERE {condition} ORDER BY seq LIMIT ?", (*values, limit)
        )
        return [delivery_from(row) for row in rows]

    def _rating(self, seq: int) -> Rating:
        return rating_from(self._db.execute("SELECT * FROM ratings WHERE seq = ?", (seq,)).fetchone())

    def rater(self, rating: Rating) -> Rater:
        """The person's data of a rating, opened; empty if there are none or they were purged.

        :raises SealError: if they do not open with this device's key
        """
        if not rating.rater_sm3:
            return Rater()
        with translated(self._db):
            row = self._db.execute("SELECT sealed FROM rater WHERE rating_id = ?", (rating.id,)).fetchone()
        if row is None:
            return Rater()
        key = self._opening(row["sealed"])
        if key is None:
            raise SealError(f"rating {rating.seq}: the key its rater's data were sealed with is not there")
        return sealing.unseal(key, row["sealed"], rating.visit_id)

    def _opening(self, sealed: bytes) -> bytes | None:
        number = sealing.key_number(sealed)
        if self._keys.opening(number) is None:
            self._keys = self._keys.current()
        return self._keys.opening(number)

    def card_marks(self, rating_ids: Sequence[str]) -> tuple[tuple[int, str], ...]:
        """``seq`` and card mark of those of these ratings that have one."""
        with translated(self._db):
            rows = self._db.execute(
                "SELECT r.seq, s.card_mark FROM rater s JOIN ratings r ON r.id = s.rating_id "
                f"WHERE s.card_mark IS NOT NULL AND s.rating_id IN ({_marks(rating_ids)})",
                tuple(rating_ids),
            ).fetchall()
        return tuple((row["seq"], row["card_mark"]) for row in rows)

    def record(
        self,
        deliveries: Iterable[Delivery],
        *,
        forget: Sequence[str] = (),
        note: tuple[str, Instant, dict[str, object]] | None = None,
    ) -> None:
        """Write what became of ratings, all of it or nothing.

        :param forget: ids of ratings whose raters' data go with it
        :param note: a journal entry that belongs to it: kind, moment, detail without personal data
        """
        with transaction(self._db) as db:
            db.executemany(_UPSERT, [_values(each) for each in deliveries])
            db.executemany("DELETE FROM rater WHERE rating_id = ?", [(each,) for each in forget])
            if note is not None:
                write_note(db, *note)

    def delivery(self, seq: int) -> Delivery | None:
        """What became of one rating so far; None if it was never tried."""
        with translated(self._db):
            row = self._db.execute("SELECT * FROM deliveries WHERE seq = ?", (seq,)).fetchone()
        return delivery_from(row) if row is not None else None

    def passed_over(self, up_to: int, batches: Collection[str]) -> tuple[Delivery, ...]:
        """What has to be written with deliveries settled out of turn, up to ``up_to``.

        A row for each rating before them that was never tried, and those left of ``batches``, which
        then are no batches any more: what is sent again under a batch's id has all its members.
        """
        with translated(self._db):
            untried = self._db.execute(
                f"SELECT seq FROM ratings WHERE seq > {_LAST_TOUCHED} AND seq <= ?", (up_to,)
            ).fetchall()
            left = self._deliveries(
                f"state = 'pending' AND batch IN ({_marks(tuple(batches))})", tuple(batches), _ALL
            )
        return (
            *(replace(each, batch=None) for each in left),
            *(Delivery(row["seq"], DeliveryState.PENDING) for row in untried),
        )

    def backlog(self) -> Backlog:
        """How much waits."""
        return backlog(self._db)

    def refused(self) -> int:
        """How many ratings the platform refused for what they say."""
        with translated(self._db):
            found: int = self._db.execute(
                "SELECT COUNT(*) FROM deliveries WHERE state = 'refused'"
            ).fetchone()[0]
        return found

    def has_failed(self) -> bool:
        """Whether what waits was tried before and brought no answer."""
        return bool(self._deliveries("state = 'pending' AND last_error IS NOT NULL", (), 1))

    def has_uncertain_time(self) -> bool:
        """Whether anything that waits was tried with a time that is only bounded."""
        return bool(self._deliveries("state = 'pending' AND time_uncertain = 1", (), 1))

    def requeue(self, seqs: Sequence[int]) -> int:
        """Let refused ratings be tried again, each on its own terms; how many there were."""
        with transaction(self._db) as db:
            rows = db.execute(
                f"SELECT * FROM deliveries WHERE state = 'refused' AND seq IN ({_marks(seqs)})", tuple(seqs)
            ).fetchall()
            again = [
                replace(
                    delivery_from(row),
                    state=DeliveryState.PENDING,
                    batch=None,
                    settled_at=None,
                    next_attempt_at=None,
                )
                for row in rows
            ]
            db.executemany(_UPSERT, [_values(each) for each in again])
        return len(again)

    def head(self) -> Head:
        """The chain's head, for the heartbeat."""
        return recording.head(self._db)

    def row(self, seq: int) -> Head | None:
        """A row of the chain; None if it is not there, or no longer."""
        with translated(self._db):
            found = self._db.execute(
                "SELECT hash FROM ratings WHERE seq = ? UNION SELECT hash FROM checkpoints WHERE seq = ?",
                (seq, seq),
            ).fetchone()
        return Head(seq, found["hash"]) if found is not None else None

    def anchors(self) -> dict[str, Anchor]:
        """The true times known, by boot."""
        with translated(self._db):
            rows = self._db.execute("SELECT * FROM anchors").fetchall()
        return {row["boot_id"]: anchor_from(row) for row in rows}

    def anchor(self, boot_id: str) -> Anchor | None:
        """The true time known of one boot."""
        with translated(self._db):
            row = self._db.execute("SELECT * FROM anchors WHERE boot_id = ?", (boot_id,)).fetchone()
        return anchor_from(row) if row is not None else None

    def set_anchor(self, anchor: Anchor) -> None:
        """Write the true time of a boot."""
        with transaction(self._db) as db:
            db.execute(*insert("anchors", anchor_row(anchor), "INSERT OR REPLACE"))

    def known_bounds(
        self, seq: int, known: Mapping[str, TrueTime]
    ) -> tuple[TrueTime | None, TrueTime | None]:
        """The nearest ratings before and after ``seq`` whose true time is known.

        Known is the time of a rating whose clock was trusted, and of every one of the boots in
        ``known``. ``seq`` is none of them. The answer for the last run of others is kept, so that
        draining a long one does not search it anew for each row.
        """
        boots = frozenset(known)
        with translated(self._db):
            last = recording.head(self._db).seq
            kept = self._bounds
            if not (
                kept.before_seq < seq < kept.after_seq and last <= kept.searched_to and boots == kept.boots
            ):
                self._bounds = kept = self._search_bounds(seq, last, boots)
        before, after = (_true_time(instant, known) for instant in (kept.before, kept.after))
        return before, after

    def last_trusted(self) -> datetime | None:
        """The wall time of the last rating whose clock was trusted."""
        before = self.known_bounds(recording.head(self._db).seq + 1, {})[0]
        return None if before is None else before.at

    def _search_bounds(self, seq: int, last: int, boots: frozenset[str]) -> _Bounds:
        found = "SELECT seq, rated_at, boot_id, monotonic_ns, clock_trusted FROM ratings WHERE"
        is_known = f"(clock_trusted = 1 OR boot_id IN ({_marks(tuple(boots))}))"
        before = self._db.execute(
            f"{found} seq < ? AND {is_known} ORDER BY seq DESC LIMIT 1", (seq, *boots)
        ).fetchone()
        after = self._db.execute(
            f"{found} seq > ? AND {is_known} ORDER BY seq LIMIT 1", (seq, *boots)
        ).fetchone()
        return _Bounds(
            before_seq=before["seq"] if before else 0,
            after_seq=after["seq"] if after else last + 1,
            searched_to=sys.maxsize if after else last,
            before=_rated(before) if before else None,
            after=_rated(after) if after else None,
            boots=boots,
        )

    def note(self, kind: str, at: Instant, detail: dict[str, object]) -> None:
        """Write a journal entry; ``detail`` holds no personal data."""
        with transaction(self._db) as db:
            write_note(db, kind, at, detail)


def backlog(db: sqlite3.Connection) -> Backlog:
    """How much waits, at a cost that does not grow with the ledger."""
    with translated(db):
        tried = db.execute("SELECT COUNT(*), MIN(seq) FROM deliveries WHERE state = 'pending'").fetchone()
        # seq has no gaps, so the untried ones are counted without reading them
        untried = db.execute(
            f"SELECT COALESCE((SELECT MAX(seq) FROM ratings), 0), {_LAST_TOUCHED}"
        ).fetchone()
        fresh = max(0, untried[0] - untried[1])
        if not tried[0] and not fresh:
            return Backlog(0, None)
        oldest = tried[1] if tried[1] is not None else untried[1] + 1
        row = db.execute(
            "SELECT rated_at, boot_id, monotonic_ns, clock_trusted FROM ratings WHERE seq = ?", (oldest,)
        ).fetchone()
    return Backlog(tried[0] + fresh, _rated(row))


def _rated(row: sqlite3.Row) -> Instant:
    return Instant(
        parse_iso_time(row["rated_at"]), row["boot_id"], row["monotonic_ns"], bool(row["clock_trusted"])
    )


def _true_time(rated: Instant | None, known: Mapping[str, TrueTime]) -> TrueTime | None:
    if rated is None:
        return None
    told = known.get(rated.boot_id)
    right = rated.wall if rated.trusted or told is None else told.counted_to(rated.monotonic_ns)
    return TrueTime(right, rated.boot_id, rated.monotonic_ns)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
