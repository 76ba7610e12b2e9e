"""The figures of a period, looked through by somebody before they are published (art. 15)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.casebook import Casebook
from sandbox.cases import Appeal, Pace, clock
from sandbox.store import Store
from sandbox.totals import LEVELS, Totals, totals


@dataclass(frozen=True, slots=True)
class Review:
    """What is to be published of a period, and what a reviewer should know before."""

    first: date
    last: date
    totals: Totals
    handled: int
    overdue: int
    appealed: int
    """Appeals nobody has decided yet: each may still change the figures."""

    @property
    def mark(self) -> str:
        """What was looked at, in a word: other figures have another one."""
        counts = (self.totals.levels.of.get(level, 0) for level in LEVELS)
        return "-".join(str(each) for each in (*counts, self.handled, self.totals.left_out))

    def figures(self) -> dict[str, Any] | None:
        """As the catalogue has them; None if nothing was rated, for there is no share of nothing."""
        counts = self.totals.levels
        if counts.satisfied_percent is None:
            return None
        return {
            "period": {"zh_CN": _chinese(self.first, self.last), "en": f"{self.first} to {self.last}"},
            "ratings": counts.total,
            "satisfied_percent": counts.satisfied_percent,
            "bad": counts.bad,
            "bad_handled": self.handled,
        }


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: when, by whom, of which days."""

    at: datetime
    by: str
    first: date
    last: date
    figures: dict[str, Any]


def review(store: Store, first: date, last: date, allowed: int, today: date) -> Review:
    """The figures of a period as they stand; ``allowed`` are the working days a bad rating may wait."""
    entries = Casebook(store).entries(first.isoformat(), last.isoformat())
    counted = [each for each in entries if each.case.counts]
    return Review(
        first=first,
        last=last,
        totals=totals(store.db, first.isoformat(), last.isoformat()),
        handled=sum(each.case.is_handled for each in counted),
        overdue=sum(clock(each.case, each.rated_on, allowed, today).pace is Pace.OVERDUE for each in counted),
        appealed=sum(each.case.appeal is Appeal.FILED for each in counted),
    )


def keep(store: Store, published: Published) -> None:
    """Write a publication down, so that it is still published after a restart."""
    store.db.execute(
        "INSERT INTO publications VALUES (?, ?, ?, ?, ?)",
        (
            published.at.isoformat(),
            published.by,
            published.first.isoformat(),
            published.last.isoformat(),
            json.dumps(published.figures, ensure_ascii=False),
        ),
    )


def latest(store: Store) -> Published | None:
    """What was published last from a review, if anything was."""
    row = store.db.execute("SELECT * FROM publications ORDER BY rowid DESC LIMIT 1").fetchone()
    if row is None:
        return None
    return Published(
        datetime.fromisoformat(row["at"]),
        row["by"],
        date.fromisoformat(row["first"]),
        date.fromisoformat(row["last"]),
        json.loads(row["figures"]),
    )


def _chinese(first: date, last: date) -> str:
    since = f"{first.year}年{first.month}月{first.day}日"
    year = f"{last.year}年" if last.year != first.year else ""
    return since if first == last else f"{since}至{year}{last.month}月{last.day}日"
