"""A group robot over HTTP: one message is one POST of JSON, and only its own word counts as an answer.

How one make of robot is spoken to is its own file and pure; this is the edge they share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

import msgspec

from syncd.alerting.base import Answer, Refused, Throttled, Told, Unheard, Unreached
from syncd.platforms import base as platforms
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply

_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}
THROTTLED_S: Final = 60.0
"""Where HTTP 429 says nothing: every make counts by the minute."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a make's answers mean: which codes ask for silence, how long, and what else may be mended."""

    throttled: frozenset[int]
    throttled_s: float
    hints: Mapping[int, str]

    def meaning(self, code: int) -> Answer:
        """The answer a code stands for; 0 alone is success."""
        if code == 0:
            return Told()
        if code in self.throttled:
            return Throttled(f"too many messages (code {code})", self.throttled_s)
        hint = self.hints.get(code)
        return Refused(f"it refuses the message (code {code}{f': {hint}' if hint else ''})")


class Make(Protocol):
    """One make of robot."""

    @property
    def name(self) -> str:
        """What settings and secrets call it."""
        ...

    @property
    def bytes_max(self) -> int:
        """The longest text it takes, in UTF-8."""
        ...

    @property
    def per_minute(self) -> int:
        """How many messages a minute this pad sends it."""
        ...

    def request(self, text: str, now: datetime) -> tuple[str, bytes]:
        """What is added to the address, and the body."""
        ...

    def read(self, body: bytes) -> Answer:
        """What an answer's body means.

        :raises msgspec.MsgspecError: if it is not this make's
        """
        ...


class Robot:
    """One robot of one make."""

    def __init__(self, make: Make, exchange: Exchange, path: str, clock: Callable[[], datetime]) -> None:
        self.name = make.name
        self.bytes_max = make.bytes_max
        self.per_minute = make.per_minute
        self._make = make
        self._exchange = exchange
        self._path = path
        self._clock = clock

    def tell(self, subject: str, text: str, key: str) -> Answer:
        """Post a message; a robot has neither subjects nor a memory for what it was sent before."""
        added, body = self._make.request(text, self._clock())
        match self._exchange.post(self._path + added, body, _HEADERS):
            case Reply() as reply:
                return self._read(reply)
            case platforms.Throttled(why=why, retry_after_s=asked_s):
                return Throttled(why, THROTTLED_S if asked_s is None else asked_s)
            case platforms.NoAnswer(why=why, sent=sent):
                return Unheard(why) if sent else Unreached(why)
            case platforms.CredentialsRefused(why=why):
                return Refused(why)
            case other:
                status = HTTPStatus.CONFLICT if isinstance(other, platforms.WholeDuplicate) else 413
                return Refused(f"HTTP {int(status)}")

    def abort(self) -> None:
        """End what is under way and all that comes later."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the connection go."""
        self._exchange.close()

    def _read(self, reply: Reply) -> Answer:
        if not reply.body.lstrip().startswith(b"{"):  # a login page, say
            return Unreached(f"HTTP {reply.status} with a body that is no robot's")
        try:
            meant = self._make.read(reply.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Unheard(f"HTTP {reply.status} with an answer that cannot be read")
        if isinstance(meant, Told) and not reply.ok:
            return Refused(f"HTTP {reply.status}")
        return meant
