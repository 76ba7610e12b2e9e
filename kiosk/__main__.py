"""The kiosk's start-up: wires settings, ledger, desk, window and counter service together."""

from __future__ import annotations

import argparse
import errno
import fcntl
import logging
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kiosk import handover, nightly, vital
from kiosk.desk import Desk
from kiosk.door import DoorError, open_door
from kiosk.late import Late
from kiosk.ledger_file import LedgerFile
from kiosk.nightly import Night
from kiosk.pendulum import Pendulum
from kiosk.phases import Session, is_at_rest
from kiosk.scribe import Scribe
from kiosk.shelf import Shelf
from kiosk.ui import window
from kiosk.ui.theme import FontError
from kiosk.ui.window import NoScreen
from kiosk.ui.words import FOLDER, Catalogues, LanguageError
from kiosk.view import view_of
from kiosk.voice.reader import Reader
from pad import indicators, keys, memory, phone, settings
from pad.clock import SystemClock, monotonic_ns
from pad.indicators import Catalogue, CatalogueError
from pad.keys import SecretError
from pad.ledger.connection import LedgerError, LedgerUnwritable
from pad.model import CHINA_TIME
from pad.settings import Settings, SettingsError, WalkAway

if TYPE_CHECKING:
    from kiosk.ui.app import PadApp


def main() -> int:
    """Run the kiosk until it is told to stop; 0 then, 1 if it cannot start, or go on."""
    parser = argparse.ArgumentParser(prog="kiosk", description="The rating pad's touchscreen app.")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (default: $PAD_CONFIG)")
    parser.add_argument(
        "--narrate",
        action="store_true",
        help="print each screen shown as a line of JSON, with what can be tapped and where",
    )
    arguments = parser.parse_args()
    memory.keep_private()
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
    path = state_dir / "kiosk.lock"
    try:
        lock = path.open("w")
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        lock = path.open()  # a disk that is read-only has the lock of an earlier start
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise LedgerError(f"{state_dir}: another kiosk runs on this folder; stop it first") from error
    return lock


def _run(configured: Settings, narrate: IO[str] | None, _lock: IO[str]) -> int:
    lost = vital.watch()
    shelf = Shelf(configured.state_dir, indicators.load(configured.indicators_path))
    catalogue = shelf.look()
    clock = SystemClock()
    key = phone.phone_key(configured.state_dir)
    desk, scribe = _desk(configured, catalogue, clock)
    door = open_door(configured)
    try:
        words = Catalogues(configured.screen.language, FOLDER, configured.beside("locale"))
        app, reader = _app(configured, catalogue, desk, words, narrate)
    except (FontError, LanguageError) as error:
        raise SettingsError(f"{configured.file}: {error}") from error
    desk.on_event(app.wake)
    scribe.start()
    late = Late(configured, shelf, clock, desk, door, words, reader, key, lambda: app.window_size)
    signal.signal(signal.SIGTERM, lambda *_: app.stop())
    signal.signal(signal.SIGINT, lambda *_: app.stop())
    app.run_pad(after_first_frame=late.start)
    late.stop()
    scribe.stop()
    return int(lost.is_set())


def _desk(configured: Settings, catalogue: Catalogue, clock: SystemClock) -> tuple[Desk, Scribe]:
    device_keys = keys.device_keys(configured.state_dir, may_create=not configured.ledger_path.exists())
    ledger = LedgerFile(configured.ledger_path, device_keys, catalogue.version, clock)

    def recover() -> None:
        discard = configured.rating.walk_away is WalkAway.DISCARD
        ledger.recorder().recover(clock.read(), discard=discard)

    scribe = Scribe(ledger, clock, configured.state_dir, configured.ledger.min_free_mib)
    session = Session(configured.rating, technician=configured.technician)
    left = handover.folder()
    if left is not None:
        session = handover.take(left, session, clock.read())
    desk = Desk(session, clock, scribe)
    try:
        recover()
    except LedgerUnwritable as error:
        scribe.owe(recover, error)
    return desk, scribe


def _app(
    configured: Settings, catalogue: Catalogue, desk: Desk, words: Catalogues, narrate: IO[str] | None
) -> tuple[PadApp, Reader]:
    # Kivy reads its configuration when it is imported, so the app comes after the settings
    window.prepare(configured.screen, configured.state_dir)
    from kiosk.ui.app import PadApp
    from kiosk.ui.narration import Narration
    from kiosk.ui.ports import Ports
    from kiosk.ui.samples import samples

    def drain() -> None:
        if night is not None and night.is_over:
            return  # whoever calls now is answered by the next one
        if desk.drain():
            app.show(view_of(desk.session, catalogue))
            pendulum.due(desk.next_deadline_ns())
        if night is not None and night.look(
            is_at_rest(desk.session), datetime.now(CHINA_TIME), monotonic_ns()
        ):
            _start_anew(desk, app)

    reader = Reader()
    ports = Ports(
        post=desk.post,
        drain=drain,
        reader=reader,
        samples=tuple(samples(catalogue).values()),
        narration=Narration(narrate) if narrate is not None else None,
    )
    app = PadApp(configured.screen, configured.pad.hall_name, words, ports)
    pendulum = Pendulum(app.wake)
    pendulum.start()
    at = nightly.restart_time(configured.upkeep.restart_at)
    night = None if at is None else Night(at, app.wake)
    if night is not None:
        night.start()
    app.show(view_of(desk.session, catalogue))
    return app, reader


def _start_anew(desk: Desk, app: PadApp) -> None:
    """End, for systemd starts the kiosk again; the clerk stays signed in."""
    logging.getLogger("kiosk").info("nobody is asked anything: the touchscreen starts anew, as every night")
    left = handover.folder()
    if left is not None:
        handover.leave(left, desk.session, SystemClock().read())
    app.stop()


if __name__ == "__main__":
    sys.exit(main())
