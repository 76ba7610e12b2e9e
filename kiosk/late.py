"""What starts once the first screen is on the glass: counter service, devices, voice, noticeboard.

A person should not wait for what is slow to import; all of it begins in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pad
from kiosk.desk import Desk
from kiosk.door import Door
from kiosk.drivers.health import Health
from kiosk.events import BulletinChanged, CatalogueChanged, DeviceState, WindowLinked
from kiosk.facts import Fact, Facts
from kiosk.phases import current_visit
from kiosk.shelf import Shelf
from kiosk.ui.words import Catalogues
from kiosk.voice.reader import Reader
from pad.bulletin import Bulletin
from pad.clock import SystemClock
from pad.ledger.connection import SCHEMA_VERSION
from pad.model import CHINA_TIME
from pad.settings import Settings

if TYPE_CHECKING:
    from kiosk.calls import Calls
    from kiosk.counter import CounterService
    from kiosk.devices import Devices
    from kiosk.phone_link import PhoneLinks

_log = logging.getLogger("kiosk")


@dataclass
class Late:
    """Starts the rest of the kiosk, and ends it."""

    configured: Settings
    shelf: Shelf
    clock: SystemClock
    desk: Desk
    door: Door
    words: Catalogues
    reader: Reader
    phone_key: bytes | None
    window_size: Callable[[], tuple[int, int]]

    def __post_init__(self) -> None:
        """Get ready; nothing runs yet."""
        self._to_stop: list[Callable[[], None]] = []
        self._bulletin = ""
        self._devices: Devices | None = None
        self._thread = threading.Thread(target=self._start, name="late", daemon=True)

    def start(self) -> None:
        """Begin, and return at once."""
        self._thread.start()

    def stop(self) -> None:
        """End what has begun."""
        if self._thread.ident:
            self._thread.join()
        for stop in self._to_stop:
            stop()

    def _start(self) -> None:
        from kiosk.phone_link import PhoneLinks

        configured, desk = self.configured, self.desk
        links = PhoneLinks(
            configured.phone.url, self.phone_key, configured.pad.device_id, configured.pad.win_no
        )
        self._serve_the_counter(links)
        desk.post(WindowLinked(links.of_window()))
        for begin in (
            self._serve_the_technician,
            self._speak,
            self._look_at_the_noticeboard,
            self._look_at_the_shelf,
            self._hear_of_phones,
        ):
            try:
                begin()
            except (OSError, RuntimeError) as error:
                # no more threads or files: ratings are taken all the same
                _log.error("%s: %s; the pad goes on without", begin.__name__.strip("_"), error)

    def _serve_the_counter(self, links: PhoneLinks) -> None:
        from kiosk.calls import Calls
        from kiosk.counter import CounterService

        versions = {
            "pad": pad.__version__, "indicators": self.shelf.holds.version, "ledger": str(SCHEMA_VERSION)
        }  # fmt: skip
        calls = Calls(self.configured, self.desk, self.clock, versions, links, self._health)
        counter = CounterService(self.configured, calls, self.door)
        self._open_other_doors(counter, calls)
        counter.start()
        self._look_for_devices(counter, calls)

    def _open_other_doors(self, counter: CounterService, calls: Calls) -> None:
        if self.configured.counter.evaluate.enabled:
            from kiosk.doors.evaluate import Evaluate

            counter.add_routes(Evaluate(self.configured, calls).add_to)
        if self.configured.counter.teller.enabled:
            from kiosk.doors.teller import ADDRESS, Teller

            application = Teller(self.configured, calls).application()
            counter.add_site(application, ADDRESS, self.configured.counter.teller.port)

    def _look_for_devices(self, counter: CounterService, calls: Calls) -> None:
        if not self.configured.devices.configured():
            return
        from kiosk.devices import Devices

        self._devices = Devices(self.configured, self.desk)
        self._devices.start(calls, counter)
        self._to_stop.append(self._devices.stop)

    def _health(self) -> dict[str, Health]:
        """Of every device that is configured, the loudspeaker too."""
        found = {} if self._devices is None else dict(self._devices.health())
        if self.configured.voice.enabled and self.reader.speaker is not None:
            voice = self.reader.speaker.state()
            state = DeviceState.FOUND if voice.ok else DeviceState.LOST
            found["voice"] = Health(state, voice.errors, why=voice.last_error)
        return found

    def _serve_the_technician(self) -> None:
        from kiosk.attendant import Attendant

        attendant = Attendant(self.configured.state_dir, self._facts, self.desk.post)
        attendant.start()
        self._to_stop.append(attendant.stop)
        self.desk.on_technician(attendant.attend)

    def _speak(self) -> None:
        from kiosk.voice.speaker import Speaker

        voice = self.configured.voice
        recordings = self.configured.beside(voice.recordings) if voice.recordings else None
        self.reader.speaker = Speaker(voice, recordings, self.words.say, lambda: datetime.now(CHINA_TIME))
        self._to_stop.append(self.reader.speaker.stop)

    def _look_at_the_noticeboard(self) -> None:
        from kiosk.noticeboard import Noticeboard

        board = Noticeboard(self.configured.state_dir, self._show_bulletin)
        board.start()
        self._to_stop.append(board.stop)

    def _look_at_the_shelf(self) -> None:
        self.shelf.changed = lambda catalogue: self.desk.post(CatalogueChanged(catalogue))
        self.shelf.start()
        self._to_stop.append(self.shelf.stop)

    def _hear_of_phones(self) -> None:
        if not self.configured.phone.url:
            return
        from kiosk.phone_news import PhoneNews

        news = PhoneNews(
            self.configured.state_dir,
            self.configured.ledger_path,
            lambda: current_visit(self.desk.session),
            self.desk.post,
        )
        news.start()
        self._to_stop.append(news.stop)

    def _show_bulletin(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin.version
        self.desk.post(BulletinChanged(bulletin))

    def _facts(self) -> Facts:
        from kiosk import readiness

        given = readiness.Given(
            window=self.window_size(),
            takes_ratings=self.desk.session.storage_ready,
            voice=self._voice(),
            indicators=(self.desk.session.catalogue or self.shelf.holds).version,
            bulletin=self._bulletin,
            devices={} if self._devices is None else self._devices.health(),
        )
        return readiness.gather(self.configured, self.clock, given)

    def _voice(self) -> Fact:
        if self.reader.speaker is None:
            return Fact("Voice", "-")
        state = self.reader.speaker.state()
        return Fact("Voice", state.last_error or f"{self.configured.voice.volume} %", ok=state.ok)
