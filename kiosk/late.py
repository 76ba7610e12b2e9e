"""What starts once the first screen is on the glass: the counter service, the voice, the noticeboard.

A person should not wait for what is slow to import; all of it begins in a thread of its own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

import pad
from kiosk.attendant import Attendant
from kiosk.desk import Desk
from kiosk.door import Door
from kiosk.events import BulletinChanged, WindowLinked
from kiosk.facts import Fact, Facts
from kiosk.noticeboard import Noticeboard
from kiosk.ui.words import Catalogues
from kiosk.voice.reader import Reader
from pad.clock import SystemClock
from pad.indicators import Catalogue
from pad.ledger.connection import SCHEMA_VERSION
from pad.model import CHINA_TIME
from pad.settings import Settings


@dataclass
class Late:
    """Starts the rest of the kiosk, and ends it."""

    configured: Settings
    catalogue: Catalogue
    clock: SystemClock
    desk: Desk
    door: Door
    words: Catalogues
    reader: Reader
    phone_key: bytes | None

    def __post_init__(self) -> None:
        """Put the parts together; none of them runs yet."""
        state_dir, post = self.configured.state_dir, self.desk.post
        self._noticeboard = Noticeboard(state_dir, lambda found: post(BulletinChanged(found)))
        self._attendant = Attendant(state_dir, self._facts, post)
        self._thread = threading.Thread(target=self._start, name="late", daemon=True)

    def start(self) -> None:
        """Begin, and return at once."""
        self._thread.start()

    def stop(self) -> None:
        """End what has begun."""
        if not self._thread.ident:
            return
        self._thread.join()
        self._noticeboard.stop()
        self._attendant.stop()
        if self.reader.speaker is not None:
            self.reader.speaker.stop()

    def _start(self) -> None:
        from kiosk.counter import CounterService
        from kiosk.phone_link import PhoneLinks
        from kiosk.voice.speaker import Speaker

        configured, desk = self.configured, self.desk
        self._attendant.start()
        desk.on_technician(self._attendant.attend)
        self._noticeboard.start()
        links = PhoneLinks(
            configured.phone.url, self.phone_key, configured.pad.device_id, configured.pad.win_no
        )
        versions = {
            "pad": pad.__version__, "indicators": self.catalogue.version, "ledger": str(SCHEMA_VERSION)
        }  # fmt: skip
        CounterService(configured, desk, self.clock, self.door, versions, links).start()
        recordings = configured.voice.recordings
        self.reader.speaker = Speaker(
            configured.voice,
            configured.beside(recordings) if recordings else None,
            self.words.say,
            lambda: datetime.now(CHINA_TIME),
        )
        desk.post(WindowLinked(links.of_window()))

    def _facts(self) -> Facts:
        from kiosk import readiness

        screen = self.configured.screen
        given = readiness.Given(
            glass=f'{screen.diagonal_inches:g}"',
            voice=self._voice(),
            indicators=self.catalogue.version,
            bulletin=self._noticeboard.version,
        )
        return readiness.gather(self.configured, self.clock, given)

    def _voice(self) -> Fact:
        if self.reader.speaker is None:
            return Fact("Voice", "-")
        state = self.reader.speaker.state()
        return Fact("Voice", state.last_error or f"{self.configured.voice.volume} %", ok=state.ok)
