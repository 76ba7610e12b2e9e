"""The counter contract (design §4), over real HTTP."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from kiosk.door import DoorError, open_door
from kiosk.events import DeclineReason, Submit, Tap, Withdraw
from kiosk.phases import Rating, Saving, Session, Thanking
from pad.codes import Level
from pad.ctl.devices import told_by_kiosk
from pad.keys import write_secret
from pad.ledger.recording import Recorder
from pad.model import VisitEnd
from pad.settings import Settings
from tests.kiosk.conftest import Kiosk

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()


def error_of(answer: Any) -> dict[str, str]:
    error: dict[str, str] = answer.json()["error"]
    assert set(error) == {"code", "field", "message"}
    assert error["message"]
    return error


# --- invitations -----------------------------------------------------------------------


def test_an_invitation_is_created_and_waits(kiosk: Kiosk) -> None:
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}, "timeout_s": 30})
    assert answer.status_code == 201
    assert set(answer.json()) == {"invitation"}
    shown = kiosk.call("GET", f"/v1/invitations/{answer.json()['invitation']}")
    assert (shown.status_code, shown.json()) == (200, {"state": "waiting"})


def test_the_states_of_a_rating_are_told_but_never_the_level(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    kiosk.post(Tap(Level(1)))
    assert kiosk.state_after(invitation, "waiting") == "rating"
    kiosk.post(DeclineReason())
    assert kiosk.state_after(invitation, "rating") == "rated"
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "rated"}


def test_waiting_ends_when_the_state_changes_and_not_before(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    answers: list[str] = []
    waiter = threading.Thread(target=lambda: answers.append(kiosk.state_after(invitation, "waiting")))
    waiter.start()
    assert waiter.is_alive()
    kiosk.post(Withdraw())
    waiter.join(60)
    assert answers == ["withdrawn"]


def test_waiting_in_vain_tells_the_same_state(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    assert kiosk.call("GET", f"/v1/invitations/{invitation}?wait=0.05").json() == {"state": "waiting"}


def test_a_rating_written_between_two_looks_is_told_as_rated(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = kiosk.invite()
    kiosk.post(Tap(Level(1)))
    assert kiosk.state_after(invitation, "waiting") == "rating"
    desk, looks = kiosk.desk, itertools.count()

    class Meanwhile:
        """The desk, whose second look at it comes just late."""

        @property
        def session(self) -> Session:
            if next(looks) != 1:
                return desk.session
            kiosk.post(DeclineReason())
            while not isinstance(desk.session.phase, Thanking):
                kiosk.changed.wait(60)
                kiosk.changed.clear()
            return desk.session

    monkeypatch.setattr(kiosk.calls, "_desk", Meanwhile())
    assert kiosk.call("GET", f"/v1/invitations/{invitation}?wait=20").json() == {"state": "rated"}


def test_a_matter_whose_rating_is_stored_while_it_is_invited_again_is_already_rated(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.wait_for(first := kiosk.invite(), "waiting")
    kiosk.post(Tap(Level(5)))
    kiosk.wait_for(first, "rating")

    def meanwhile(*_: object) -> str:
        """After the disk was looked at, and before the window is asked."""
        kiosk.post(Submit())
        while isinstance(kiosk.desk.session.phase, Rating | Saving):
            kiosk.changed.wait(20)
            kiosk.changed.clear()
        return ""

    monkeypatch.setattr(kiosk.calls, "_link", meanwhile)
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "already_rated")
    ends: list[tuple[str, ...]] = []
    while ("cancelled", "pad", "already_rated") not in ends:
        rows = kiosk.db.execute("SELECT outcome, ended_by, end_reason FROM visits").fetchall()
        ends = [tuple(row) for row in rows]
    assert len(ends) == 2


def test_what_the_disk_has_not_taken_yet_is_told_as_it_was(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = kiosk.invite()
    asked, taken, end_visit = threading.Event(), threading.Event(), Recorder.end_visit

    def slowly(recorder: Recorder, end: VisitEnd) -> None:
        asked.set()
        assert taken.wait(60)
        end_visit(recorder, end)

    monkeypatch.setattr(Recorder, "end_visit", slowly)
    kiosk.post(Tap(Level(1)), Withdraw())
    assert asked.wait(60)
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "rating"}
    late: list[Any] = []
    who = {"by": "1024", "reason": "x"}
    cancelling = threading.Thread(
        target=lambda: late.append(kiosk.call("DELETE", f"/v1/invitations/{invitation}", json=who))
    )
    cancelling.start()
    taken.set()
    cancelling.join(60)
    assert (late[0].status_code, error_of(late[0])["message"]) == (409, "the invitation has ended: withdrawn")


def test_an_invitation_times_out(kiosk: Kiosk) -> None:
    invitation = kiosk.invite(timeout_s=1)
    assert kiosk.state_after(invitation, "waiting") == "timed_out"


def test_a_second_invitation_supersedes_the_first(kiosk: Kiosk) -> None:
    first, second = kiosk.invite("P1"), kiosk.invite("P2")
    assert kiosk.call("GET", f"/v1/invitations/{first}").json() == {"state": "superseded"}
    assert kiosk.call("GET", f"/v1/invitations/{second}").json() == {"state": "waiting"}


def test_a_rated_matter_is_refused(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(5)), Submit())
    kiosk.wait_for(invitation, "rated")
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "already_rated")
    kiosk.invite("P1-other")
    step = {"matter": {"project_no": "P1", "service_number": 2}}
    assert kiosk.call("POST", "/v1/invitations", json=step).status_code == 201


def test_while_somebody_rates_the_clerk_gets_busy_and_a_pause_waits(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    kiosk.post(Tap(Level(2)))
    assert kiosk.state_after(invitation, "waiting") == "rating"
    again = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P2"}})
    assert (again.status_code, error_of(again)["code"]) == (409, "busy")
    cancel = kiosk.call("DELETE", f"/v1/invitations/{invitation}", json={"by": "1024", "reason": "x"})
    assert (cancel.status_code, error_of(cancel)["code"]) == (409, "busy")
    assert kiosk.call("PUT", "/v1/service", json={"state": "paused"}).status_code == 202
    assert kiosk.call("DELETE", "/v1/staff").status_code == 202
    assert kiosk.call("GET", "/v1/state").json()["state"] == "rating"
    kiosk.post(DeclineReason())
    assert kiosk.state_after(invitation, "rating") == "rated"
    paused = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P3"}})
    assert (paused.status_code, error_of(paused)["code"]) == (409, "paused")


def test_cancelling_says_who_and_why_and_may_be_repeated(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    for _ in range(2):
        answer = kiosk.call(
            "DELETE", f"/v1/invitations/{invitation}", json={"by": "1024", "reason": "事项有误"}
        )
        assert (answer.status_code, answer.json()) == (200, {"state": "cancelled"})
    row = kiosk.db.execute("SELECT outcome, ended_by, end_reason FROM visits").fetchone()
    assert tuple(row) == ("cancelled", "1024", "事项有误")


@pytest.mark.parametrize("number", ["渝综（2026）第001号", "二〇二六-1", "A b-C_7/8", "p1", "P1"])
def test_a_number_as_business_systems_write_it_is_taken_as_it_is(kiosk: Kiosk, number: str) -> None:
    kiosk.invite(number)
    assert kiosk.db.execute("SELECT project_no FROM visits").fetchone()[0] == number


@pytest.mark.parametrize(
    "by", ["pad", "rater", " Pad", "\uff32\uff21\uff34\uff25\uff32 ", " ", "\u3000", "a\x00b"]
)
def test_a_cancellation_cannot_pass_for_the_pads_or_the_raters(kiosk: Kiosk, by: str) -> None:
    invitation = kiosk.invite()
    answer = kiosk.call("DELETE", f"/v1/invitations/{invitation}", json={"by": by, "reason": "restart"})
    assert (answer.status_code, error_of(answer)["field"]) == (400, "by")
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}


def test_a_path_with_a_line_end_in_it_is_answered_like_any_other(kiosk: Kiosk) -> None:
    answer = kiosk.call("GET", "/v1/invitations/%0A")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_invitation")


def test_cancelling_what_ended_otherwise_is_refused(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    kiosk.invite("P2")
    answer = kiosk.call("DELETE", f"/v1/invitations/{invitation}", json={"by": "1", "reason": "x"})
    assert (answer.status_code, error_of(answer)["code"]) == (409, "ended")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_invitation_is_404(kiosk: Kiosk, method: str) -> None:
    answer = kiosk.call(method, "/v1/invitations/none", json={"by": "1", "reason": "x"})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_invitation")


# --- staff, service, state -------------------------------------------------------------


def test_a_clerk_signs_in_and_out(kiosk: Kiosk) -> None:
    clerk = {"number": "1024", "name": "王芳", "photo": PNG, "stars": 5.0, "post": "综合窗口"}
    assert kiosk.call("PUT", "/v1/staff", json=clerk).status_code == 200
    assert kiosk.call("GET", "/v1/state").json()["staff"] == "1024"
    assert kiosk.call("DELETE", "/v1/staff").status_code == 200
    assert kiosk.call("GET", "/v1/state").json()["staff"] is None


@pytest.mark.parametrize(
    ("service", "state"),
    [("open", "idle"), ("serving", "serving"), ("paused", "paused"), ("closed", "closed")],
)
def test_the_service_shows_in_the_state(kiosk: Kiosk, service: str, state: str) -> None:
    assert kiosk.call("PUT", "/v1/service", json={"state": service, "notice": "稍候"}).status_code == 200
    assert kiosk.call("GET", "/v1/state").json()["state"] == state


def test_the_state_has_every_part_of_the_contract(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    state = kiosk.call("GET", "/v1/state").json()
    assert state == {
        "state": "inviting",
        "invitation": invitation,
        "staff": None,
        "pending": 0,
        "oldest_pending_s": None,
        "versions": {"pad": "test"},
        "devices": {},
    }


def test_the_state_counts_what_waits_to_be_sent(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    kiosk.post(Tap(Level(5)), Submit())
    kiosk.wait_for(invitation, "rated")
    state = kiosk.call("GET", "/v1/state").json()
    assert state["pending"] == 1
    assert 0 <= state["oldest_pending_s"] < 60


# --- bad input -------------------------------------------------------------------------

GOOD: dict[str, Any] = {"project_no": "P9"}
BAD: list[tuple[Any, str]] = [
    ({}, "matter"),
    ({"matter": {}}, "matter.project_no"),
    ({"matter": {"project_no": ""}}, "matter.project_no"),
    ({"matter": {"project_no": " P"}}, "matter.project_no"),
    ({"matter": {"project_no": 7}}, "matter.project_no"),
    ({"matter": {"project_no": "P" * 65}}, "matter.project_no"),
    ({"matter": {"project_no": "P\n1"}}, "matter.project_no"),
    *(
        ({"matter": {"project_no": number}}, "matter.project_no")
        for number in (
            "\uff301",
            "P\uff11",
            "P\u2460",
            "P\u200b1",
            "P\u00ad1",
            "\ufeffP1",
            "P1\u3164",
            "P1\ufe0f",
            "P\u00a01",
            "P  1",
            "P\u202e1",
            "P\x001",
            "E\u0301",
            "P1\u2028",
        )
    ),
    ({"matter": GOOD | {"projct": "x"}}, "matter.projct"),
    ({"matter": GOOD, "staff": {"number": "1", "stars": 2.5}}, "staff.stars"),
    ({"matter": GOOD | {"service_number": 0}}, "matter.service_number"),
    ({"matter": GOOD | {"service_number": 1.5}}, "matter.service_number"),
    ({"matter": GOOD | {"service_number": 1e300}}, "matter.service_number"),
    ({"matter": GOOD | {"service_number": 100}}, "matter.service_number"),
    ({"matter": GOOD | {"service_number": "x"}}, "matter.service_number"),
    ({"matter": GOOD | {"service_number": True}}, "matter.service_number"),
    ({"matter": GOOD | {"assess_number": 2}}, "matter.assess_number"),
    ({"matter": GOOD | {"task_code": "1" * 30}}, "matter.task_code"),
    ({"matter": GOOD | {"task_type": "02"}}, "matter.task_type"),
    ({"matter": GOOD | {"task_name": "名" * 201}}, "matter.task_name"),
    ({"matter": GOOD | {"area_code": "12345"}}, "matter.area_code"),
    ({"matter": GOOD | {"dept_code": "x" * 18}}, "matter.dept_code"),
    ({"matter": GOOD | {"user_prop": "7"}}, "matter.user_prop"),
    ({"matter": GOOD | {"pro_status": "4"}}, "matter.pro_status"),
    ({"matter": GOOD | {"service_time": "yesterday"}}, "matter.service_time"),
    ({"matter": GOOD | {"mobile": "1" * 21}}, "matter.mobile"),
    ({"matter": GOOD, "timeout_s": 0}, "timeout_s"),
    ({"matter": GOOD, "timeout_s": "60"}, "timeout_s"),
    ({"matter": GOOD, "staff": {"name": "x"}}, "staff.number"),
    ({"matter": GOOD, "staff": {"number": "1", "stars": 6}}, "staff.stars"),
    ({"matter": GOOD, "staff": {"number": "1", "photo": "AAAA"}}, "staff.photo"),
    ({"matter": GOOD, "staff": {"number": "1", "photo": "%%"}}, "staff.photo"),
    ({"matter": GOOD, "level": 5}, "level"),
    ([], ""),
    ("x", ""),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=[json.dumps(b, ensure_ascii=False)[:50] for b, _ in BAD])
def test_a_malformed_invitation_names_the_field_and_leaves_no_trace(
    kiosk: Kiosk, body: object, field: str
) -> None:
    answer = kiosk.call("POST", "/v1/invitations", json=body)
    assert (answer.status_code, error_of(answer)["field"]) == (400, field)
    assert kiosk.call("GET", "/v1/state").json()["state"] == "idle"
    assert kiosk.db.execute("SELECT COUNT(*) FROM visits").fetchone()[0] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null", b'{"matter": {"project_no": "\xff"}}'])
def test_what_is_no_json_is_said_to_be_none(kiosk: Kiosk, body: bytes) -> None:
    assert kiosk.call("POST", "/v1/invitations", data=body).status_code == 400


def test_no_message_repeats_personal_data(kiosk: Kiosk) -> None:
    secret = "13812345678" * 3
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": GOOD | {"mobile": secret}})
    assert answer.status_code == 400
    assert secret[:11] not in answer.text


def test_a_malformed_staff_service_or_cancellation_names_the_field(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    for method, path, body, field in [
        ("PUT", "/v1/staff", {"number": ""}, "number"),
        ("PUT", "/v1/staff", {}, "number"),
        ("PUT", "/v1/service", {"state": "asleep"}, "state"),
        ("PUT", "/v1/service", {}, "state"),
        ("DELETE", f"/v1/invitations/{invitation}", {"by": "1"}, "reason"),
        ("DELETE", f"/v1/invitations/{invitation}", {"by": "", "reason": "x"}, "by"),
        ("GET", f"/v1/invitations/{invitation}?wait=x", None, "wait"),
        ("GET", f"/v1/invitations/{invitation}?wait=-1", None, "wait"),
    ]:
        answer = kiosk.call(method, path, json=body)
        assert (answer.status_code, error_of(answer)["field"]) == (400, field), (method, path, body)
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}


def test_a_body_over_1_mib_is_refused(kiosk: Kiosk) -> None:
    answer = kiosk.call("POST", "/v1/invitations", data=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


def test_an_unknown_path_or_method_is_said(kiosk: Kiosk) -> None:
    assert error_of(kiosk.call("GET", "/v2/x"))["code"] == "unknown_path"
    answer = kiosk.call("PUT", "/v1/state")
    assert (answer.status_code, error_of(answer)["code"]) == (405, "unknown_method")


def test_nothing_a_clerk_can_call_gives_a_level(kiosk: Kiosk) -> None:
    invitation = kiosk.invite()
    for path in ["/v1/ratings", f"/v1/invitations/{invitation}", "/v1/state"]:
        for method in ["POST", "PUT", "PATCH"]:
            assert kiosk.call(method, path, json={"level": 5}).status_code in (404, 405)
    assert kiosk.db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0] == 0


# --- who may call ----------------------------------------------------------------------


def test_a_page_of_an_unknown_origin_may_not_call(kiosk: Kiosk) -> None:
    answer = kiosk.call(
        "POST", "/v1/invitations", json={"matter": GOOD}, headers={"Origin": "https://evil.example"}
    )
    assert (answer.status_code, error_of(answer)["code"]) == (403, "unknown_origin")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.fixture
def open_to_a_page(configured: Settings) -> Iterator[Kiosk]:
    counter = msgspec.structs.replace(configured.counter, origins=("https://zwfw.example",))
    running = Kiosk(replace(configured, counter=counter))
    running.start()
    yield running
    running.stop()


def test_a_page_of_a_configured_origin_may_call(open_to_a_page: Kiosk) -> None:
    headers = {"Origin": "https://zwfw.example"}
    asked = open_to_a_page.call("OPTIONS", "/v1/invitations", headers=headers)
    assert asked.status_code == 204
    assert "DELETE" in asked.headers["Access-Control-Allow-Methods"]
    for body, status in (({"matter": GOOD}, 201), ({}, 400)):
        answer = open_to_a_page.call("POST", "/v1/invitations", json=body, headers=headers)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (
            status,
            headers["Origin"],
        )


# --- beyond loopback -------------------------------------------------------------------


def make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pad")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "pad.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "pad.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def beyond(configured: Settings, tmp_path: Path) -> Settings:
    make_certificate(tmp_path)
    counter = msgspec.structs.replace(
        configured.counter,
        address="0.0.0.0",
        tls_certificate=str(tmp_path / "pad.crt"),
        tls_key=str(tmp_path / "pad.key"),
    )
    return replace(configured, counter=counter)


def test_beyond_loopback_it_speaks_tls_and_wants_the_token(beyond: Settings, tmp_path: Path) -> None:
    write_secret(beyond.state_dir / "keys" / "counter_token", "open sesame")
    running = Kiosk(beyond)
    running.start()
    try:
        running.http.verify = str(tmp_path / "pad.crt")
        assert error_of(running.call("GET", "/v1/state"))["code"] == "unauthorised"
        wrong = {"Authorization": "Bearer open barley"}
        assert running.call("GET", "/v1/state", headers=wrong).status_code == 401
        right = {"Authorization": "Bearer open sesame"}
        assert running.call("GET", "/v1/state", headers=right).status_code == 200
        assert told_by_kiosk(beyond) == {}
        watch = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip
        assert running.call("GET", "/v1/events", headers=watch).status_code == 401
        assert running.call("GET", "/v1/events", headers=watch | wrong).status_code == 401
        with running.call("GET", "/v1/events", headers=watch | right, stream=True) as told:
            assert told.status_code == 101
            assert told.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
            told.raw.close()
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{beyond.counter.port}/v1/state", timeout=30)
    finally:
        running.stop()


def test_beyond_loopback_a_missing_token_is_said_at_the_start(beyond: Settings) -> None:
    with pytest.raises(DoorError, match="counter_token: missing"):
        open_door(beyond)


def test_an_address_in_use_is_said_at_the_start(configured: Settings) -> None:
    door = open_door(configured)
    with pytest.raises(DoorError, match=r"counter\.port: 127\.0\.0\.1:\d+ cannot be listened on"):
        open_door(configured)
    door.listener.close()


def test_a_certificate_that_is_none_is_said_at_the_start(beyond: Settings, tmp_path: Path) -> None:
    write_secret(beyond.state_dir / "keys" / "counter_token", "x")
    (tmp_path / "pad.key").write_text("no key")
    counter = msgspec.structs.replace(beyond.counter, address="127.0.0.1")
    with pytest.raises(DoorError, match=r"counter\.tls_certificate"):
        open_door(replace(beyond, counter=counter))


def test_a_damaged_request_is_logged_without_what_it_said(
    kiosk: Kiosk, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk.call("GET", "/v1/state")
    query = b"sqrxm=Zhang" + "张三".encode("gbk")
    with socket.create_connection(("127.0.0.1", kiosk.settings.counter.port), 20) as line:
        line.sendall(b"GET /evaluate/startEvaluate?" + query + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 400 " in line.recv(100)
    assert "no sound request" in caplog.text
    assert "Zhang" not in caplog.text
