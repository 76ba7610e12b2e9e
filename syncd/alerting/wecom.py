"""企业微信 (WeCom) group robots.

Source: 群机器人配置说明, developer.work.weixin.qq.com/document/path/91770, by way of what many integrations
say of it: POST ``…/cgi-bin/webhook/send?key=…``, text of at most 2048 bytes of UTF-8, 20 messages
a minute, answer ``{"errcode": 0, "errmsg": "ok"}``; 45009 is too often, 93000 no (longer a) robot.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from syncd.alerting.base import Answer
from syncd.alerting.robot import Codes

CODES: Final = Codes(
    throttled=frozenset({45009}),
    throttled_s=60.0,
    hints={93000: "its address is not, or no longer, a robot's: check keys/alert_wecom"},
)


class _Reply(msgspec.Struct, frozen=True):
    errcode: int


class WeCom:
    """The make."""

    name = "wecom"
    bytes_max = 2048
    per_minute = 15
    """Of 20: the group's other robots' senders have theirs."""

    def request(self, text: str, now: datetime) -> tuple[str, bytes]:
        """Plain text; nothing is added to the address."""
        return "", msgspec.json.encode({"msgtype": "text", "text": {"content": text}})

    def read(self, body: bytes) -> Answer:
        """``errcode`` alone counts."""
        return CODES.meaning(msgspec.json.decode(body, type=_Reply).errcode)
