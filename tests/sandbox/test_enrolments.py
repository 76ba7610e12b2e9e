"""The platform's part of an enrolment: strict about its shape, and a code works once, for a while."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import requests

from pad import enrolment, gm
from pad.enrolment import wire
from pad.enrolment.wire import Secrets
from tests.sandbox.conftest import MARK, WORD, Sandbox, item, message

PAIR = gm.sm2_keypair("2" * 64)
OTHER = gm.sm2_keypair("3" * 64)
WINDOW = {"hall_name": "大厅", "win_no": "A07"}


def issue(sandbox: Sandbox, **given: Any) -> str:
    answer = sandbox.control("POST", "enrolments", {"pad": WINDOW} | given)
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


def request(code: str, **changed: Any) -> dict[str, Any]:
    versions = {"pad": "0.1.0", "ledger": "6", "indicators": "2020-05-22"}
    return {"code": code, "serial": "SN-1", "public_key": PAIR.public_key, "versions": versions} | changed


def ask(sandbox: Sandbox, body: object, base: str = "itemised", timeout: float = 30) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(f"{sandbox.url}/{base}/v1/enrolments", data=data, timeout=timeout)


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_code_enrols_and_its_secrets_open_with_the_pads_key_alone(sandbox: Sandbox) -> None:
    answer = ask(sandbox, request(issue(sandbox, device="pad-9", phone_key="0" * 32)))
    assert answer.status_code == 201
    told = wire.read_answer(answer.content)
    assert (told.device, told.pad.win_no, told.platform.app_mark) == ("pad-9", "A07", MARK)
    assert told.platform.url == f"{sandbox.url}/itemised"
    assert wire.open_secrets(told, PAIR.private_key) == Secrets(WORD, "0" * 32)
    assert WORD not in answer.text


def test_a_national_platform_gives_its_key(sandbox: Sandbox) -> None:
    told = wire.read_answer(ask(sandbox, request(issue(sandbox, profile="national")), "national").content)
    assert (told.platform.url, told.platform.sm2_public_key) == (
        f"{sandbox.url}/national",
        sandbox.public_key,
    )


def test_the_same_pad_is_answered_the_same_again_and_another_is_refused(sandbox: Sandbox) -> None:
    code = issue(sandbox)
    first = ask(sandbox, request(code))
    assert ask(sandbox, request(code)).content == first.content
    assert refusal(ask(sandbox, request(code, public_key=OTHER.public_key))) == (409, "used_code")
    assert ask(sandbox, request(code)).content == first.content


def test_a_code_expires_also_for_who_has_used_it(sandbox: Sandbox) -> None:
    assert refusal(ask(sandbox, request(issue(sandbox, expires_s=0)))) == (410, "expired_code")
    code = issue(sandbox, expires_s=3600)
    assert ask(sandbox, request(code)).status_code == 201
    sandbox.control("PUT", "misbehaviours/clock-ahead", {"seconds": 3601})
    assert refusal(ask(sandbox, request(code))) == (410, "expired_code")
    sandbox.control("DELETE", "misbehaviours/clock-ahead")


def test_a_pad_that_comes_back_keeps_its_name(sandbox: Sandbox) -> None:
    names = [
        wire.read_answer(ask(sandbox, request(issue(sandbox), serial=serial)).content).device
        for serial in ("SN-A", "SN-B", "SN-A")
    ]
    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"serial": ""}, {"serial": "中"}, {"serial": 7}, {"serial": "x" * 65}, {"public_key": "04ab"},
        {"public_key": "04" + "f" * 128}, {"public_key": PAIR.public_key.upper()}, {"versions": []},
        {"versions": {"pad": 1}}, {"code": "AB"}, {"code": None}, {"more": "x"},
    ],
)  # fmt: skip
def test_another_shape_is_a_bad_request_and_uses_no_code_up(
    sandbox: Sandbox, changed: dict[str, Any]
) -> None:
    code = issue(sandbox)
    assert refusal(ask(sandbox, request(code) | changed)) == (400, "bad_request")
    assert ask(sandbox, request(code)).status_code == 201


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", {"code": "ABCD-EFGH"}])
def test_what_is_no_request(sandbox: Sandbox, body: object) -> None:
    assert refusal(ask(sandbox, body)) == (400, "bad_request")


def test_a_code_nobody_was_given_is_unknown(sandbox: Sandbox) -> None:
    assert refusal(ask(sandbox, request("ZZZZ-ZZZZ"))) == (404, "unknown_code")


def test_a_lost_answer_is_lost_and_the_code_used(sandbox: Sandbox) -> None:
    code = issue(sandbox)
    sandbox.control("PUT", "misbehaviours/answer-lost", {"first": 1})
    with pytest.raises(requests.ConnectionError):
        ask(sandbox, request(code))
    assert refusal(ask(sandbox, request(code, public_key=OTHER.public_key))) == (409, "used_code")
    assert ask(sandbox, request(code)).status_code == 201


@pytest.mark.parametrize(
    ("name", "status"),
    [("status-500", 500), ("html-502", 502), ("captive-portal", 200), ("status-401", 401)],
)
def test_misbehaviours_meet_enrolments_too(sandbox: Sandbox, name: str, status: int) -> None:
    code = issue(sandbox)
    sandbox.control("PUT", f"misbehaviours/{name}", {"first": 1})
    assert ask(sandbox, request(code)).status_code == status
    assert ask(sandbox, request(code, public_key=OTHER.public_key)).status_code == 201, "it was not used up"


@pytest.mark.parametrize("name", ["wrong-types", "truncated-json"])
def test_an_answer_spoilt_is_none(sandbox: Sandbox, name: str) -> None:
    code = issue(sandbox)
    sandbox.control("PUT", f"misbehaviours/{name}", {"first": 1})
    with pytest.raises(wire.AnswerError):
        wire.read_answer(ask(sandbox, request(code)).content)
    wire.read_answer(ask(sandbox, request(code)).content)


def test_words_given_to_a_pad_are_taken_from_then_on_beside_the_settings_own(sandbox: Sandbox) -> None:
    other = "a word of its own"
    code = issue(sandbox, app_word=other)
    body = {"batch": "b", "device": "pad-1", "records": [item("P-own", "r-own")]}
    data = json.dumps(body).encode()

    def signed(word: str) -> int:
        stamp, nonce = str(_now_ms()), f"nonce-{word}-{_now_ms()}"
        headers = {"X_App_Mark": MARK, "X_Timestamp": stamp, "X_Nonce": nonce}
        asked = (
            "POST",
            "/itemised/v1/batches",
            headers["X_Timestamp"],
            headers["X_Nonce"],
            gm.sm3(data).hex(),
        )
        text = "\n".join(asked)
        headers["X_Signature"] = gm.hmac_sm3(word.encode(), text.encode()).hex()
        return sandbox.signed_bytes("POST", "/itemised/v1/batches", data, **headers).status_code

    assert signed(other) == 401, "nobody has it yet"
    ask(sandbox, request(code))
    assert signed(other) == 200
    assert signed(WORD) == 200
    assert signed("no word") == 401
    assert message(sandbox.national(item("P-nat")["rating"]))[0]


def _now_ms() -> int:
    return int(time.time() * 1000)


def test_the_code_is_shown_as_a_qr_code_that_says_where_and_what(sandbox: Sandbox) -> None:
    told = sandbox.control("POST", "enrolments", {"pad": WINDOW, "profile": "national"}).json()
    found = enrolment.parse(told["text"])
    assert (found.platform, found.code) == (f"{sandbox.url}/national", told["code"])
    drawn = sandbox.control("GET", told["qr"].removeprefix("/control/"))
    assert drawn.headers["Content-Type"].startswith("image/svg+xml")
    assert ET.fromstring(drawn.content).tag.endswith("svg")
    assert sandbox.control("GET", "enrolments/ZZZZ-ZZZZ.svg").status_code == 404


def test_what_each_code_came_to_is_listed_without_a_secret(sandbox: Sandbox) -> None:
    used, fresh, old = issue(sandbox, app_word="hidden"), issue(sandbox), issue(sandbox, expires_s=0)
    ask(sandbox, request(used, serial="SN-listed"))
    answer = sandbox.control("GET", "enrolments")
    states = {each["code"]: (each["state"], each["serial"]) for each in answer.json()["enrolments"]}
    assert (states[used], states[fresh], states[old]) == (
        ("used", "SN-listed"),
        ("open", ""),
        ("expired", ""),
    )
    assert "hidden" not in answer.text


@pytest.mark.parametrize(
    "given",
    [{}, {"pad": {}}, {"pad": {"hall_name": ""}}, {"pad": WINDOW, "profile": "soap"},
     {"pad": WINDOW, "expires_s": -1}, {"pad": WINDOW, "expires_s": 1e9}, {"pad": WINDOW, "more": 1},
     {"pad": WINDOW | {"area_code": "5"}}],
)  # fmt: skip
def test_a_code_for_nothing_sound_is_not_given(sandbox: Sandbox, given: dict[str, Any]) -> None:
    answer = sandbox.control("POST", "enrolments", given)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_value")
