"""``GET /v1/events``: the states as they change, over a real websocket."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from kiosk.counter import WATCHERS_MAX
from kiosk.drivers.health import Health
from kiosk.events import DeviceChanged, DeviceState, Submit, Tap, Withdraw
from pad.codes import Level
from pad.ledger.connection import LedgerUnwritable
from tests.kiosk.conftest import Kiosk


class Watcher:
    """A clerk's page that watches, in a thread of its own."""

    def __init__(self, port: int, headers: dict[str, str] | None = None, path: str = "/v1/events") -> None:
        self._url = f"http://127.0.0.1:{port}{path}"
        self._headers = headers or {}
        self.told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.refused: int | None = None
        self._ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(60)

    def _run(self) -> None:
        self.loop.run_until_complete(self._watch())
        self.loop.close()

    async def _watch(self) -> None:
        self._leave = asyncio.Event()
        async with aiohttp.ClientSession() as session:
            try:
                websocket = await session.ws_connect(self._url, headers=self._headers)
            except aiohttp.WSServerHandshakeError as error:
                self.refused = error.status
                self._ready.set()
                return
            self.websocket = websocket
            self._ready.set()
            reader = asyncio.create_task(self._read(websocket))
            await self._leave.wait()
            await websocket.close()
            await reader

    async def _read(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in websocket:
            self.told.put(message.json())

    def next(self) -> dict[str, Any]:
        return self.told.get(timeout=60)

    def until(self, state: str) -> list[dict[str, Any]]:
        """What was told up to that state."""
        found = [self.next()]
        while found[-1]["state"] != state:
            found.append(self.next())
        return found

    def close(self) -> None:
        if self.refused is None:
            self.loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()


@pytest.fixture
def watcher(kiosk: Kiosk) -> Iterator[Watcher]:
    watching = Watcher(kiosk.settings.counter.port)
    yield watching
    watching.close()


def test_the_state_is_told_at_once_as_it_can_be_asked_for(kiosk: Kiosk, watcher: Watcher) -> None:
    assert watcher.next() == kiosk.call("GET", "/v1/state").json()


def test_the_states_of_a_rating_are_told_as_they_come_but_never_a_level(
    kiosk: Kiosk, watcher: Watcher
) -> None:
    watcher.until("idle")
    invitation = kiosk.invite()
    assert watcher.until("inviting")[-1]["invitation"] == invitation
    kiosk.post(Tap(Level(1)))
    told = watcher.until("rating")
    kiosk.post(Withdraw())
    while "ended" not in told[-1]:
        told.append(watcher.next())
    assert told[-1]["ended"] == [{"invitation": invitation, "state": "withdrawn"}]
    keys = {"state", "invitation", "staff", "pending", "oldest_pending_s", "versions", "devices"}
    assert all(set(each) - {"ended"} == keys for each in told)


def test_a_rating_on_disk_is_told_with_what_waits_now(kiosk: Kiosk, watcher: Watcher) -> None:
    invitation = kiosk.invite()
    kiosk.post(Tap(Level(5)), Submit())
    told = watcher.next()
    while "ended" not in told:
        told = watcher.next()
    assert told["ended"] == [{"invitation": invitation, "state": "rated"}]
    while told["pending"] == 0:
        told = watcher.next()
    assert told["pending"] == 1


def test_a_device_that_is_lost_is_told(kiosk: Kiosk, watcher: Watcher) -> None:
    watcher.until("idle")
    kiosk.health["keypad"] = Health(DeviceState.LOST, 1)
    kiosk.post(DeviceChanged("keypad", DeviceState.LOST))
    assert watcher.next()["devices"] == {"keypad": {"state": "lost", "errors": 1, "last_event_s": None}}


def test_a_ledger_that_cannot_be_read_for_a_while_is_told_and_drops_nobody(
    kiosk: Kiosk, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = kiosk.invite()
    watcher.until("inviting")

    def gone() -> sqlite3.Connection:
        raise LedgerUnwritable("the ledger cannot be opened")

    with monkeypatch.context() as unreadable:
        unreadable.setattr(kiosk.calls._ledger, "connection", gone)
        kiosk.post(Tap(Level(1)))
        watcher.until("cannot_store")
    kiosk.post(Withdraw())
    told = watcher.next()
    while "ended" not in told:
        told = watcher.next()
    assert told["ended"] == [{"invitation": invitation, "state": "withdrawn"}]


def test_a_ledger_that_cannot_be_let_go_of_yet_keeps_nobody_from_being_woken(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot() -> None:
        raise LedgerUnwritable("deleted, and cannot be copied yet")

    async def woken() -> None:
        change = kiosk.calls.change()
        kiosk.calls.wake()
        await asyncio.wait_for(change, 5)

    monkeypatch.setattr(kiosk.calls._ledger, "has_moved", lambda: True)
    with monkeypatch.context() as held:
        held.setattr(kiosk.calls._ledger, "close", cannot)
        asyncio.run_coroutine_threadsafe(woken(), kiosk.counter._loop).result(20)


def test_a_page_of_an_unknown_origin_may_not_watch(kiosk: Kiosk) -> None:
    stranger = Watcher(kiosk.settings.counter.port, {"Origin": "https://evil.example"})
    stranger.close()
    assert stranger.refused == 403


def test_without_a_websocket_the_call_says_what_is_wanted(kiosk: Kiosk) -> None:
    answer = kiosk.call("GET", "/v1/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (426, "websocket_needed")


def test_only_so_many_watch_at_once(kiosk: Kiosk) -> None:
    port = kiosk.settings.counter.port
    watchers = [Watcher(port) for _ in range(WATCHERS_MAX)]
    for each in watchers:
        each.next()
    one_more = Watcher(port)
    assert one_more.refused == 503
    for each in [one_more, *watchers]:
        each.close()


def test_a_change_while_the_last_one_is_looked_at_is_told_at_once(
    kiosk: Kiosk, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.counter._LOOK_S", 3600.0)
    watcher.until("idle")
    look = kiosk.calls.state

    def changes_meanwhile() -> dict[str, Any]:
        state = look()
        if "idcard" not in kiosk.health:
            kiosk.health["idcard"] = Health(DeviceState.FOUND)
            kiosk.calls.wake()
        return state

    monkeypatch.setattr(kiosk.calls, "state", changes_meanwhile)
    kiosk.post(DeviceChanged("keypad", DeviceState.FOUND, ""))
    kiosk.calls.wake()
    assert watcher.next()["devices"]["idcard"]["state"] == "found"
