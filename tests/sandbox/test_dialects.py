"""Both dialects against the running platform, by a sender of the tests' own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pad import gm
from tests.sandbox.conftest import MARK, Sandbox, item, message, record, service, wire

# --- national --------------------------------------------------------------------------


def test_an_array_is_stored_whole(sandbox: Sandbox) -> None:
    assert message(sandbox.national(record("P1"), record("P2", satisfaction="1", evalDetail="108")))[0]
    assert [(row["project_no"], row["level"]) for row in sandbox.stored()] == [("P1", 5), ("P2", 1)]


def test_one_bad_record_keeps_the_whole_array_out_and_is_not_named(sandbox: Sandbox) -> None:
    success, words = message(sandbox.national(record("P1"), record("P2", satisfaction="7")))
    assert not success
    assert "P2" not in words
    assert sandbox.stored() == []


def test_a_matter_rated_before_is_a_duplicate_in_the_platforms_words(sandbox: Sandbox) -> None:
    sandbox.national(record("P1"))
    success, words = message(sandbox.national(record("P1", satisfaction="1", evalDetail="")))
    assert not success
    assert "不可重复" in words
    assert [(row["level"], row["arrivals"]) for row in sandbox.stored()] == [(5, 2)]


def test_another_step_of_a_matter_is_rated_on_its_own(sandbox: Sandbox) -> None:
    sandbox.national(record("P1"), record("P1", serviceNumber="2"))
    assert len(sandbox.stored()) == 2


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"appMark": "another"}, "appMark"),
        ({"sign": "04ab"}, "签名"),
        ({"time": "20200101000000"}, "签名"),
        ({"time": "now"}, "time"),
        ({"params": {}}, "params"),
        ({"params": {"evaluate": ["04ab"]}}, "解密"),
        ({"params": {"evaluate": "04ab"}}, "params"),
    ],
)
def test_an_envelope_that_is_not_right_is_refused(
    sandbox: Sandbox, changed: dict[str, object], words: str
) -> None:
    envelope = sandbox.envelope([record()])
    envelope["txnBodyCom"] |= changed
    success, told = message(sandbox.post_national(envelope))
    assert not success
    assert words in told


def test_a_body_that_is_no_envelope_is_refused(sandbox: Sandbox) -> None:
    bodies: list[object] = [[], {}, {"txnBodyCom": {}}, {"txnBodyCom": {}, "txnCommCom": 1}]
    for body in bodies:
        assert not message(sandbox.post_national(body))[0]


def test_a_list_of_records_is_wanted(sandbox: Sandbox) -> None:
    for records in (record(), [], ["x"]):
        assert not message(sandbox.post_national(sandbox.envelope(records)))[0]


def test_a_refused_array_is_noted_without_its_person(sandbox: Sandbox) -> None:
    without = {key: value for key, value in record("P1", name="张三").items() if key != "assessNumber"}
    sandbox.national(without)
    (refused,) = sandbox.control("GET", "refusals").json()["refusals"]
    assert (refused["project_no"], refused["level"]) == ("P1", "5")
    assert "张三" not in str(refused)


@pytest.mark.parametrize(
    "text", [b"[" * 200_000, b"[NaN]", b'[{"projectNo": "\\ud800"}]', b"\xff", b"\xef\xbb\xbf[]"]
)
def test_json_no_strict_reader_takes_is_refused_not_stumbled_over(sandbox: Sandbox, text: bytes) -> None:
    envelope = sandbox.envelope([record()])
    envelope["txnBodyCom"]["params"]["evaluate"] = [gm.sm2_encrypt(sandbox.public_key, text)]
    assert message(sandbox.post_national(envelope)) == (False, "数据解密失败")
    bare = requests.post(f"{sandbox.url}/national/evaluate", data=text, timeout=30)
    assert not message(bare)[0]
    assert sandbox.signed_bytes("POST", "/itemised/v1/batches", text).status_code == 400
    assert sandbox.signed_bytes("POST", "/itemised/v1/heartbeats", text).status_code == 400


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Sandbox]:
    """A platform that wants service records first, and answers in the other shape."""
    sandbox = Sandbox(tmp_path, accept_any_service=False, reply="code")
    yield sandbox
    sandbox.close()


def test_a_rating_waits_for_its_service_record_where_one_is_wanted(strict: Sandbox) -> None:
    assert message(strict.national(record())) == (False, "没有对应的服务数据")
    assert message(strict.national(service(), path="service", kind="projectService"))[0]
    assert not message(strict.national(service(), path="service", kind="projectService"))[0]
    early = message(strict.national(record(assessTime=wire(-3600))))
    assert not early[0]
    assert "serviceTime" in early[1]
    answer = strict.national(record())
    assert message(answer)[0]
    assert set(answer.json()) == {"code", "success", "message"}


def test_service_records_are_taken_all_or_none(strict: Sandbox) -> None:
    def send(*numbers: str) -> bool:
        return message(strict.national(*map(service, numbers), path="service", kind="projectService"))[0]

    assert send("P1")
    assert not send("P2", "P1")
    assert not send("P3", "P3")
    assert send("P2", "P3")


def test_a_rating_of_no_matter_waits_for_no_service_record(strict: Sandbox) -> None:
    assert message(strict.national(record("")))[0]


def test_the_business_system_may_register_service_records(strict: Sandbox) -> None:
    assert strict.control("POST", "services", {"projectNo": "P1"}).status_code == 201
    assert message(strict.national(record()))[0]


# --- itemised --------------------------------------------------------------------------


def test_each_record_has_its_own_outcome(sandbox: Sandbox) -> None:
    sandbox.itemised(item("P1", "r-1"))
    results = sandbox.itemised(
        item("P1", "r-1"), item("P1", "r-9"), item("P2", "r-2", satisfaction="9"), item("P3", "r-3")
    ).json()["results"]
    assert [(each["id"], each["outcome"]) for each in results] == [
        ("r-1", "duplicate"), ("r-9", "refused"), ("r-2", "refused"), ("r-3", "accepted"),
    ]  # fmt: skip
    assert [row["rating_id"] for row in sandbox.stored()] == ["r-1", "r-3"]


def test_an_id_comes_back_with_what_it_stood_for_or_is_refused(sandbox: Sandbox) -> None:
    sandbox.itemised(item("P1", "r-1", assessTime=wire(-60)), item("P2", "r-2"))

    def outcome(**changed: str) -> str:
        told: str = sandbox.itemised(item(**changed)).json()["results"][0]["outcome"]
        return told

    assert outcome(project_no="P1", rating_id="r-1", assessTime=wire(-50)) == "duplicate"
    assert outcome(project_no="P1", rating_id="r-1", satisfaction="1", evalDetail="") == "refused"
    assert outcome(project_no="P2", rating_id="r-1") == "refused"
    assert [row["level"] for row in sandbox.stored()] == [5, 5]


def test_a_service_record_that_travels_along_is_checked(sandbox: Sandbox) -> None:
    good = item("P1", "r-1") | {"service": service("P1")}
    bad = item("P2", "r-2") | {"service": service("P2", userName="")}
    for outcomes in (["accepted", "refused"], ["duplicate", "refused"]):
        results = sandbox.itemised(good, bad).json()["results"]
        assert [each["outcome"] for each in results] == outcomes
    assert "userName" in results[1]["message"]


def test_the_answer_names_the_batch(sandbox: Sandbox) -> None:
    body = {"batch": "b-7", "device": "pad-1", "records": [item()]}
    assert sandbox.signed("POST", "/itemised/v1/batches", body).json()["batch"] == "b-7"


@pytest.mark.parametrize(
    "headers",
    [
        {"X_App_Mark": "x"},
        {"X_Signature": "0" * 64},
        {"X_Timestamp": "1000"},
        {"X_Nonce": ""},
        {"X_Timestamp": "9" * 400},
        {"X_Timestamp": "²"},
        {"X_Nonce": "²"},
        {"X_Signature": "²"},
    ],
    ids=["mark", "signature", "old", "no nonce", "long", "no digit", "odd nonce", "odd signature"],
)
def test_a_signature_that_does_not_hold_is_401(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert sandbox.itemised(item(), **headers).status_code == 401
    assert sandbox.stored() == []


def test_a_nonce_is_taken_once(sandbox: Sandbox) -> None:
    assert sandbox.itemised(item(), X_Nonce="same").status_code == 200
    assert sandbox.itemised(item(), X_Nonce="same").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"batch": "b"},
        {"batch": 1, "device": "d", "records": [item()]},
        {"batch": "b", "device": "d", "records": []},
        {"batch": "b", "device": "d", "records": [{"id": "r"}]},
        {"batch": "b", "device": "d", "records": [item() | {"level": 5}]},
        {"batch": "b", "device": "d", "records": [item() | {"service": "x"}]},
        {"batch": "b", "device": "d", "records": [item() | {"time_uncertain": "no"}]},
        {"batch": "b", "device": "d", "records": [item(rating_id="")]},
    ],
)
def test_a_batch_of_another_form_is_400(sandbox: Sandbox, body: object) -> None:
    assert sandbox.signed("POST", "/itemised/v1/batches", body).status_code == 400


def test_heartbeats_are_kept(sandbox: Sandbox) -> None:
    beat = {"device": "pad-1", "head": {"seq": 7, "hash": "ab"}, "flags": {"burst": 6}}
    assert sandbox.signed("POST", "/itemised/v1/heartbeats", beat).status_code == 200
    (kept,) = sandbox.control("GET", "heartbeats").json()["heartbeats"]
    assert kept["device"] == "pad-1"
    assert json.loads(kept["raw"])["flags"] == {"burst": 6}


@pytest.mark.parametrize(
    "beat", [[], {}, {"device": ""}, {"device": "d"}, {"device": "d", "head": {"seq": "7", "hash": "ab"}}]
)
def test_a_heartbeat_of_another_form_is_400(sandbox: Sandbox, beat: object) -> None:
    assert sandbox.signed("POST", "/itemised/v1/heartbeats", beat).status_code == 400


def test_the_catalogue_is_told_once(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/itemised/v1/catalogue"
    told = requests.get(url, params={"version": "old"}, timeout=60).json()
    assert len(told["indicator"]) == 40
    assert requests.get(url, params={"version": told["version"]}, timeout=60).status_code == 304


def test_personal_data_stay_in_the_store(sandbox: Sandbox) -> None:
    sandbox.national(record(name="张三", mobile="13812345678"))
    for path in ("received", "requests", "summary", "refusals"):
        assert "13812345678" not in sandbox.control("GET", path).text
    assert MARK
