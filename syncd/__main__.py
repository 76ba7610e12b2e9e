"""syncd: brings ratings to the platform. Start-up and wiring, nothing else.

Exit codes: 0 done, 1 found something wrong, 2 used wrongly.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import threading
import uuid
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pad import keys, memory, published, settings
from pad.clock import SystemClock
from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from pad.settings import Settings, SettingsError
from syncd import housekeeping, policy
from syncd.alerting.alerting import Alerting
from syncd.alone import NotAlone, alone
from syncd.bulletin import Messenger
from syncd.card_memory import CardMemory
from syncd.delivery import DeliveryLoop
from syncd.doorkeeper import Doorkeeper
from syncd.health import Line
from syncd.heartbeat import Heart
from syncd.indicator_list import IndicatorList
from syncd.ledger_file import LedgerFile
from syncd.listener import Listener
from syncd.lookout import Lookout
from syncd.monitor import Monitor
from syncd.notify import Notifier
from syncd.once import deliver_once
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Publishing, Telling
from syncd.platforms.choice import platform_for
from syncd.policy import Lots
from syncd.timetable import Timetable
from syncd.uploader import Uploader

_log = logging.getLogger("syncd")

ANSWER_GRACE_S: Final = 2.0
"""When asked to stop: an answer that is under way may still come, which saves sending twice."""
END_WITHIN_S: Final = 5.0
"""A connection attempt cannot be broken off; by then the process ends without waiting for it."""
HOUR_S: Final = 3600.0
NAME_LOOKUP_S: Final = 30.0
"""What the system's resolver may take beside our own time limits (resolv.conf(5): 5 s, a few times)."""

LOTS: Final = Lots(number=random.SystemRandom().random, batch_id=lambda: str(uuid.uuid4()))
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK_S: Final = 0.5
"""How soon a delivery that ended by itself ends the program."""


def main() -> None:
    """Run the program."""
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run with a command line; the exit code."""
    parser = argparse.ArgumentParser(prog="syncd", description="Brings ratings to the platform.")
    parser.add_argument("--config", type=Path, help="settings file (default: $PAD_CONFIG, /etc/pad/pad.toml)")
    parser.add_argument("--once", action="store_true", help="deliver what waits now, then end")
    parser.add_argument(
        "--housekeeping", action="store_true", help="let leave the ledger what was kept long enough, then end"
    )
    given = parser.parse_args(words)
    memory.keep_private()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("apscheduler", "urllib3"):  # their warnings are of jobs that wait and of addresses
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    try:
        configured = settings.load(given.config)
        if configured.ledger_path.exists():
            keys.sealing_keys(configured.state_dir)
        if given.housekeeping:
            return housekeeping.run(configured)
        with alone(configured.state_dir):
            return _once(configured) if given.once else Daemon(configured).run()
    except (SettingsError, SecretError, NotAlone, LedgerError) as error:
        print(f"syncd: {error}", file=sys.stderr)
    except OSError as error:
        what = error.filename or "a file, socket or thread"
        print(f"syncd: {what}: {os.strerror(error.errno or 0)}; make it usable", file=sys.stderr)
    return 1


def _once(configured: Settings) -> int:
    clock = PlatformClock(SystemClock())
    ledger = LedgerFile(configured.state_dir, configured.ledger_path)
    platform = platform_for(configured, clock.best, clock)
    try:
        return deliver_once(ledger, Uploader(configured, ledger, platform, clock, LOTS))
    finally:
        platform.close()
        ledger.close()


class Daemon:
    """The parts, wired: delivery in one thread, the doorbell in another, one for each who is told of bad
    ratings, one that listens for phones, the rest by timetable.
    """

    def __init__(self, configured: Settings) -> None:
        self._settings = configured
        self._clock = PlatformClock(SystemClock())
        self._notifier = Notifier()
        self._stop = threading.Event()
        self._asked = False
        self._ledger = LedgerFile(configured.state_dir, configured.ledger_path)
        connected = partial(platform_for, configured, self._clock.best, self._clock)
        cards = CardMemory(configured.suspicion.same_card_days)
        self._uploader = Uploader(configured, self._ledger, connected(), self._clock, LOTS, cards)
        self._lookout = Lookout(
            configured.suspicion,
            LedgerFile(configured.state_dir, configured.ledger_path),
            self._clock,
            cards,
        )
        self._timetable = Timetable()
        self._loop = DeliveryLoop(
            self._uploader, self._notifier, self._first_attempt_after_s, self._timetable.look_at_clock
        )
        self._list = IndicatorList(
            configured, LedgerFile(configured.state_dir, configured.ledger_path), self._clock
        )
        self._monitor = Monitor(
            configured,
            LedgerFile(configured.state_dir, configured.ledger_path),
            self._clock,
            self._line,
            lambda: self._list.is_refused,
        )
        self._heart = Heart(
            configured,
            LedgerFile(configured.state_dir, configured.ledger_path),
            connected(),
            self._clock,
            self._monitor.health,
        )
        self._heart.changed = self._uploader.changed = self._line_changed
        self._alerting = Alerting(configured, self._clock)
        self._doorkeeper = Doorkeeper(configured.state_dir, self._rung)
        publisher = connected()
        self._messenger: Messenger | None = None
        if isinstance(publisher, Publishing):
            self._messenger = Messenger(configured.state_dir, publisher, self._list)

        teller = connected()
        self._listener: Listener | None = None
        if configured.phone.url and isinstance(teller, Telling):
            heard = LedgerFile(configured.state_dir, configured.ledger_path)
            self._listener = Listener(configured, teller, heard, self._clock, LOTS)
            self._listener.changed = self._monitor.nudge

    def run(self) -> int:
        """Run until a signal; 0 then, 1 if the delivery ended by itself."""
        # blocked, here and so in every thread: one that comes just before this thread goes to wait would
        # else be handled only when it wakes again, which is never
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        sync = self._settings.sync
        up_s = self._clock.read().monotonic_ns / 1e9
        self._timetable.every(sync.interval_s, self._loop.nudge)
        if self._settings.suspicion.enabled:
            self._timetable.every(sync.interval_s, self._lookout.look)
        self._timetable.every(
            sync.heartbeat_s, self._heart.beat, policy.first_beat_after_s(sync, LOTS, up_s=up_s)
        )
        if self._messenger is not None:
            self._timetable.every(HOUR_S, self._messenger.go, policy.first_bulletin_after_s(LOTS, up_s=up_s))
        if self._alerting.is_on:
            self._timetable.every(sync.interval_s, self._alerting.nudge)
        delivery = threading.Thread(target=self._deliver, name="delivery", daemon=True)
        self._doorkeeper.start()  # before the first look, or a rating between them waits in vain
        self._put_aside()
        self._timetable.start()
        self._monitor.start()
        delivery.start()
        self._alerting.start()
        if self._listener is not None:
            self._listener.start()
        self._notifier.ready(sync.connect_timeout_s + sync.answer_timeout_s + NAME_LOOKUP_S)
        address = urlsplit(self._settings.platform.url)
        _log.info("delivering to %s (%s)", address.hostname, self._settings.profile.name)
        while not (self._stop.is_set() or self._asked):
            self._asked = signal.sigtimedwait(_ENDING, _LOOK_S) is not None
        self._stop.set()
        self._end(delivery)
        return 0 if self._asked else 1

    def _put_aside(self) -> None:
        """What another platform published goes, however this one came into the settings."""
        try:
            gone = published.turn_to(self._settings.state_dir, self._settings.platform.url)
        except OSError as error:
            _log.warning("what was published before: %s", os.strerror(error.errno or 0))
            return
        if gone:
            _log.info("another platform than before: %s put aside", " and ".join(gone))

    def _line(self) -> Line:
        tally = self._uploader.tally
        hears_phones = None if self._listener is None else self._listener.ok
        return Line(self._uploader.is_up, tally.attempts, tally.failures, self._heart.ok, hears_phones)

    def _line_changed(self) -> None:
        self._monitor.nudge()
        if self._listener is not None and (self._uploader.is_up or self._heart.ok):
            self._listener.line_is_up()

    def _deliver(self) -> None:
        try:
            self._loop.run()
        finally:
            self._stop.set()

    def _first_attempt_after_s(self) -> float:
        try:
            failed_before = self._ledger.outbox().has_failed()
        except (LedgerError, SecretError):
            failed_before = False  # the loop will tell
        return policy.first_attempt_after_s(self._settings.sync, LOTS, failed_before=failed_before)

    def _rung(self) -> None:
        self._loop.nudge()
        self._alerting.nudge()

    def _end(self, delivery: threading.Thread) -> None:
        """Let an answer that is under way come, but not for long."""
        self._notifier.stopping()
        self._loop.stop()
        self._heart.stop()
        self._monitor.stop()
        if self._messenger is not None:
            self._messenger.stop()
        if self._listener is not None:
            self._listener.stop()
        self._timetable.stop()
        self._doorkeeper.stop()
        self._alerting.stop()
        delivery.join(ANSWER_GRACE_S)
        if delivery.is_alive():
            self._uploader.abandon()
            delivery.join(END_WITHIN_S)
        _log.info("stopped")


if __name__ == "__main__":
    main()
