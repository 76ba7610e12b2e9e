"""The devices at the window: starts those that are configured, and says what each one's words mean."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from kiosk import commands
from kiosk.calls import Calls
from kiosk.commands import InputError
from kiosk.counter import CounterService
from kiosk.desk import Desk
from kiosk.drivers.codec import Codec
from kiosk.drivers.counter_line import CounterLine
from kiosk.drivers.health import Health
from kiosk.drivers.idcard import IdCard
from kiosk.drivers.keypad import KeyPad
from kiosk.drivers.port_loop import PortLoop
from kiosk.drivers.scanner import Scanned, Scanner
from kiosk.events import DeviceChanged, EnrolmentScanned, SlipScanned
from kiosk.phases import asks_for_card
from kiosk.serial_counter import SerialCounter
from kiosk.slips import slip_of
from pad import enrolment
from pad.enrolment import EnrolmentError
from pad.ledger.connection import LedgerError
from pad.settings import Settings

_log = logging.getLogger("kiosk.devices")
KEYPAD: Final = "keypad"
IDCARD: Final = "idcard"
SCANNER: Final = "scanner"
COUNTER_LINE: Final = "counter_line"


class Devices:
    """Every configured device's loop, from :meth:`start` to :meth:`stop`."""

    def __init__(self, settings: Settings, desk: Desk) -> None:
        self._settings = settings
        self._desk = desk
        self._loops: dict[str, PortLoop[Any]] = {}
        self._one_look = threading.Lock()

    def health(self) -> Mapping[str, Health]:
        """How each one does."""
        return {name: loop.health for name, loop in self._loops.items()}

    def start(self, calls: Calls, counter: CounterService) -> None:
        """Begin to look for what is configured."""
        loops: dict[str, PortLoop[Any]] = {}

        def add(name: str, codec: Codec[Any], on_event: Callable[[Any], None]) -> None:
            loops[name] = PortLoop(name, devices.configured()[name], codec, on_event, self._changed)

        devices = self._settings.devices
        keypad, idcard, scanner = devices.keypad, devices.idcard, devices.scanner
        if keypad.port:
            add(KEYPAD, KeyPad(keypad.bytes_of(), keypad.debounce_ms), self._desk.post)
        if idcard.port:
            reader = IdCard(idcard.poll_s)
            self._desk.on_change(lambda: self._want_card(reader))
            add(IDCARD, reader, self._desk.post)
        if scanner.port:
            add(SCANNER, Scanner(), lambda scanned: counter.run(self._scanned(scanned, calls)))
        if devices.counter_line.port:
            line = SerialCounter(calls, counter.run, self._answer)
            add(COUNTER_LINE, CounterLine(), line.heard)
        self._loops = loops  # at once: others ask for their health already
        for loop in loops.values():
            loop.start()

    def stop(self) -> None:
        """Close every line."""
        for loop in self._loops.values():
            loop.stop()

    def _answer(self, data: bytes) -> None:
        self._loops[COUNTER_LINE].send(data)

    def _changed(self, name: str, health: Health) -> None:
        self._desk.post(DeviceChanged(name, health.state, health.why))

    def _want_card(self, reader: IdCard) -> None:
        with (
            self._one_look
        ):  # the desk's thread and the scribe's: who looked first is not to have the last word
            reader.wanted = asks_for_card(self._desk.session)

    async def _scanned(self, scanned: Scanned, calls: Calls) -> None:
        """A code was scanned: what it says is nobody's business but the matter's number."""
        if enrolment.is_enrolment(scanned.text):
            try:
                self._desk.post(EnrolmentScanned(enrolment.parse(scanned.text)))
            except EnrolmentError as error:
                _log.warning("scanner: an enrolment code that cannot be used: %s", error)
            return
        settings = self._settings
        slip = slip_of(scanned.text, settings.devices.scanner) if settings.devices.scanner.invites else None
        if slip is None:
            return
        try:
            given = commands.parse_invitation(
                slip.invitation(),
                settings.pad,
                allow_unbound=False,
                allow_second=settings.rating.allow_second_assessment,
            )
        except InputError as error:
            _log.warning("scanner: a slip that cannot be used: %s %s", error.field, error.message)
            return
        try:
            self._desk.post(SlipScanned(calls.event_of(given)))
        except (LedgerError, sqlite3.Error) as error:
            _log.error("scanner: %s; the slip may be scanned again", error)
