"""The counter service over a serial line (design §4): the same calls and the same answers as HTTP.

In each frame stands ``{"id", "method", "path", "body"}``; the answer has the same ``id``, with
``status`` and ``body``. Several may be asked before the first is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Meta

from kiosk.calls import Call, Calls, Reply, refusal
from kiosk.drivers import counter_line
from kiosk.drivers.counter_line import Command

AT_ONCE_MAX: Final = 16
_NOTHING: Final = msgspec.Raw(b"")
_Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | Annotated[str, Meta(max_length=64)]
"""It comes back in an answer, which must fit into a frame."""
_WANTED: Final = (
    'a frame must hold {"id", "method", "path", "body"} as JSON in UTF-8; '
    "id is a number or text of at most 64 characters"
)


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    method: str
    path: str
    id: _Id | None = None
    body: msgspec.Raw = _NOTHING


class SerialCounter:
    """Answers commands that come over the line; every method from any thread."""

    def __init__(
        self,
        calls: Calls,
        run: Callable[[Coroutine[Any, Any, None]], None],
        send: Callable[[bytes], None],
    ) -> None:
        """Get ready.

        :param run: has work done on the service's loop
        :param send: writes to the line
        """
        self._calls = calls
        self._run = run
        self._send = send
        self._under_way = 0

    def heard(self, command: Command) -> None:
        """A command came."""
        self._run(self._answer(command))

    async def _answer(self, command: Command) -> None:
        self._under_way += 1
        try:
            answered_id, reply = await self._replied(command)
        finally:
            self._under_way -= 1
        told = {"id": answered_id, "status": reply.status, "body": reply.body}
        self._send(counter_line.answer(msgspec.json.encode(told)))

    async def _replied(self, command: Command) -> tuple[int | str | None, Reply]:
        try:
            asked = msgspec.json.decode(command.json, type=_Asked)
            parts = urlsplit(asked.path)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None, refusal(400, "not_json", "", _WANTED)
        if self._under_way > AT_ONCE_MAX:
            return asked.id, refusal(
                503, "too_many", "", f"{AT_ONCE_MAX} calls wait for their answers already"
            )
        call = Call(asked.method.upper(), parts.path, dict(parse_qsl(parts.query)), bytes(asked.body))
        return asked.id, await self._calls.answer(call)
