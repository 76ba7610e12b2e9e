"""钉钉 (DingTalk) group robots.

Source: 自定义机器人接入, open.dingtalk.com, by way of what many integrations say of it: POST
``…/robot/send?access_token=…``; where 加签 is on, ``timestamp`` (ms, within an hour) and ``sign`` are added,
the Base64 of HMAC-SHA256 under the secret over ``timestamp\\nsecret``; 20 messages a minute, then ten
minutes of silence; answer ``{"errcode": 0, "errmsg": "ok"}``; 130101 is too often, 310000 a wrong
sign, keyword or IP address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from syncd.alerting.base import Answer
from syncd.alerting.robot import Codes

CODES: Final = Codes(
    throttled=frozenset({130101}),
    throttled_s=600.0,
    hints={
        310000: "wrong sign, keyword or IP address: check keys/alert_dingtalk_sign, the robot's keyword "
        "(差评 is in every message), this pad's clock",
    },
)


class _Reply(msgspec.Struct, frozen=True):
    errcode: int


class DingTalk:
    """The make; with ``secret`` the address is signed."""

    name = "dingtalk"
    bytes_max = 18_000
    per_minute = 15

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    def request(self, text: str, now: datetime) -> tuple[str, bytes]:
        """Plain text; the sign goes with the address."""
        body = msgspec.json.encode({"msgtype": "text", "text": {"content": text}})
        if self._secret is None:
            return "", body
        timestamp = str(round(now.timestamp() * 1000))
        return "&" + urlencode({"timestamp": timestamp, "sign": sign(self._secret, timestamp)}), body

    def read(self, body: bytes) -> Answer:
        """``errcode`` alone counts."""
        return CODES.meaning(msgspec.json.decode(body, type=_Reply).errcode)


def sign(secret: str, timestamp: str) -> str:
    """The sign of a moment, as Base64."""
    signed = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
