"""The robots to practise on: as strict as their makers, and with a memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.conftest import Sandbox

WECOM = "/robots/wecom/cgi-bin/webhook/send?key="
DINGTALK = "/robots/dingtalk/robot/send?access_token="
FEISHU = "/robots/feishu/open-apis/bot/v2/hook/"
TEXT = {"msgtype": "text", "text": {"content": "差评"}}
FEISHU_TEXT = {"msg_type": "text", "content": {"text": "差评"}}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    keys = '[robots]\nkey = "k1"\ndingtalk_sign = "SEC-d"\nfeishu_sign = "SEC-f"\n'
    made = Sandbox(tmp_path, sm2=keys)
    yield made
    made.close()


def post(sandbox: Sandbox, path: str, body: object) -> Any:
    answer = requests.post(sandbox.url + path, json=body, timeout=60)
    assert answer.status_code == 200
    return answer.json()


def signed(key: str, words: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), words.encode(), hashlib.sha256).digest()).decode()


def dingtalk(milliseconds: int, secret: str = "SEC-d") -> str:
    sign = quote(signed(secret, f"{milliseconds}\n{secret}"), safe="")
    return f"{DINGTALK}k1&timestamp={milliseconds}&sign={sign}"


def feishu(seconds: int, secret: str = "SEC-f") -> dict[str, object]:
    return {"timestamp": str(seconds), "sign": signed(f"{seconds}\n{secret}", ""), **FEISHU_TEXT}


def heard(sandbox: Sandbox, count: int = 0) -> list[dict[str, str]]:
    found: list[dict[str, str]] = sandbox.control("GET", f"alerts?count={count}&wait=20").json()["alerts"]
    return found


def test_each_keeps_what_it_is_told(sandbox: Sandbox) -> None:
    now = round(time.time())
    assert post(sandbox, f"{WECOM}k1", TEXT) == {"errcode": 0, "errmsg": "ok"}
    assert post(sandbox, dingtalk(now * 1000), TEXT)["errcode"] == 0
    assert post(sandbox, f"{FEISHU}k1", feishu(now))["code"] == 0
    assert [(each["robot"], each["text"]) for each in heard(sandbox, 3)] == [
        ("wecom", "差评"), ("dingtalk", "差评"), ("feishu", "差评"),
    ]  # fmt: skip
    sandbox.control("DELETE", "alerts")
    assert heard(sandbox) == []


def test_what_is_wrong_has_the_makers_code(sandbox: Sandbox) -> None:
    now = round(time.time())
    codes = [
        post(sandbox, f"{WECOM}other", TEXT)["errcode"],
        post(sandbox, f"{WECOM}k1", {"msgtype": "text"})["errcode"],
        post(sandbox, f"{WECOM}k1", {"msgtype": "text", "text": {"content": "差" * 683}})["errcode"],
        post(sandbox, f"{DINGTALK}k1", TEXT)["errcode"],
        post(sandbox, dingtalk(now * 1000, "SEC-x"), TEXT)["errcode"],
        post(sandbox, dingtalk((now - 4000) * 1000), TEXT)["errcode"],
        post(sandbox, f"{FEISHU}k1", FEISHU_TEXT)["code"],
        post(sandbox, f"{FEISHU}k1", feishu(now, "SEC-x"))["code"],
        post(sandbox, f"{FEISHU}k1", feishu(now - 4000))["code"],
        post(sandbox, f"{FEISHU}other", feishu(now))["code"],
    ]
    assert codes == [93000, 40008, 40058, 310000, 310000, 310000, 19021, 19021, 19021, 19001]
    assert heard(sandbox) == []


def test_the_twenty_first_message_of_a_minute_is_too_many(sandbox: Sandbox) -> None:
    codes = [post(sandbox, f"{WECOM}k1", TEXT)["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    assert len(heard(sandbox)) == 20
