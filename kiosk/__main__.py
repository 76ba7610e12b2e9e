"""The kiosk's start-up: wires settings, ledger, desk, window and counter service together."""

from __future__ import annotations

import argparse
import fcntl
import logging
import signal
import sys
from pathlib import Path
from typing import IO

import pad
from kiosk.desk import Desk, Scribe
from kiosk.door import DoorError, open_door
from kiosk.events import Event
from kiosk.pendulum import Pendulum
from kiosk.phases import Session
from kiosk.ui import window
from kiosk.ui.theme import FontError
from kiosk.ui.window import NoScreen
from kiosk.ui.words import LanguageError
from kiosk.view import view_of
from pad import indicators, keys, settings
from pad.clock import SystemClock
from pad.indicators import CatalogueError
from pad.keys import SecretError
from pad.ledger.connection import SCHEMA_VERSION, LedgerError, LedgerUnwritable
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger
from pad.settings import Settings, SettingsError, WalkAway


def main() -> int:
    """Run the kiosk until it is told to stop; 0 then, 1 if it cannot start."""
    parser = argparse.ArgumentParser(prog="kiosk", description="The rating pad's touchscreen app.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: $PAD_CONFIG)")
    parser.add_argument(
        "--narrate",
        action="store_true",
        help="print each screen shown as a line of JSON, with what can be tapped and where",
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        configured = settings.load(arguments.config)
        lock = _only_one(configured.state_dir)
        return _run(configured, sys.stdout if arguments.narrate else None, lock)
    except (SettingsError, CatalogueError, SecretError, LedgerError, DoorError, NoScreen, OSError) as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 1


def _only_one(state_dir: Path) -> IO[str]:
    """Hold the lock that keeps a second kiosk from writing to the same ledger."""
    state_dir.mkdir(parents=True, exist_ok=True)
    lock = (state_dir / "kiosk.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LedgerError(f"{state_dir}: another kiosk runs on this folder; stop it first") from error
    return lock


def _run(configured: Settings, narrate: IO[str] | None, _lock: IO[str]) -> int:
    catalogue = indicators.load(configured.indicators_path)
    device_keys = keys.device_keys(configured.state_dir, may_create=not configured.ledger_path.exists())
    clock = SystemClock()
    connection = open_ledger(configured.ledger_path, clock.read())
    recorder = Recorder(connection, device_keys, catalogue.version)

    def recover() -> None:
        recorder.recover(clock.read(), discard=configured.rating.walk_away is WalkAway.DISCARD)

    door = open_door(configured)
    scribe = Scribe(recorder, clock, configured.state_dir, configured.ledger.min_free_mib)
    desk = Desk(Session(configured.rating), clock, scribe)
    try:
        recover()
    except LedgerUnwritable as error:
        logging.getLogger("kiosk").error("%s; what a power cut left is completed when it can be", error)
        scribe.owe(recover)

    # Kivy reads its configuration when it is imported, so the app comes after the settings
    window.prepare(configured.screen, configured.state_dir)
    from kiosk.ui.app import PadApp

    def post(event: Event) -> None:
        desk.post(event)

    def drain() -> None:
        if desk.drain():
            app.show(view_of(desk.session, catalogue))
            pendulum.due(desk.next_deadline_ns())

    try:
        app = PadApp(configured.screen, configured.pad.hall_name, post, drain, narrate)
    except (FontError, LanguageError) as error:
        raise SettingsError(f"{configured.file}: {error}") from error
    pendulum = Pendulum(app.wake)
    desk.on_event(app.wake)
    scribe.start()
    pendulum.start()

    def serve_the_counter() -> None:
        # aiohttp takes longer to import than a person should wait for the first screen
        from kiosk.counter import CounterService

        versions = {"pad": pad.__version__, "indicators": catalogue.version, "ledger": str(SCHEMA_VERSION)}
        CounterService(configured, desk, clock, door, versions).start()

    signal.signal(signal.SIGTERM, lambda *_: app.stop())
    signal.signal(signal.SIGINT, lambda *_: app.stop())
    app.show(view_of(desk.session, catalogue))
    app.run_pad(after_first_frame=serve_the_counter)
    pendulum.stop()
    scribe.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
