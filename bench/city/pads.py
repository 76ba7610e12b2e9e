"""One pad of the city: a real ledger in memory, the real recorder, outbox, uploader and policy."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import uuid
from functools import cache
from pathlib import Path

from bench.city.clock import CityClock
from bench.city.platform import CityPlatform, Connection
from pad import settings
from pad.codes import Level
from pad.keys import DeviceKeys
from pad.ledger.connection import connect
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.model import Completion, Draft, FinishedRating, InputDevice, Matter, Visit
from pad.settings import Settings
from syncd import policy
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.policy import Lots
from syncd.uploader import Uploader

_KEYS = DeviceKeys(chain=b"c" * 32, sealing=b"s" * 16)


class _LedgerInMemory(LedgerFile):
    """What the uploader holds instead of a file; the statements and triggers are the same."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.deserialize(_empty_ledger())
        self.db.execute("PRAGMA foreign_keys=ON")
        self._held = Outbox(self.db, _KEYS)

    def outbox(self) -> Outbox:
        """What waits."""
        return self._held


class CityPad:
    """What stands at one window; :meth:`step` is what its delivery loop does in between waits."""

    def __init__(
        self,
        number: int,
        clock: CityClock,
        platform: CityPlatform,
        chance: random.Random,
        configured: Settings,
    ) -> None:
        self._number = number
        self._clock = clock
        self._settings = configured
        self._lots = Lots(chance.random, lambda: str(uuid.UUID(int=chance.getrandbits(128))))
        self._ledger = _LedgerInMemory()
        self._recorder = Recorder(self._ledger.db, _KEYS, "city")
        self._connection = Connection(platform, itemised=number % 2 == 0)
        self._count = 0
        self._uploader = self._start()
        self.idle = True
        self.rests = 0
        self.caught_up = False
        self.powered = True
        self.turn = 0

    def _start(self) -> Uploader:
        truth = PlatformClock(self._clock)
        return Uploader(self._settings, self._ledger, self._connection, truth, self._lots)

    def rate(self, level: Level) -> str:
        """One rating, as the kiosk stores it; its id."""
        self._count += 1
        now = self._clock.read()
        matter = Matter(project_no=f"{self._number}-{self._count}", service_name="办结")
        visit = Visit(f"{self._number}-{self._count}", matter, now, 60.0)
        self._recorder.open_visit(visit)
        draft = Draft(visit.id, level, InputDevice.TOUCH, now, 900)
        finished = FinishedRating(visit, draft, (), "", Completion.SUBMITTED, now, 2000)
        return self._recorder.append(finished).id

    def step(self) -> float | None:
        """One step of the delivery; in how many seconds the next may be, None if nothing is to be sent."""
        self._connection.took_s = 0.0
        wait_s = self._uploader.step()
        return None if wait_s is None else self._connection.took_s + wait_s

    @property
    def due_s(self) -> float | None:
        """In how many seconds a record that is passed by is due; None if there is none."""
        return self._uploader.due_s

    def start_again(self) -> float:
        """Power is back: syncd remembers nothing but its ledger. When its first step is due, in seconds."""
        self.powered = True
        self._uploader = self._start()
        return policy.first_attempt_after_s(
            self._settings.sync, self._lots, failed_before=self._ledger.outbox().has_failed()
        )

    def ratings(self) -> list[tuple[str, str]]:
        """Each rating's id and what became of it."""
        rows = self._ledger.db.execute(
            "SELECT r.id, COALESCE(d.state, 'untried') FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq"
        )
        return [(row[0], row[1]) for row in rows]

    def close(self) -> None:
        """Let its memory go."""
        self._ledger.db.close()


def as_delivered() -> Settings:
    """The settings a pad is delivered with; the platform's address is needed and never used."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "profile.toml").write_text('name = "city"\ndialect = "itemised"\n', encoding="utf-8")
        (folder / "pad.toml").write_text(
            '[pad]\ndevice_id = "city"\nhall_name = "city"\n'
            '[platform]\nurl = "http://city.invalid"\napp_mark = "city"\nprofile = "profile.toml"\n',
            encoding="utf-8",
        )
        return settings.load(None, {"PAD_STATE": name, "PAD_CONFIG": str(folder / "pad.toml")})


@cache
def _empty_ledger() -> bytes:
    """A migrated ledger as bytes, of small pages: five thousand of them stand in memory."""
    with tempfile.TemporaryDirectory() as name:
        db = connect(Path(name) / "ledger.db")
        for pragma in ("journal_mode=DELETE", "page_size=1024"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("VACUUM")
        empty: bytes = db.serialize()
        db.close()
    return empty
