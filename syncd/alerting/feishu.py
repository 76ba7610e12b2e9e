"""飞书 (Feishu) group robots.

Source: 自定义机器人使用指南, open.feishu.cn, by way of what many integrations say of it: POST
``…/open-apis/bot/v2/hook/…``; where 签名校验 is on, ``timestamp`` (seconds, within an hour) and ``sign``
go into the body, the Base64 of HMAC-SHA256 of nothing under ``timestamp\\nsecret``; 100 messages a
minute and 5 a second, 20 KB a request; answer ``{"code": 0, …}``, of old ``{"StatusCode": 0, …}``;
19021 is a wrong sign, 19022 a wrong IP address, 19024 a missing keyword.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

import msgspec

from syncd.alerting.base import Answer
from syncd.alerting.robot import Codes

CODES: Final = Codes(
    throttled=frozenset({9499, 11232}),
    throttled_s=60.0,
    hints={
        19001: "its address is not, or no longer, a robot's: check keys/alert_feishu",
        19021: "wrong sign: check keys/alert_feishu_sign, and this pad's clock",
        19022: "this pad's IP address is not on the robot's list",
        19024: "the robot's keyword is not in the message: make it 差评",
    },
)


class _Reply(msgspec.Struct, frozen=True, rename={"status_code": "StatusCode"}):
    code: int | None = None
    status_code: int | None = None


class Feishu:
    """The make; with ``secret`` the body is signed."""

    name = "feishu"
    bytes_max = 18_000
    per_minute = 60

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    def request(self, text: str, now: datetime) -> tuple[str, bytes]:
        """Plain text; the sign goes with the body."""
        body: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
        if self._secret is not None:
            timestamp = str(int(now.timestamp()))
            body = {"timestamp": timestamp, "sign": sign(self._secret, timestamp)} | body
        return "", msgspec.json.encode(body)

    def read(self, body: bytes) -> Answer:
        """``code`` counts, of old robots ``StatusCode``."""
        reply = msgspec.json.decode(body, type=_Reply)
        code = reply.code if reply.code is not None else reply.status_code
        if code is None:
            raise msgspec.ValidationError("neither code nor StatusCode")
        return CODES.meaning(code)


def sign(secret: str, timestamp: str) -> str:
    """The sign of a moment, as Base64."""
    signed = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
