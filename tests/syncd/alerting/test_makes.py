"""How each make of robot is spoken to, byte by byte, and what its answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec
import pytest

from syncd.alerting.base import Answer, Refused, Throttled, Told
from syncd.alerting.dingtalk import DingTalk
from syncd.alerting.feishu import Feishu
from syncd.alerting.robot import Make
from syncd.alerting.wecom import WeCom

NOW = datetime.fromtimestamp(1577262236.757, UTC)
SECRET = "this is secret"


def test_wecom() -> None:
    added, body = WeCom().request("差评", NOW)
    assert added == ""
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "差评"}}


def test_dingtalk_without_and_with_a_sign() -> None:
    added, body = DingTalk(None).request("差评", NOW)
    assert added == ""
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "差评"}}
    added, _ = DingTalk(SECRET).request("差评", NOW)
    # openssl dgst -sha256 -hmac 'this is secret' -binary | base64, of "1577262236757\nthis is secret"
    assert added.startswith("&timestamp=1577262236757&sign=")
    assert parse_qs(added[1:])["sign"] == ["hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="]
    assert "+" not in added
    assert "/" not in added


def test_feishu_without_and_with_a_sign() -> None:
    _, body = Feishu(None).request("差评", NOW)
    assert json.loads(body) == {"msg_type": "text", "content": {"text": "差评"}}
    added, body = Feishu(SECRET).request("差评", NOW)
    assert added == ""
    # openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64, of nothing under
    # "1577262236\nthis is secret"
    assert json.loads(body) == {
        "timestamp": "1577262236",
        "sign": "RAfCltg8rVdmpPK5kCz1M40hrj/YzGYnkc/3vXwYNts=",
        "msg_type": "text",
        "content": {"text": "差评"},
    }


@pytest.mark.parametrize(
    ("make", "said", "meant"),
    [
        (WeCom(), {"errcode": 0, "errmsg": "ok"}, Told()),
        (WeCom(), {"errcode": 45009}, Throttled("too many messages (code 45009)", 60)),
        (WeCom(), {"errcode": 40058}, Refused("it refuses the message (code 40058)")),
        (DingTalk(None), {"errcode": 0, "errmsg": "ok"}, Told()),
        (DingTalk(None), {"errcode": 130101}, Throttled("too many messages (code 130101)", 600)),
        (Feishu(None), {"code": 0, "msg": "success", "data": {}}, Told()),
        (Feishu(None), {"StatusCode": 0, "StatusMessage": "success"}, Told()),
        (Feishu(None), {"code": 0, "StatusCode": 0}, Told()),
        (Feishu(None), {"code": 11232}, Throttled("too many messages (code 11232)", 60)),
        (Feishu(None), {"code": 3, "StatusCode": 0}, Refused("it refuses the message (code 3)")),
    ],
)
def test_what_an_answer_means(make: Make, said: object, meant: Answer) -> None:
    assert make.read(json.dumps(said).encode()) == meant


@pytest.mark.parametrize(
    ("make", "code", "named"),
    [
        (WeCom(), 93000, "keys/alert_wecom"),
        (DingTalk(None), 310000, "keys/alert_dingtalk_sign"),
        (Feishu(None), 19001, "keys/alert_feishu"),
        (Feishu(None), 19021, "keys/alert_feishu_sign"),
        (Feishu(None), 19022, "IP address"),
        (Feishu(None), 19024, "差评"),
    ],
)
def test_a_refusal_names_what_to_mend(make: Make, code: int, named: str) -> None:
    meant = make.read(json.dumps({"errcode": code, "code": code}).encode())
    assert isinstance(meant, Refused)
    assert named in meant.why


@pytest.mark.parametrize("make", [WeCom(), DingTalk(None), Feishu(None)])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"0", b'{"errcode": "0", "code": "0"}', b'{"errcode": false, "code": false}',
        b'{"errcode": null, "code": null}', b'{"errcode": 0, "code": 0', b'{"errcode": 0.5, "code": 0.5}',
        b'{"ok": true}',
    ],
)  # fmt: skip
def test_what_is_not_the_makes_word_is_none(make: Make, body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        make.read(body)
