"""Ratings that come by the phone page, and what the pads are told of them (docs/platforms.md).

The platform is where pad and phone meet: what arrives first counts, in one transaction; a later voice for
the same matter is kept beside it as evidence and told so. Pads hear which matters were rated, never how.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pad.codes import Level, Pf
from pad.model import wire_time
from pad.phone import MatterTicket
from sandbox.checks import RATING_FIELDS
from sandbox.store import PHONE, Arrival, Store

WAIT_MAX_S: Final = 30.0
CURSOR_MAX: Final = 2**53 - 1
"""The largest whole number every reader of JSON takes as it is."""
_MOST: Final = 100
_OF_SERVICE: Final = ("taskCode", "taskName", "serviceName", "areaCode", "userProp")
"""Nothing of the person: who rates by phone need not be who is named there."""
_LOOK_BACK: Final = timedelta(hours=24)


class Came(StrEnum):
    """How a phone's rating came to a matter."""

    FIRST = "first"
    """It counts."""
    AGAIN = "again"
    """The very same was sent twice, as an impatient finger does: nothing is done, and nothing said."""
    LATER = "later"
    """The matter has its rating: this voice is kept as evidence and counts nowhere."""


@dataclass(frozen=True, slots=True)
class News:
    """What a pad is told: a cursor to ask after next, and the matters that were rated."""

    cursor: int
    rated: tuple[dict[str, Any], ...]


class PhoneRatings:
    """Takes ratings from phones, and lets pads wait for word of them."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._came = asyncio.Event()
        self.on_rating: Callable[[], None] = lambda: None
        """Called after each rating that counts."""

    def rated(self, ticket: MatterTicket) -> bool:
        """Whether the ticket's matter has its rating, whichever way it came."""
        return self._store.known(_arrival(ticket, {})) is not None

    def rate(self, ticket: MatterTicket, level: Level, indicators: tuple[str, ...], comment: str) -> Came:
        """Take a rating in, if it is its matter's first, in one transaction.

        Its indicators are in force and of its level, its comment within bounds: the page has seen to that.
        No service record is waited for: the ticket vouches for the matter.
        """
        now = self._now()
        arrival = _arrival(
            ticket,
            self._of_service(ticket)
            | {
                "satisfaction": str(level.value),
                "evalDetail": ",".join(indicators),
                "writingEvaluation": comment,
                "assessTime": wire_time(now),
            },
        )
        with self._store.transaction():
            known = self._store.known(arrival)
            if known is not None:
                said = (level.value, arrival.record["evalDetail"], comment)
                if (known["dialect"], known["visit"]) == (PHONE, ticket.visit_id) and said == (
                    known["level"],
                    known["indicators"],
                    known["comment"],
                ):
                    return Came.AGAIN
                self._store.came_later(known, arrival, now)
                return Came.LATER
            number = self._store.add(arrival, now)
            self._store.db.execute(
                "INSERT INTO phone_ratings VALUES (?, ?, ?, ?, ?)",
                (self._next_cursor(now), ticket.device_id, ticket.visit_id, number, _text(now)),
            )
        self._came.set()
        self._came = asyncio.Event()
        self.on_rating()
        return Came.FIRST

    def since(self, device: str, after: int) -> News:
        """What one pad has not heard yet, at most 100, the oldest first.

        Who asks after 0, or after more than there ever was here (this platform came back from a backup, or
        is another one), is told of the last day.
        """
        db = self._store.db
        newest = db.execute("SELECT MAX(cursor) FROM phone_ratings WHERE device = ?", (device,)).fetchone()[0]
        newest = newest or 0
        stranger = after == 0 or after > newest
        rows = db.execute(
            "SELECT p.cursor, p.visit, p.rated_at, r.project_no, r.service_number, r.assess_number"
            " FROM phone_ratings p JOIN ratings r ON r.rowid = p.rating"
            " WHERE p.device = ? AND p.cursor > ? AND p.rated_at >= ? ORDER BY p.cursor LIMIT ?",
            (
                device,
                0 if stranger else after,
                _text(self._now() - _LOOK_BACK) if stranger else "",
                _MOST,
            ),
        ).fetchall()
        told = ("visit", "project_no", "service_number", "assess_number", "rated_at")
        cursor = rows[-1]["cursor"] if len(rows) == _MOST else newest
        return News(cursor, tuple({name: row[name] for name in told} for row in rows))

    async def wait(self, device: str, after: int, wait_s: float) -> News:
        """The same, as soon as there is something, or when the time is over."""
        news = self.since(device, after)
        try:
            async with asyncio.timeout(wait_s):
                while not news.rated and news.cursor == after:
                    await self._came.wait()
                    news = self.since(device, after)
        except TimeoutError:
            pass
        return news

    def _of_service(self, ticket: MatterTicket) -> dict[str, str]:
        """What a rating record has beside the rating: from the matter's service record, else empty."""
        service = self._store.service(ticket.project_no, ticket.service_number)
        return dict.fromkeys(RATING_FIELDS, "") | {
            name: str(service[name]) for name in _OF_SERVICE if name in service
        }

    def _next_cursor(self, now: datetime) -> int:
        """Larger than all before, also than those of a store that was lost since: it counts milliseconds."""
        newest = self._store.db.execute("SELECT MAX(cursor) FROM phone_ratings").fetchone()[0]
        return max((newest or 0) + 1, round(now.timestamp() * 1000))


def _arrival(ticket: MatterTicket, rating: Mapping[str, str]) -> Arrival:
    record = {
        "projectNo": ticket.project_no,
        "serviceNumber": str(ticket.service_number),
        "assessNumber": str(ticket.assess_number),
        "pf": Pf.QR_CODE.value,
        "winNo": ticket.win_no,
    }
    return Arrival({**rating, **record}, PHONE, ticket.device_id, visit=ticket.visit_id)


def _text(moment: datetime) -> str:
    """A time as it is told; of one zone, so that texts compare as times do."""
    return moment.isoformat("T", "milliseconds")
