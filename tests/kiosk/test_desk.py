"""The desk and its scribe: what hangs up, fills up or comes too late stops nothing."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from kiosk.events import Answer, DeclineReason, Event, Invite, StorageChanged, Submit, Tap
from kiosk.ledger_file import LedgerFile
from kiosk.scribe import Scribe
from pad import keys
from pad.clock import SystemClock
from pad.codes import Level
from pad.ledger.connection import LedgerUnwritable, Refusal
from pad.ledger.recording import Recorder
from pad.model import Draft, Matter, Visit
from pad.settings import Settings
from tests.kiosk.conftest import Kiosk, running, shut


def test_a_caller_who_hangs_up_leaves_the_desk_working(kiosk: Kiosk) -> None:
    body = b'{"matter": {"project_no": "P-hung-up"}}'
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", kiosk.settings.counter.port)) as caller:
            caller.sendall(
                b"POST /v1/invitations HTTP/1.1\r\nHost: pad\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            caller.sendall(body)
    invitation = kiosk.invite("P2")
    kiosk.post(Tap(Level(1)), Submit(), Tap(Level(5)), Submit())
    kiosk.wait_for(invitation, "rated")
    assert kiosk.db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 1


def test_an_answer_cannot_be_cancelled_once_it_was_asked_for(kiosk: Kiosk) -> None:
    answer = kiosk.desk.ask(Invite("v1", Matter(project_no="P1")))
    assert not answer.cancel()
    assert answer.result(60) is Answer.DONE


def test_what_is_owed_is_written_before_ratings_are_taken_again(configured: Settings) -> None:
    clock, device_keys = SystemClock(), keys.device_keys(configured.state_dir, may_create=True)
    ledger = LedgerFile(configured.ledger_path, device_keys, "x", clock)
    scribe = Scribe(ledger, clock, configured.state_dir, min_free_mib=1)
    told: list[Event] = []
    done: list[str] = []
    scribe.report = told.append
    scribe.owe(lambda: done.append("written"), LedgerUnwritable("full"))
    assert told == [StorageChanged(ready=False)]
    scribe.start()
    scribe.stop()
    assert done == ["written"]
    assert told == [StorageChanged(ready=False), StorageChanged(ready=True)]


def test_a_disk_that_fills_and_clears_shows_in_the_state(
    configured: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.scribe._LOOK_S", 0.05)
    full = msgspec.structs.replace(configured.ledger, min_free_mib=1_048_576)
    kiosk = Kiosk(replace(configured, ledger=full))
    kiosk.start()
    try:
        refused = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "cannot_store")
        assert kiosk.call("GET", "/v1/state").json()["state"] == "cannot_store"
        kiosk.scribe._min_free_mib = 1
        kiosk.until_state("idle")
        kiosk.invite("P1")
    finally:
        kiosk.stop()


def test_a_folder_nobody_may_look_into_for_a_while_ends_no_scribe(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.scribe._LOOK_S", 0.05)
    with running(configured) as kiosk:
        with shut(configured.state_dir):
            kiosk.until_state("cannot_store")
        kiosk.until_state("idle")
        kiosk.invite("P1")


def test_keys_nobody_may_look_at_for_a_while_end_no_scribe(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.scribe._LOOK_S", 0.05)
    with running(configured) as kiosk:
        invitation = kiosk.invite("P1")
        with shut(configured.state_dir / "keys" / "sealing"):
            kiosk.post(Tap(Level(1)))
            while kiosk.desk.session.storage_ready:
                kiosk.changed.wait(0.05)
        kiosk.post(DeclineReason())
        kiosk.wait_for(invitation, "rated")


def test_what_was_tapped_while_the_disk_refused_it_is_on_it_once_it_takes_it(
    configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it refused the invitation itself, which was tapped before that was known."""
    monkeypatch.setattr("kiosk.scribe._LOOK_S", 0.05)
    kiosk, asked, tapped = Kiosk(configured), threading.Event(), threading.Event()
    refused, is_full = threading.Semaphore(0), True

    def refuses(_recorder: Recorder, what: Visit | Draft | None = None, *_: object) -> None:
        asked.set()
        assert tapped.wait(20)
        if what is not None:
            refused.release()
        if is_full:
            raise LedgerUnwritable("the ledger cannot be written: full", Refusal.FULL)

    kiosk.start()
    try:
        with monkeypatch.context() as full:
            for write in ("open_visit", "keep_draft", "probe"):
                full.setattr(Recorder, write, refuses)
            answer = kiosk.desk.ask(Invite("v1", Matter(project_no="P1")))
            assert asked.wait(20)
            kiosk.post(Tap(Level(1)))
            kiosk.until_state("rating")
            tapped.set()
            assert answer.result(20) is Answer.CANNOT_STORE
            for _ in ("invitation", "draft"):
                assert refused.acquire(timeout=20)
        is_full = False
        draft = None
        while draft is None or not kiosk.desk.session.storage_ready:
            draft = kiosk.db.execute("SELECT visit_id, level FROM draft").fetchone()
        assert tuple(draft) == ("v1", 1)
    finally:
        tapped.set()
        kiosk.stop()
