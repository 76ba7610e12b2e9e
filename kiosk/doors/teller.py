"""A door for systems that open a websocket on 1919 and send ``{"type": 10, "TellerName", …}``."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from aiohttp import WSMsgType, web

from kiosk.calls import Calls
from kiosk.commands import BODY_MAX_BYTES
from kiosk.doors.asking import REFUSED, Asking, Ended
from pad.settings import Settings

ADDRESS: Final = "127.0.0.1"
"""That tongue has no token, so only programs on this machine are heard."""
INVITE: Final = 10
AT_ONCE_MAX: Final = 8
_ALIVE_S: Final = 20.0


class Teller:
    """Answers each ``type`` 10 with ``{"type": 10, "ret": …}`` once the rating has ended."""

    def __init__(self, settings: Settings, calls: Calls) -> None:
        self._door = settings.counter.teller
        self._origins = settings.counter.origins
        self._asking = Asking(settings, calls, self._door)

    def application(self) -> web.Application:
        """What is served at the door."""
        application = web.Application()
        application.router.add_get("/{path:.*}", self._talk)
        return application

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._origins:
            return web.Response(status=403, text="a technician can add this origin to counter.origins")
        websocket = web.WebSocketResponse(heartbeat=_ALIVE_S, max_msg_size=BODY_MAX_BYTES)
        if not websocket.can_prepare(request).ok:
            return web.Response(status=426, text="open this with a websocket")
        await websocket.prepare(request)
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for message in websocket:
                if message.type is WSMsgType.TEXT and len(under_way) < AT_ONCE_MAX:
                    task = asyncio.create_task(self._answer(websocket, message.data))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
        finally:
            for task in under_way:
                task.cancel()
        return websocket

    async def _answer(self, websocket: web.WebSocketResponse, text: str) -> None:
        kind, ended = await self._ended(text)
        said: dict[str, Any] = {"type": kind, "ret": self._door.results[ended.result]}
        if ended.message:
            said["message"] = ended.message
        if ended.level is not None:
            said["EvaluatorLevel"] = ended.level
        if not websocket.closed:
            await websocket.send_json(said)

    async def _ended(self, text: str) -> tuple[Any, Ended]:
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            return None, Ended(REFUSED, "must be a JSON object")
        if asked.get("type") != INVITE:
            return asked.get("type"), Ended(REFUSED, f"only type {INVITE} is known here")
        invited = await self._asking.invite(asked)
        if isinstance(invited, Ended):
            return INVITE, invited
        return INVITE, await self._asking.end_of(invited)
