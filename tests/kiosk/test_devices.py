"""Devices on real lines: pseudo-terminals, pyserial, the real desk and disk; plugged out at any moment."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import serial

from kiosk.devices import Devices
from kiosk.drivers.idcard import IdCard
from kiosk.events import (
    CardTrouble,
    DeclineReason,
    DeviceState,
    HoldCorners,
    Page,
    PinChecked,
    Submit,
    Tap,
    TurnTo,
)
from kiosk.phases import AlreadyRated, Inviting, Phase, Rating, Resting, Session, Technician
from kiosk.serial_counter import AT_ONCE_MAX
from pad.codes import Level
from pad.model import InputDevice
from pad.settings import Settings
from sandbox.devices.counter import framed
from sandbox.devices.idcard import Card
from sandbox.devices.line import Line
from sandbox.devices.table import TABLES, Table
from tests.kiosk.conftest import Kiosk
from tests.kiosk.trace import Trace

CARD = Card("欧阳明月", "11010519491231002X")
NAMES = list(TABLES)
SLIP = "50011020261123000001"
WITHIN_S = 60.0


class Window:
    """A kiosk with its devices, and the moment at which something is so."""

    def __init__(self, configured: Settings, table: Table) -> None:
        lines = {
            name: msgspec.structs.replace(getattr(configured.devices, name), port=str(line.path))
            for name, line in table.lines.items()
        }
        self.table = table
        self.kiosk = Kiosk(replace(configured, devices=replace(configured.devices, **lines)))
        self.kiosk.start()

    def until(self, true: Callable[[], Any]) -> Any:
        """Wait until something is so; looked at whenever the desk has changed, and often else."""
        ends = time.monotonic() + WITHIN_S
        while time.monotonic() < ends:
            if found := true():
                return found
            self.kiosk.changed.wait(0.005)
            self.kiosk.changed.clear()
        raise TimeoutError(self.kiosk.desk.session)

    def until_state(self, name: str, state: DeviceState) -> None:
        self.until(lambda: self.kiosk.devices.health()[name].state is state and self.known(name) is state)

    def known(self, name: str) -> DeviceState | None:
        device = self.kiosk.desk.session.devices.get(name)
        return None if device is None else device.state

    def phase(self, kind: type[Phase]) -> Any:
        return self.until(
            lambda: isinstance(self.kiosk.desk.session.phase, kind) and self.kiosk.desk.session.phase
        )

    def rating(self) -> Rating:
        phase = self.kiosk.desk.session.phase
        assert isinstance(phase, Rating)
        return phase

    def asks_for_card(self) -> None:
        """Somebody has tapped a face and turned to the page on which a card may be put."""
        self.kiosk.invite("P1")
        self.kiosk.post(Tap(Level(4)))
        self.phase(Rating)
        self.kiosk.post(TurnTo(Page.IDENTITY))
        self.until(lambda: self.rating().page is Page.IDENTITY)

    def finds_no_card(self) -> None:
        """The reader has been asked since, and has said that no card is there."""
        asked = len(self.table.idcard.requests)
        self.until(lambda: len(self.table.idcard.requests) >= asked + 2)

    def scan(self, text: str) -> None:
        """Hold a code before the scanner, and wait until it was read."""
        before = self.kiosk.devices.health()["scanner"].last_event_ns
        self.table.scanner.scan(text)
        self.until(lambda: self.kiosk.devices.health()["scanner"].last_event_ns != before)

    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = self.kiosk.call("GET", "/v1/state").json()
        return told


@pytest.fixture
def window(configured: Settings, tmp_path: Path) -> Iterator[Window]:
    with Table(tmp_path / "dev") as table:
        running = Window(configured, table)
        for name in NAMES:
            running.until_state(name, DeviceState.FOUND)
        yield running
        running.kiosk.stop()


# --- the key pad --------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_key_rates_with_its_level_as_a_physical_key(window: Window, level: int) -> None:
    window.kiosk.invite()
    window.table.keypad.bounce(level)
    rating = window.phase(Rating)
    assert (rating.draft.level, rating.draft.input_device) == (Level(level), InputDevice.KEYPAD)
    assert rating.draft.changes == 0


def test_noise_before_a_key_is_counted_and_the_key_heard(window: Window) -> None:
    window.kiosk.invite()
    window.table.lines["keypad"].write(b"\x00\xff~" * 50)
    window.table.keypad.press(2)
    assert window.phase(Rating).draft.level is Level(2)
    device = window.state()["devices"]["keypad"]
    assert (device["state"], device["errors"]) == ("found", 1)
    assert device["last_event_s"] < WITHIN_S


# --- the card reader ----------------------------------------------------------------------


def test_a_card_put_where_it_is_asked_for_gives_name_and_number(window: Window) -> None:
    window.asks_for_card()
    window.finds_no_card()
    window.table.idcard.put(CARD)
    window.until(lambda: window.rating().rater.cert_key)
    rater = window.phase(Rating).rater
    assert (rater.name, rater.cert_key, rater.credit_type) == (CARD.name, CARD.number, "111")


@pytest.mark.parametrize("portion", [8, 64, 400])
def test_an_answer_in_portions_and_behind_noise_is_read_all_the_same(window: Window, portion: int) -> None:
    window.table.idcard.portion = portion
    window.table.idcard.noise_before = b"\x00\xaa\xaa\xaa\x96\x69\x05\x08" if portion > 8 else b""
    window.asks_for_card()
    window.finds_no_card()
    window.table.idcard.put(CARD)
    window.until(lambda: window.rating().rater.cert_key)


def test_a_card_is_asked_for_no_more_often_than_readers_bear(window: Window) -> None:
    window.asks_for_card()
    asked = len(window.table.idcard.asked_at)
    window.until(lambda: len(window.table.idcard.asked_at) >= asked + 5)
    times = window.table.idcard.asked_at[asked:]
    # each is noted when it is heard, and that may be late: on the whole the pauses are what they should be
    assert (times[-1] - times[0]) / (len(times) - 1) > 0.2


@pytest.mark.parametrize(
    ("request_", "status", "trouble"),
    [
        ("select", 0x81, CardTrouble.SELECT_FAILED),
        ("read", 0x41, CardTrouble.READ_FAILED),
        ("read", 0x40, CardTrouble.WRONG_CARD),
    ],
)
def test_a_card_that_cannot_be_read_is_said_and_read_once_it_was_lifted(
    window: Window, request_: str, status: int, trouble: CardTrouble
) -> None:
    window.table.idcard.fail_next(request_, status)
    window.asks_for_card()
    window.finds_no_card()
    window.table.idcard.put(CARD)
    window.until(lambda: window.rating().card_trouble is trouble)
    window.table.idcard.lift()
    window.finds_no_card()
    window.table.idcard.put(CARD)
    window.until(lambda: window.rating().rater.cert_key)


def test_a_card_left_behind_is_not_the_next_persons(window: Window) -> None:
    window.table.idcard.put(CARD)
    window.asks_for_card()
    window.until(lambda: window.rating().card_trouble is CardTrouble.LIFT_FIRST)
    assert "read" not in window.table.idcard.requests


def test_nothing_is_read_off_a_card_while_nobody_is_asked_for_one(window: Window) -> None:
    window.table.idcard.put(CARD)
    asked = len(window.table.idcard.requests)
    window.until(lambda: len(window.table.idcard.requests) >= asked + 2)
    assert set(window.table.idcard.requests) == {"find"}


@pytest.mark.parametrize("asks_now", [True, False])
def test_who_looked_at_the_session_first_has_not_the_last_word(configured: Settings, asks_now: bool) -> None:
    """The scribe's thread, which looks whether a card is asked for as the desk goes on."""
    asking = Trace().invite().tap(5).do(TurnTo(Page.IDENTITY)).session
    resting = Trace().session
    before, after = (resting, asking) if asks_now else (asking, resting)
    looks = itertools.count()

    class Meanwhile:
        """The desk, which goes on while the first to look has not done yet what follows."""

        @property
        def session(self) -> Session:
            if next(looks):
                return after
            going_on.start()
            going_on.join(0.2)
            return before

    reader = IdCard()
    devices = Devices(configured, Meanwhile())  # type: ignore[arg-type]
    going_on = threading.Thread(target=devices._want_card, args=(reader,))
    devices._want_card(reader)
    going_on.join()
    assert reader.wanted is asks_now


def test_a_reader_that_falls_silent_is_known_to_be(window: Window) -> None:
    window.table.idcard.muted = True
    window.asks_for_card()
    window.until_state("idcard", DeviceState.SILENT)
    assert window.state()["devices"]["idcard"]["state"] == "silent"
    window.table.idcard.muted = False
    window.until_state("idcard", DeviceState.FOUND)


# --- the scanner --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding"), [(SLIP, "utf-8"), (f"https://zw.example/办件?projectNo={SLIP}", "gbk")]
)
def test_a_scanned_slip_invites_a_rating_of_its_matter(window: Window, text: str, encoding: str) -> None:
    window.table.scanner.scan(text, encoding)
    visit = window.phase(Inviting).visit
    assert visit.matter.project_no == SLIP
    assert visit.matter.win_no == window.kiosk.settings.pad.win_no
    assert window.kiosk.call("GET", f"/v1/invitations/{visit.id}").json() == {"state": "waiting"}


def test_a_slip_scanned_twice_is_not_asked_anew(window: Window) -> None:
    window.table.scanner.scan(SLIP)
    first = window.phase(Inviting).visit.id
    window.scan(SLIP)
    window.scan("no slip at all")
    window.state()  # answered behind it
    assert window.phase(Inviting).visit.id == first


def test_a_slip_whose_matter_is_rated_is_thanked_for_and_not_rated_again(window: Window) -> None:
    window.table.scanner.scan(SLIP)
    window.phase(Inviting)
    window.kiosk.post(Tap(Level(1)), DeclineReason())
    window.until(lambda: window.state()["pending"] == 1)
    window.phase(Resting)
    window.table.scanner.scan(SLIP)
    window.phase(AlreadyRated)


def test_a_scanned_enrolment_code_reaches_the_technicians_page_alone(window: Window) -> None:
    code = "pad-enrol:?platform=https%3A%2F%2Fhcp.example%2Fgateway&code=ABCD-EFGH"
    for text in (code, "no slip at all"):  # once the second is heard, the first has been told
        window.scan(text)
    window.state()  # answered behind it
    window.kiosk.post(HoldCorners(), PinChecked(right=True))
    assert window.phase(Technician).enrolment is None
    window.table.scanner.scan(code)
    enrolment = window.until(lambda: window.phase(Technician).enrolment)
    assert (enrolment.platform, enrolment.code) == ("https://hcp.example/gateway", "ABCD-EFGH")


# --- the serial counter -------------------------------------------------------------------


def test_every_call_is_answered_over_the_line_as_over_http(window: Window) -> None:
    clerk, kiosk = window.table.counter, window.kiosk
    status, answer = clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    assert (status, set(answer)) == (201, {"invitation"})
    path = f"/v1/invitations/{answer['invitation']}"
    for method, where, body in [
        ("GET", path, None),
        ("GET", "/v1/invitations/none", None),
        ("GET", f"{path}?wait=0.01", None),
        ("GET", f"{path}?wait=soon", None),
        ("POST", "/v1/invitations", {"matter": {"project_no": ""}}),
        ("POST", "/v1/invitations", {"matter": {"nonsense": 1}}),
        ("PUT", "/v1/staff", {"number": "1024", "name": "王芳"}),
        ("DELETE", "/v1/staff", None),
        ("PUT", "/v1/service", {"state": "serving"}),
        ("PUT", "/v1/service", {"state": "flying"}),
        ("DELETE", path, {"by": "1024", "reason": "事项有误"}),
        ("DELETE", path, {"by": "1024", "reason": "事项有误"}),
        ("GET", path, None),
        ("PATCH", "/v1/state", None),
        ("GET", "/v1/nothing", None),
    ]:
        over_line = clerk.call(method, where, body)
        over_http = kiosk.call(method, where, json=body)
        if method == "PUT" or where == "/v1/staff":
            assert over_line[0] == over_http.status_code == 200 or where == "/v1/service"
        assert over_line == (over_http.status_code, over_http.json()), (method, where)


def test_the_line_never_tells_a_level(window: Window) -> None:
    clerk = window.table.counter
    _, invited = clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    window.kiosk.post(Tap(Level(1)))
    path = f"/v1/invitations/{invited['invitation']}"
    window.until(lambda: clerk.call("GET", path) == (200, {"state": "rating"}))
    window.kiosk.post(DeclineReason())
    window.until(lambda: clerk.call("GET", path) == (200, {"state": "rated"}))


def test_answers_may_overtake_one_that_waits(window: Window) -> None:
    clerk = window.table.counter
    _, invited = clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    frames = [
        {"id": "slow", "method": "GET", "path": f"/v1/invitations/{invited['invitation']}?wait=30"},
        {"id": "fast", "method": "GET", "path": "/v1/state"},
    ]
    for each in frames:
        clerk.line.write(framed(msgspec.json.encode(each)))
    assert clerk.answer()["id"] == "fast"
    window.kiosk.post(Tap(Level(5)), Submit())
    slow = clerk.answer()
    assert (slow["id"], slow["status"]) == ("slow", 200)


def test_more_calls_than_a_line_may_have_under_way_are_told_to_wait(window: Window) -> None:
    clerk = window.table.counter
    _, invited = clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    path = f"/v1/invitations/{invited['invitation']}?wait=60"
    for number in range(AT_ONCE_MAX):
        clerk.line.write(framed(msgspec.json.encode({"id": number, "method": "GET", "path": path})))
    status, refused = clerk.call("GET", "/v1/state")
    assert (status, refused["error"]["code"]) == (503, "too_many")
    window.kiosk.post(Tap(Level(5)))
    told = [clerk.answer() for _ in range(AT_ONCE_MAX)]
    assert {each["id"] for each in told} == set(range(AT_ONCE_MAX))
    assert clerk.call("GET", "/v1/state")[0] == 200


@pytest.mark.parametrize(
    "said",
    [
        b"", b"no json", b"[]", b'{"method": 1}', b'{"method": "GET"}', b"\xff\xfe",
        b'{"method": "GET", "path": "/v1/state", "body": ' + b"[" * 60_000,
        b'{"method": "GET", "path": "/v1/state", "id": "' + b"x" * 65_000 + b'"}',
        b'{"method": "GET", "path": "/v1/state", "id": ' + b"9" * 4000 + b"}",
        b'{"method": "GET", "path": "http://["}',
    ],
    ids=lambda said: str(said[:50]),
)  # fmt: skip
def test_a_frame_without_a_call_says_what_one_looks_like(window: Window, said: bytes) -> None:
    window.table.counter.line.write(framed(said))
    answer = window.table.counter.answer()
    assert (answer["id"], answer["status"], answer["body"]["error"]["code"]) == (None, 400, "not_json")


def test_noise_on_the_counters_line_is_counted_and_the_call_behind_it_answered(window: Window) -> None:
    window.table.counter.line.write(b"\xaa\x55\xff\xff" + b"noise" * 20)
    status, state = window.table.counter.call("GET", "/v1/state")
    assert (status, state["devices"]["counter_line"]["errors"]) == (200, 1)


# --- plugging out and in ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_device_plugged_out_and_in_is_known_and_works_again(window: Window, name: str) -> None:
    window.table.lines[name].unplug()
    window.until_state(name, DeviceState.LOST)
    assert window.state()["devices"][name]["state"] == "lost"
    window.table.lines[name].plug()
    window.until_state(name, DeviceState.FOUND)
    kinds = [row["kind"] for row in window.kiosk.db.execute("SELECT kind FROM journal ORDER BY id")]
    window.until(
        lambda: (
            "device_lost"
            in [row["kind"] for row in window.kiosk.db.execute("SELECT kind FROM journal ORDER BY id")]
        )
    )
    assert kinds.count("device_lost") <= 1
    window.kiosk.invite()
    if name == "keypad":
        window.table.keypad.press(5)
        window.phase(Rating)


@pytest.mark.parametrize("request_", ["find", "select", "read"])
def test_a_reader_pulled_out_at_any_step_of_a_reading_disturbs_nobody(window: Window, request_: str) -> None:
    window.asks_for_card()
    window.finds_no_card()
    window.table.idcard.unplug_at = request_
    window.table.idcard.put(CARD)
    window.until_state("idcard", DeviceState.LOST)
    assert window.phase(Rating).page is Page.IDENTITY
    window.table.idcard.lift()
    window.table.lines["idcard"].plug()
    window.until_state("idcard", DeviceState.FOUND)
    window.finds_no_card()
    window.table.idcard.put(CARD)
    window.until(lambda: window.rating().rater.cert_key)
    window.kiosk.post(Submit())
    window.until(lambda: window.state()["pending"] == 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", ["invited", "tapped", "identity"])
def test_a_device_pulled_out_at_any_step_of_a_rating_loses_nothing(
    window: Window, name: str, step: str
) -> None:
    line = window.table.lines[name]
    invitation = window.kiosk.invite()
    if step == "invited":
        line.unplug()
    window.kiosk.post(Tap(Level(2)))
    window.phase(Rating)
    if step == "tapped":
        line.unplug()
    window.kiosk.post(TurnTo(Page.IDENTITY))
    if step == "identity":
        line.unplug()
    window.until_state(name, DeviceState.LOST)
    window.kiosk.post(DeclineReason())
    window.kiosk.wait_for(invitation, "rated")
    line.plug()
    window.until_state(name, DeviceState.FOUND)
    (rating,) = window.kiosk.db.execute("SELECT level FROM ratings").fetchall()
    assert rating["level"] == 2


def test_a_device_that_is_not_there_yet_is_found_when_it_comes(configured: Settings, tmp_path: Path) -> None:
    with Table(tmp_path / "dev") as table:
        table.lines["keypad"].unplug()
        window = Window(configured, table)
        window.until_state("keypad", DeviceState.LOST)
        assert re.search("not there", window.kiosk.devices.health()["keypad"].why)
        table.lines["keypad"].plug()
        window.until_state("keypad", DeviceState.FOUND)
        window.kiosk.stop()


def lost_with(configured: Settings, port: Path) -> str:
    """Why a key pad at that port is lost."""
    keypad = msgspec.structs.replace(configured.devices.keypad, port=str(port))
    kiosk = Kiosk(replace(configured, devices=replace(configured.devices, keypad=keypad)))
    kiosk.start()
    while "keypad" not in kiosk.desk.session.devices:
        kiosk.changed.wait(0.01)
        kiosk.changed.clear()
    kiosk.invite()
    health = kiosk.devices.health()["keypad"]
    kiosk.stop()
    assert health.state is DeviceState.LOST
    return health.why


def test_a_port_that_is_no_serial_line_is_said_and_disturbs_nobody(
    configured: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert lost_with(configured, file) == "no serial line"
    assert lost_with(configured, tmp_path / "nothing").endswith("nothing: not there")


def test_a_line_another_program_uses_is_said_and_disturbs_nobody(
    configured: Settings, tmp_path: Path
) -> None:
    with Line(tmp_path / "line") as line, serial.Serial(str(line.path), exclusive=True):
        assert lost_with(configured, line.path) == "used by another program"


def test_a_line_that_is_hung_up_is_said(window: Window) -> None:
    window.table.lines["keypad"].unplug()
    window.until_state("keypad", DeviceState.LOST)
    assert window.kiosk.devices.health()["keypad"].why in ("hung up", "Input/output error") or (
        window.kiosk.devices.health()["keypad"].why.endswith("not there")
    )


def test_a_window_without_devices_tells_none(kiosk: Kiosk) -> None:
    assert kiosk.call("GET", "/v1/state").json()["devices"] == {}
