"""Keys, cards, slips and an old counter's line in a real hall: through ptys to the platform."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.devices.idcard import Card
from sandbox.devices.table import Table
from tests.hall.conftest import Hall

CARD = Card("欧阳明月", "11010519491231002X")
SLIP = "50011020261123000001"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with Table(tmp_path / "dev") as plugged:
        yield plugged


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is so."""
    ends, asked = time.monotonic() + 60, threading.Event()
    while time.monotonic() < ends:
        if found := true():
            return found
        asked.wait(0.01)
    raise TimeoutError


def open_with(hall: Hall, table: Table, *, online: bool = False, debounce_ms: int = 150) -> None:
    """Start the pad beside its devices; all of them are found."""
    with hall.stage.config.open("a", encoding="utf-8") as config:
        config.write(table.settings().replace("[keypad]\n", f"[keypad]\ndebounce_ms = {debounce_ms}\n"))
    hall.open(online=online)
    until(lambda: states(hall) == dict.fromkeys(table.lines, "found"))


def states(hall: Hall) -> dict[str, str]:
    devices = hall.clerk.pad()["devices"]
    return {name: device["state"] for name, device in devices.items() if name != "voice"}


def invite(hall: Hall) -> None:
    hall.clerk.invite({"project_no": "P1"})
    hall.glass.wait_for("invitation")


def ask_for_card(hall: Hall, table: Table, level: int) -> None:
    """Tap a face and turn to the page on which a card may be put; the reader has none."""
    invite(hall)
    hall.glass.tap(f"face-{level}")
    hall.glass.wait_for("reasons", lambda shown: "identity" in shown.enabled)
    hall.glass.tap("identity")
    hall.glass.wait_for("identity")
    asked = len(table.idcard.requests)
    until(lambda: len(table.idcard.requests) >= asked + 2)


@pytest.mark.parametrize("level", [1, 5])
def test_a_key_of_the_key_pad_rates_and_is_marked_as_one(hall: Hall, table: Table, level: int) -> None:
    open_with(hall, table, online=True)
    invite(hall)
    table.keypad.bounce(level)
    hall.glass.wait_for("reasons", lambda shown: shown.level == level)
    hall.finish(level)
    (rating,) = hall.ledger("SELECT level, pf, input_device FROM ratings")
    assert tuple(rating) == (level, "5", "keypad")
    hall.platform.wait_for(1)
    (received,) = hall.received()
    assert (received["level"], json.loads(received["raw"])["pf"]) == (level, "5")


def test_the_keys_of_the_key_pad_alone_tick_a_reason_and_submit(hall: Hall, table: Table) -> None:
    open_with(hall, table, debounce_ms=0)
    glass, press = hall.glass, table.keypad.press
    invite(hall)
    press(4)
    glass.wait_for("reasons", lambda shown: shown.level == 4 and "submit" in shown.enabled)
    press(4)
    glass.next("reasons", lambda shown: shown.marked == "submit")
    press(4)
    on = glass.next("reasons", lambda shown: shown.marked not in (None, "submit"))
    press(3)
    glass.next("reasons", lambda shown: bool(shown.ticked))
    press(5)
    glass.next("reasons", lambda shown: shown.marked == "submit")
    press(3)
    glass.wait_for("thanks")
    (rating,) = hall.ledger("SELECT level, pf, indicators FROM ratings")
    assert tuple(rating) == (4, "5", str(on.marked).removeprefix("indicator-"))


def test_a_card_put_where_it_is_asked_for_goes_sealed_to_the_platform_and_nowhere_else(
    hall: Hall, table: Table
) -> None:
    open_with(hall, table, online=True)
    ask_for_card(hall, table, 2)
    table.idcard.put(CARD)
    hall.glass.wait_for("reasons", lambda shown: "decline" in shown.enabled)
    hall.glass.tap("decline")
    hall.glass.wait_for("thanks")
    hall.platform.wait_for(1)
    (received,) = hall.received()
    record = json.loads(received["raw"])
    assert (record["name"], record["creditType"], record["certKey"]) == (CARD.name, "111", CARD.number)
    for file in (*hall.stage.state.glob("ledger.db*"), *hall.stage.folder.glob("*.log")):
        found = file.read_bytes()
        assert CARD.number.encode() not in found
        assert CARD.name.encode() not in found


@pytest.mark.parametrize("request_", ["find", "select", "read"])
def test_a_reader_pulled_out_while_it_reads_costs_nobody_the_rating(
    hall: Hall, table: Table, request_: str
) -> None:
    open_with(hall, table)
    ask_for_card(hall, table, 1)
    table.idcard.unplug_at = request_
    table.idcard.put(CARD)
    until(lambda: states(hall)["idcard"] == "lost")
    hall.glass.tap("back")
    hall.finish(1)
    (rating,) = hall.ledger("SELECT level, rater_sm3 FROM ratings")
    assert tuple(rating) == (1, "")
    table.lines["idcard"].plug()
    until(lambda: states(hall)["idcard"] == "found")
    kinds = [row["kind"] for row in hall.ledger("SELECT kind FROM journal")]
    assert "device_lost" in kinds


def test_a_scanned_slip_is_rated_without_any_clerk(hall: Hall, table: Table) -> None:
    open_with(hall, table)
    table.scanner.scan(f"https://zw.example/slip?projectNo={SLIP}", "gbk", b"\r")
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-3")
    hall.finish(3)
    (rating,) = hall.ledger("SELECT level, project_no, pf FROM ratings")
    assert tuple(rating) == (3, SLIP, "4")
    hall.glass.wait_for("idle")
    table.scanner.scan(SLIP)
    hall.glass.wait_for("already_rated")
    assert len(hall.ledger("SELECT 1 FROM ratings")) == 1


def test_an_old_counter_invites_over_its_line_and_hears_the_end_but_no_level(
    hall: Hall, table: Table
) -> None:
    open_with(hall, table)
    clerk = table.counter
    status, answer = clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    assert status == 201
    hall.glass.wait_for("invitation", lambda shown: shown.visit == answer["invitation"])
    hall.glass.tap("face-5")
    hall.finish(5)
    path = f"/v1/invitations/{answer['invitation']}"
    assert clerk.call("GET", path) == (200, {"state": "rated"})
    assert clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})[0] == 409


@pytest.mark.parametrize("name", ["keypad", "idcard", "scanner", "counter_line"])
def test_pulling_out_and_plugging_in_during_a_rating_disturbs_nobody(
    hall: Hall, table: Table, name: str
) -> None:
    open_with(hall, table)
    line = table.lines[name]
    invite(hall)
    line.unplug()
    hall.glass.tap("face-2")
    hall.glass.wait_for("reasons", lambda shown: "decline" in shown.enabled)
    until(lambda: states(hall)[name] == "lost")
    line.plug()
    until(lambda: states(hall)[name] == "found")
    line.unplug()
    hall.finish(2)
    line.plug()
    (rating,) = hall.ledger("SELECT level, changes FROM ratings")
    assert tuple(rating) == (2, 0)
    hall.glass.wait_for("idle")
    until(lambda: states(hall)[name] == "found")
    assert hall.stage.kiosk is not None
    assert hall.stage.kiosk.running
