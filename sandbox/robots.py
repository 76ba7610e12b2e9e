"""Group robots to practise on: WeCom's, DingTalk's and Feishu's, as strict as their makers' are said to be.

They keep what they were told in memory, for a person or a test to look at.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from pad.model import CHINA_TIME
from sandbox import strict_json
from sandbox.settings import RobotKeys

WECOM: Final = "/robots/wecom/cgi-bin/webhook/send"
DINGTALK: Final = "/robots/dingtalk/robot/send"
FEISHU: Final = "/robots/feishu/open-apis/bot/v2/hook"
_PER_MINUTE: Final = {"wecom": 20, "dingtalk": 20, "feishu": 100}
_TEXT_MAX: Final = {"wecom": 2048, "dingtalk": 20_000, "feishu": 20_000}
_SIGNED_WITHIN_S: Final = 3600.0
_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Heard:
    """One message a robot put into its group."""

    robot: str
    at: str
    text: str


@dataclass
class Robots:
    """The three, each with its own limit; ``on_message`` is called after each message."""

    keys: RobotKeys
    on_message: Callable[[], None] = lambda: None
    heard: deque[Heard] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _spoken: dict[str, deque[float]] = field(default_factory=lambda: {name: deque() for name in _PER_MINUTE})

    def routes(self) -> list[web.RouteDef]:
        """The paths."""
        return [
            web.post(WECOM, self._wecom),
            web.post(DINGTALK, self._dingtalk),
            web.post(f"{FEISHU}/{{key}}", self._feishu),
        ]

    def forget(self) -> None:
        """Forget every message and how many there were."""
        self.heard.clear()
        for spoken in self._spoken.values():
            spoken.clear()

    async def _wecom(self, request: web.Request) -> web.Response:
        if request.query.get("key") != self.keys.key:
            return _coded(93000, "invalid webhook url")
        text = _text(await request.read(), "msgtype", "text", "content")
        if text is None:
            return _coded(40008, "invalid message type")
        if len(text.encode()) > _TEXT_MAX["wecom"]:
            return _coded(40058, "text.content exceed max length 2048")
        return _coded(0, "ok") if self._take("wecom", text) else _coded(45009, "api freq out of limit")

    async def _dingtalk(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != self.keys.key:
            return _coded(300005, "token is not exist")
        secret, timestamp = self.keys.dingtalk_sign, request.query.get("timestamp", "")
        if secret and not (
            _is_near(timestamp, 1000.0)
            and _same(secret, f"{timestamp}\n{secret}", request.query.get("sign", ""))
        ):
            return _coded(310000, "sign not match")
        text = _text(await request.read(), "msgtype", "text", "content")
        if text is None or len(text.encode()) > _TEXT_MAX["dingtalk"]:
            return _coded(400102, "invalid message")
        return _coded(0, "ok") if self._take("dingtalk", text) else _coded(130101, "send too fast")

    async def _feishu(self, request: web.Request) -> web.Response:
        if request.match_info["key"] != self.keys.key:
            return web.json_response({"code": 19001, "msg": "param invalid", "data": {}})
        body = await request.read()
        secret, said = self.keys.feishu_sign, _object(body)
        timestamp = str(said.get("timestamp", ""))
        if secret and not (
            _is_near(timestamp, 1.0) and _same(f"{timestamp}\n{secret}", "", str(said.get("sign", "")))
        ):
            return web.json_response({"code": 19021, "msg": "sign match fail", "data": {}})
        text = _text(body, "msg_type", "content", "text")
        if text is None or len(text.encode()) > _TEXT_MAX["feishu"]:
            return web.json_response({"code": 9499, "msg": "Bad Request", "data": {}})
        if not self._take("feishu", text):
            return web.json_response({"code": 11232, "msg": "frequency limited", "data": {}})
        return web.json_response({"code": 0, "msg": "success", "data": {}})

    def _take(self, robot: str, text: str) -> bool:
        """Put a message into the group, unless there were too many this minute."""
        now, spoken = time.monotonic(), self._spoken[robot]
        while spoken and spoken[0] <= now - 60.0:
            spoken.popleft()
        if len(spoken) >= _PER_MINUTE[robot]:
            return False
        spoken.append(now)
        self.heard.append(Heard(robot, datetime.now(CHINA_TIME).isoformat(timespec="milliseconds"), text))
        self.on_message()
        return True


def _coded(code: int, message: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": message})


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = strict_json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _text(body: bytes, kind: str, holder: str, key: str) -> str | None:
    """The text of a text message; None if it is none."""
    said = _object(body)
    inner = said.get(holder)
    text = inner.get(key) if isinstance(inner, dict) else None
    return text if said.get(kind) == "text" and isinstance(text, str) and text else None


def _is_near(timestamp: str, per_second: float) -> bool:
    return timestamp.isdecimal() and abs(int(timestamp) / per_second - time.time()) < _SIGNED_WITHIN_S


def _same(key: str, words: str, sign: str) -> bool:
    expected = base64.b64encode(hmac.new(key.encode(), words.encode(), hashlib.sha256).digest()).decode()
    return hmac.compare_digest(expected.encode(), sign.encode())
