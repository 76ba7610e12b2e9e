"""The counter service over HTTP and websocket: what the clerk's system calls (design §4).

A thin edge: what a call does stands in :mod:`kiosk.calls`; here is who may call, and one thread with
its event loop, on which the serial line, the doors and the scanner's slips are answered as well.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from aiohttp import WSMsgType, web
from aiohttp.http_exceptions import HttpProcessingError

from kiosk import commands
from kiosk.calls import Call, Calls, Reply, refusal
from kiosk.door import Door
from kiosk.host_names import is_ours
from pad.seldom import Seldom
from pad.settings import Settings

_log = logging.getLogger("kiosk.counter")
_server_log = logging.getLogger("kiosk.counter.http")
EVENTS: Final = "/v1/events"
WATCHERS_MAX: Final = 32
_LOOK_S: Final = 2.0
"""What syncd changes (how much waits) is looked for this often, while somebody watches."""
_ALIVE_S: Final = 20.0


_unsound = Seldom()


def _without_what_was_sent(record: logging.LogRecord) -> bool:
    """aiohttp repeats a damaged request in its error, and with it a person's name in the address.

    Whoever sends a flood of them fills no log.
    """
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, HttpProcessingError):
        return True
    held_back = _unsound.lets()
    if held_back is None:
        return False
    more = f", and {held_back} others before" if held_back else ""
    record.msg, record.args = "no sound request: %s%s", (type(error).__name__, more)
    record.exc_info = None
    return True


_server_log.addFilter(_without_what_was_sent)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
AddRoutes = Callable[[web.Application], None]


class CounterService:
    """Serves the contract in a thread of its own, from :meth:`start` to :meth:`stop`."""

    def __init__(self, settings: Settings, calls: Calls, door: Door) -> None:
        self._settings = settings
        self._calls = calls
        self._door = door
        self._watchers = 0
        self._more: list[AddRoutes] = []
        self._sites: list[tuple[web.Application, str, int]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="counter", daemon=True)

    def add_routes(self, add: AddRoutes) -> None:
        """Have more served at the same door, under the same rules; before :meth:`start`."""
        self._more.append(add)

    def add_site(self, application: web.Application, address: str, port: int) -> None:
        """Have an application served elsewhere by the same thread; before :meth:`start`."""
        self._sites.append((application, address, port))

    def start(self) -> None:
        """Serve; calls that came before are answered now."""
        self._calls.run_on(self._loop)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._calls.close()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done on the service's loop; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._begin, work)
        except RuntimeError:  # once the service has stopped nothing is answered
            work.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = _runner(self._application())
        runners = [runner]
        self._loop.run_until_complete(runner.setup())
        site = web.SockSite(runner, self._door.listener, ssl_context=self._door.tls)
        self._loop.run_until_complete(site.start())
        for application, address, port in self._sites:
            runners.append(_runner(application))
            self._loop.run_until_complete(self._open(runners[-1], address, port))
        try:
            # an event, for it holds also where the end is asked for before all is open
            self._loop.run_until_complete(self._ended.wait())
        finally:
            for each in self._tasks:
                each.cancel()
            self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
            for each_runner in runners:
                self._loop.run_until_complete(each_runner.cleanup())
            self._loop.close()

    async def _open(self, runner: web.AppRunner, address: str, port: int) -> None:
        await runner.setup()
        try:
            await web.TCPSite(runner, address, port).start()
        except OSError as error:
            _log.error("%s:%d cannot be listened on (%s); the pad goes on without", address, port, error)

    def _application(self) -> web.Application:
        application = web.Application(
            client_max_size=commands.BODY_MAX_BYTES,
            middlewares=[self._named, self._origins, self._too_large, self._authorised],
        )
        application.router.add_get(EVENTS, self._events)
        application.router.add_route("*", EVENTS, _only_get)
        for add in self._more:
            add(application)
        application.router.add_route("*", "/{path:(?s:.*)}", self._call)
        return application

    # --- what every call goes through ---------------------------------------------------

    @web.middleware
    async def _too_large(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return told(refusal(413, "too_large", "", f"a body may have {commands.BODY_MAX_BYTES} bytes"))

    @web.middleware
    async def _named(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """On loopback, where no token is asked for: no page of a site whose name was made to point here."""
        counter = self._settings.counter
        if not counter.is_loopback or is_ours(request.headers.get("Host"), counter.names):
            return await handler(request)
        message = "the pad is not called by this name: call 127.0.0.1, or add it to counter.names"
        return told(refusal(403, "unknown_host", "", message))

    @web.middleware
    async def _origins(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let pages in browsers call only from the origins the technician has named."""
        origin = request.headers.get("Origin")
        if origin is None:
            return await handler(request)
        if origin not in self._settings.counter.origins:
            return told(
                refusal(
                    403,
                    "unknown_origin",
                    "",
                    "pages of this origin may not call the pad; a technician can add it to counter.origins",
                )
            )
        if request.method == "OPTIONS":
            response: web.StreamResponse = web.Response(status=204)
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Private-Network"] = "true"
        else:
            response = await handler(request)
        if not response.prepared:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
        return response

    @web.middleware
    async def _authorised(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._settings.counter.is_loopback:
            return await handler(request)
        given = request.headers.get("Authorization", "")
        token = self._door.token
        if token is None or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return told(
                refusal(
                    401, "unauthorised", "", "Authorization: Bearer with the pad's counter token is needed"
                )
            )
        return await handler(request)

    # --- calls, and the states as they change -------------------------------------------

    async def _call(self, request: web.Request) -> web.Response:
        method = "GET" if request.method == "HEAD" else request.method
        return told(await self._calls.answer(Call(method, request.path, request.query, await request.read())))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """``GET /v1/events``: the state at once and at every change, until the other side goes."""
        if self._watchers >= WATCHERS_MAX:
            return told(refusal(503, "too_many", "", f"{WATCHERS_MAX} watch already; close one first"))
        websocket = web.WebSocketResponse(heartbeat=_ALIVE_S, max_msg_size=4096)
        if not websocket.can_prepare(request).ok:
            return told(refusal(426, "websocket_needed", "", "open this with a websocket"))
        await websocket.prepare(request)
        self._watchers += 1
        gone = asyncio.create_task(_until_gone(websocket))
        try:
            await self._tell_changes(websocket, gone)
        except ConnectionError:
            pass  # it went while something was being told
        finally:
            self._watchers -= 1
            gone.cancel()
        return websocket

    async def _tell_changes(self, websocket: web.WebSocketResponse, gone: asyncio.Task[None]) -> None:
        known: dict[str, Any] = {}
        open_invitations: set[str] = set()
        while not gone.done():
            # before the state is looked at, so that what changes meanwhile is not missed
            change = asyncio.create_task(self._calls.change())
            try:
                state = self._calls.state()
                if state["invitation"] is not None:
                    open_invitations.add(state["invitation"])
                found = {each: self._calls.ended(each) for each in open_invitations}
                ended = [{"invitation": each, "state": end} for each, end in found.items() if end]
                open_invitations -= {each["invitation"] for each in ended}
                if ended or _lasting(state) != known:
                    known = _lasting(state)
                    await websocket.send_json(state | ({"ended": ended} if ended else {}))
                await asyncio.wait({gone, change}, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            finally:
                change.cancel()


async def _only_get(_request: web.Request) -> web.Response:
    reply = refusal(405, "unknown_method", "", "allowed here is GET")
    return told(replace(reply, headers={"Allow": "GET"}))


def _runner(application: web.Application) -> web.AppRunner:
    return web.AppRunner(application, access_log=None, handler_cancellation=True, logger=_server_log)


async def _until_gone(websocket: web.WebSocketResponse) -> None:
    """Read until the other side closes; what it says means nothing here."""
    with suppress(ConnectionError):
        while (await websocket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            pass


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """A state without what changes by itself: how long ago things were."""
    devices = {
        name: {key: value for key, value in device.items() if key != "last_event_s"}
        for name, device in state["devices"].items()
    }
    return {**state, "devices": devices, "oldest_pending_s": None}


def told(reply: Reply) -> web.Response:
    """A reply as HTTP says it."""
    return web.json_response(reply.body, status=reply.status, headers=reply.headers)
