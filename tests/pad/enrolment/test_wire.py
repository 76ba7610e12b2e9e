"""The contract of docs/enrolment.md, byte for byte, and what is said of what breaks it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pad import gm
from pad.enrolment import wire
from pad.enrolment.wire import AnswerError, Refusal, Refused, Request, Secrets
from pad.settings import Dialect

PAGE = Path(__file__).parents[3] / "docs" / "enrolment.md"
PRIVATE_KEY = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
OTHER = gm.sm2_keypair("1" * 64)


def example(name: str) -> bytes:
    (found,) = re.findall(rf"```json {name}\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found).encode()


def changed(**changes: object) -> bytes:
    """The answer with keys set; ``platform__url`` is ``url`` in ``platform``, ... takes one away."""
    answer: dict[str, Any] = json.loads(example("answer"))
    for name, value in changes.items():
        *tables, key = name.split("__")
        table = answer
        for each in tables:
            table = table[each]
        if value is ...:
            del table[key]
        else:
            table[key] = value
    return json.dumps(answer).encode()


def test_the_request_is_the_pages_byte_for_byte() -> None:
    public_key = gm.sm2_keypair(PRIVATE_KEY).public_key
    versions = {"pad": "0.1.0", "ledger": "6", "indicators": "2020-05-22"}
    assert wire.encode(Request("ABCD-EFGH", "SN-20260001", public_key, versions)) == example("request")


def test_the_answer_of_the_page_is_read_and_its_secrets_open() -> None:
    answer = wire.read_answer(example("answer"))
    assert (answer.device, answer.pad.win_no, answer.catalogue) == ("pad-0001", "A07", "2020-05-22")
    assert answer.platform.profile is Dialect.ITEMISED
    secrets = wire.open_secrets(answer, PRIVATE_KEY)
    assert secrets == Secrets("the word of window A07", "000102030405060708090a0b0c0d0e0f")
    assert json.loads(example("secrets")) == {"app_word": secrets.app_word, "phone_key": secrets.phone_key}


def test_the_page_names_every_refusal_with_the_status_the_practice_platform_gives() -> None:
    from sandbox.enrolments import STATUS

    rows = re.findall(r"^\| `(\w+_\w+)` \| (4\d\d) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(str(code), str(status)) for code, status in STATUS.items()} == set(rows)
    assert set(STATUS) == set(Refusal)


def test_nobody_elses_key_opens_them() -> None:
    with pytest.raises(AnswerError, match="made for another key"):
        wire.open_secrets(wire.read_answer(example("answer")), OTHER.private_key)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device": ...}, "device: missing"),
        ({"device": "pad 1"}, "device: found 'pad 1'; allowed is"),
        ({"pad": []}, "pad: found"),
        ({"pad__hall_name": ...}, "pad.hall_name: missing"),
        ({"pad__hall_name": ""}, "pad.hall_name: found"),
        ({"pad__area_code": "5001"}, "pad.area_code: found '5001'; allowed is 6 or 12 digits"),
        ({"pad__dept_code": "x"}, "pad.dept_code: found"),
        ({"platform__profile": "soap"}, "platform.profile: found 'soap'; allowed is one of \"national\""),
        ({"platform__profile": "national"}, "platform.sm2_public_key: missing; the national dialect"),
        ({"platform__url": "http://platform.example"}, "platform.url: found a http address"),
        ({"platform__url": "https://user:word@platform.example"}, "platform.url: found a value that is not"),
        ({"platform__url": "ftp://platform.example"}, "platform.url: found"),
        ({"platform__sm2_public_key": "04ab"}, "platform.sm2_public_key: found"),
        ({"secrets": {"app_word": "open"}}, "secrets: found"),
    ],
)
def test_an_answer_of_another_form_is_none_and_the_fault_is_named(
    changes: dict[str, object], said: str
) -> None:
    with pytest.raises(AnswerError) as raised:
        wire.read_answer(changed(**changes))
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b'{"device": ', b"\xff", b"[" * 10_000])
def test_what_is_no_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(AnswerError, match="it is n"):
        wire.read_answer(body)
    assert wire.read_refusal(body) is None


@pytest.mark.parametrize(
    "text",
    [b"{}", b"[]", b'{"app_word": ""}', b'{"app_word": "\\u8bcd"}', b'{"app_word": "w ", "phone_key": null}',
     b'{"app_word": "word", "phone_key": "00"}', b"no JSON"],
)  # fmt: skip
def test_secrets_that_are_none_are_not_shown(text: bytes) -> None:
    public_key = gm.sm2_keypair(PRIVATE_KEY).public_key
    answer = wire.read_answer(changed(secrets=gm.sm2_encrypt(public_key, text)))
    with pytest.raises(AnswerError, match=r"^secrets, opened: ") as raised:
        wire.open_secrets(answer, PRIVATE_KEY)
    assert "词" not in str(raised.value)
    assert "found '" not in str(raised.value)


def test_what_a_later_platform_adds_is_passed_over() -> None:
    answer = wire.read_answer(changed(later={"new": 1}, pad__floor="3"))
    assert answer.device == "pad-0001"


def test_a_refusal_is_read() -> None:
    body = b'{"error": {"code": "used_code", "message": "x"}}'
    assert wire.read_refusal(body) == Refused(Refusal.USED_CODE, "x")
    assert wire.read_refusal(b'{"error": {"code": "tired"}}') is None
    assert wire.read_refusal(b'{"error": "x"}') is None


def test_neither_code_nor_secret_is_in_a_repr() -> None:
    request = Request("ABCD-EFGH", "SN", OTHER.public_key, {})
    answer = wire.read_answer(example("answer"))
    shown = f"{request!r} {answer!r} {wire.open_secrets(answer, PRIVATE_KEY)!r}"
    assert not any(word in shown for word in ("ABCD", "window A07", "000102", answer.secrets))


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://platform.example", True), ("http://127.0.0.1:27500/itemised", True),
        ("http://localhost", True), ("http://[::1]:1", True), ("http://127.0.0.1.example", False),
        ("http://10.0.0.1", False), ("ftp://127.0.0.1", False), ("http://[::1", False), ("", False),
    ],
)  # fmt: skip
def test_secrets_go_over_https_or_stay_on_this_machine(address: str, safe: bool) -> None:
    assert wire.is_safe(address) is safe
