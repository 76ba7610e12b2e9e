"""A kiosk without its window: real desk, disk and counter service, drained by a thread of its own."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import msgspec
import pytest
import requests

from kiosk import counter
from kiosk.calls import Calls
from kiosk.counter import CounterService
from kiosk.desk import Desk
from kiosk.devices import Devices
from kiosk.door import open_door
from kiosk.drivers.health import Health
from kiosk.events import Event
from kiosk.ledger_file import LedgerFile
from kiosk.pendulum import Pendulum
from kiosk.phases import Session, current_visit
from kiosk.phone_link import PhoneLinks
from kiosk.phone_news import PhoneNews
from kiosk.scribe import Scribe
from pad import keys, settings
from pad.clock import SystemClock
from pad.ledger.connection import connect
from pad.seldom import Seldom
from pad.settings import Settings
from tests.ports import free_port

CONFIG = Path(__file__).parents[2] / "config" / "pad.toml"

PHONE_KEY = bytes(range(16))


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """Nobody may look into a folder for a while, such as one whose rights a technician puts right again."""
    stat = Path.stat

    def refused(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    with pytest.MonkeyPatch.context() as shutting:
        shutting.setattr(Path, "stat", refused)
        yield


class Kiosk:
    """What the clerk's system reaches, with the citizen's events posted by the test."""

    def __init__(self, configured: Settings) -> None:
        self.settings = configured
        self.clock = SystemClock()
        device_keys = keys.device_keys(configured.state_dir, may_create=True)
        ledger = LedgerFile(configured.ledger_path, device_keys, "test", self.clock)
        self.scribe = Scribe(ledger, self.clock, configured.state_dir, configured.ledger.min_free_mib)
        self.desk = Desk(Session(configured.rating), self.clock, self.scribe)
        self.pendulum = Pendulum(self._wake)
        self.desk.on_event(self._wake)
        links = PhoneLinks(configured.phone.url, PHONE_KEY, configured.pad.device_id, configured.pad.win_no)
        self.health: dict[str, Health] = {}
        self.calls = Calls(configured, self.desk, self.clock, {"pad": "test"}, links, self._health)
        counter._unsound = Seldom()  # what another test sent does not count
        self.counter = CounterService(configured, self.calls, open_door(configured))
        self.devices = Devices(configured, self.desk)
        self.news = PhoneNews(
            configured.state_dir,
            configured.ledger_path,
            lambda: current_visit(self.desk.session),
            self.desk.post,
        )
        self.changed = threading.Event()
        self.desk.on_change(self.changed.set)
        self._woken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._drain)
        self.http = requests.Session()
        self.http.trust_env = False

    def start(self) -> None:
        self.scribe.start()
        self.pendulum.start()
        self._thread.start()
        self.counter.start()
        self.devices.start(self.calls, self.counter)
        self.news.start()

    def stop(self) -> None:
        self.http.close()
        self.news.stop()
        self.devices.stop()
        self.counter.stop()
        self.pendulum.stop()
        self._stopped = True
        self._wake()
        self._thread.join()
        self.scribe.stop()
        if "db" in self.__dict__:
            self.db.close()

    @cached_property
    def db(self) -> sqlite3.Connection:
        """The test's own way to the ledger."""
        return connect(self.settings.ledger_path)

    def _health(self) -> dict[str, Health]:
        return {**self.health, **self.devices.health()}

    def _wake(self) -> None:
        self._woken.set()

    def _drain(self) -> None:
        while not self._stopped:
            self._woken.wait()
            self._woken.clear()
            self.desk.drain()
            self.pendulum.due(self.desk.next_deadline_ns())

    def call(self, method: str, path: str, **given: object) -> requests.Response:
        scheme = "https" if self.settings.counter.tls_certificate else "http"
        url = f"{scheme}://127.0.0.1:{self.settings.counter.port}{path}"
        return self.http.request(method, url, timeout=60, **given)  # type: ignore[arg-type]

    def invite(self, project_no: str = "P1", **given: object) -> str:
        body = {"matter": {"project_no": project_no}} | given
        answer = self.call("POST", "/v1/invitations", json=body)
        assert answer.status_code == 201, answer.text
        invitation: str = answer.json()["invitation"]
        return invitation

    def state_after(self, invitation: str, state: str) -> str:
        """The first state that is not ``state``, waited for."""
        found, wait = state, 0.0
        while found == state:
            found = self.call("GET", f"/v1/invitations/{invitation}?wait={wait}").json()["state"]
            wait = 0.5
        return found

    def wait_for(self, invitation: str, state: str) -> None:
        """Wait until the invitation is in ``state``."""
        found = ""
        while found != state:
            found = self.state_after(invitation, found)

    def until_state(self, state: str) -> None:
        """Wait until the window is in ``state``."""
        while self.call("GET", "/v1/state").json()["state"] != state:
            self.changed.wait(0.05)
            self.changed.clear()

    def post(self, *events: Event) -> None:
        for event in events:
            self.desk.post(event)


@contextmanager
def running(configured: Settings) -> Iterator[Kiosk]:
    """A kiosk for as long as somebody works with it."""
    kiosk = Kiosk(configured)
    kiosk.start()
    try:
        yield kiosk
    finally:
        kiosk.stop()


@pytest.fixture
def configured(tmp_path: Path) -> Settings:
    loaded = settings.load(CONFIG, {"PAD_STATE": str(tmp_path / "state")})
    (tmp_path / "state").mkdir()
    return replace(
        loaded,
        counter=msgspec.structs.replace(loaded.counter, port=free_port()),
        rating=msgspec.structs.replace(loaded.rating, settle_s=0.0),
    )


@pytest.fixture
def kiosk(configured: Settings) -> Iterator[Kiosk]:
    with running(configured) as made:
        yield made
