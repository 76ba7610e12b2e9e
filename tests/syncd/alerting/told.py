"""What a group was told, and a pad's teller in the test's hand."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pad import indicators
from syncd.alerting.base import Answer, Refused, Target, Told
from syncd.alerting.teller import Teller
from syncd.platform_clock import PlatformClock
from tests.syncd.city import City
from tests.syncd.pad_box import PadBox

FAILING_PLATFORM = "http://127.0.0.1:9"
CATALOGUE = Path(__file__).parents[3] / "config/indicators/national-2020-05-22.toml"


@dataclass
class Group:
    """The group behind a robot that keeps what it is sent."""

    city: City

    @property
    def texts(self) -> list[str]:
        return [request.json["text"]["content"] for request in self.city.requests]

    @property
    def ids(self) -> list[str]:
        """The rating ids that were told, in order, each as often as it was."""
        return [found for text in self.texts for found in re.findall(r"评价编号：(\S+)", text)]

    def wait_for(self, count: int) -> None:
        self.city.wait_for(lambda: len(self.ids) >= count)


class Ear(Target):
    """A target that answers what it is told to, and remembers."""

    name = "wecom"
    bytes_max = 2048
    per_minute = 1000

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.texts: list[str] = []
        self.keys: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.unfit: str | None = None

    def tell(self, subject: str, text: str, key: str) -> Answer:
        self.before()
        self.texts.append(text)
        self.keys.append(key)
        if self.unfit is not None and self.unfit in text:
            return Refused("unfit")
        return self.answers.pop(0) if self.answers else Told()

    def abort(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is open."""


class Mouth:
    """One teller, step by step."""

    def __init__(self, box: PadBox, ear: Ear) -> None:
        self.box = box
        self.ear = ear
        self.teller = self.fresh()

    def fresh(self) -> Teller:
        """As after a restart."""
        teller = Teller(
            self.box.settings(),
            self.ear,
            indicators.load(CATALOGUE),
            PlatformClock(self.box.clock),
            lambda: 0.5,
        )
        self.box._closed_at_the_end.append(teller._ledger.close)
        return teller

    def restart(self) -> None:
        self.teller = self.fresh()

    def rows(self) -> list[sqlite3.Row]:
        return self.box.db.execute("SELECT * FROM alerts ORDER BY seq, target").fetchall()
