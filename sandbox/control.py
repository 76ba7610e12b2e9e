"""The control side: what was received, service data, misbehaviours, the line; beside it stand the pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web

from pad import codes
from pad.bulletin import BulletinError
from pad.indicators import CatalogueError
from sandbox import strict_json
from sandbox.chains import chains
from sandbox.checks import wire_moment
from sandbox.misbehaviour import BadParameter, UnknownMisbehaviour
from sandbox.pages.service import Pages
from sandbox.platform import Platform

_WAIT_MAX_S: Final = 120.0

SetLine = Callable[[bool], Awaitable[None]]


class ControlService:
    """Serves the control port."""

    def __init__(self, platform: Platform, set_line: SetLine) -> None:
        self._platform = platform
        self._set_line = set_line
        self._line_is_up = True
        self._one_change = asyncio.Lock()
        self._arrived = asyncio.Event()

    def arrived(self) -> None:
        """Have those who wait for ratings look again."""
        self._arrived.set()
        self._arrived = asyncio.Event()

    @property
    def line_is_up(self) -> bool:
        """Whether the platform listens."""
        return self._line_is_up

    async def change_line(self, up: bool) -> None:
        """Have the platform listen, or not."""
        async with self._one_change:  # two pages may ask at once
            if up is not self._line_is_up:
                await self._set_line(up)
                self._line_is_up = up

    def application(self) -> web.Application:
        """The paths."""
        application = web.Application(middlewares=[_say_in_json])
        application.add_routes([
            web.get("/control/received", self._received),
            web.delete("/control/received", self._forget),
            web.get("/control/alerts", self._alerts),
            web.delete("/control/alerts", self._forget_alerts),
            web.get("/control/summary", self._summary),
            web.get("/control/{table:requests|refusals|heartbeats}", self._table),
            web.get("/control/chains", self._chains),
            web.post("/control/services", self._services),
            web.get("/control/misbehaviours", self._misbehaviours),
            web.delete("/control/misbehaviours", self._behave),
            web.put("/control/misbehaviours/{name}", self._switch_on),
            web.delete("/control/misbehaviours/{name}", self._switch_off),
            web.get("/control/enrolments", self._enrolments),
            web.post("/control/enrolments", self._issue_code),
            web.get("/control/enrolments/{code}.svg", self._qr),
            web.get("/control/bulletin", self._bulletin),
            web.put("/control/bulletin", self._publish),
            web.get("/control/indicators", self._indicators),
            web.put("/control/indicators", self._publish_indicators),
            web.get("/control/line", self._line),
            web.put("/control/line", self._change_line),
            *Pages(self._platform, self).routes(),
        ])  # fmt: skip
        return application

    # --- what was received --------------------------------------------------------------

    async def _received(self, request: web.Request) -> web.Response:
        store, most = self._platform.store, int(_number(request, "most", 1000, 10**6))
        await self._wait_for(request, store.count)
        return web.json_response({"count": store.count(), "received": store.received(most)})

    async def _forget(self, _request: web.Request) -> web.Response:
        self._platform.store.clear()
        return web.json_response({})

    async def _alerts(self, request: web.Request) -> web.Response:
        heard = self._platform.robots.heard
        await self._wait_for(request, lambda: len(heard))
        return web.json_response({"count": len(heard), "alerts": [asdict(each) for each in heard]})

    async def _forget_alerts(self, _request: web.Request) -> web.Response:
        self._platform.robots.forget()
        return web.json_response({})

    async def _wait_for(self, request: web.Request, counted: Callable[[], int]) -> None:
        """Wait until there are as many as the call asks for, or as long as it says."""
        count, wait_s = _number(request, "count", 0, 10**9), _number(request, "wait", 0, _WAIT_MAX_S)
        try:
            async with asyncio.timeout(wait_s):
                while counted() < count:
                    await self._arrived.wait()
        except TimeoutError:
            pass

    async def _summary(self, _request: web.Request) -> web.Response:
        return web.json_response(self._platform.store.summary() | {"line": self._line_is_up})

    async def _table(self, request: web.Request) -> web.Response:
        name = request.match_info["table"]
        return web.json_response({name: self._platform.store.table(name)})

    async def _chains(self, _request: web.Request) -> web.Response:
        found = chains(self._platform.store.beats())
        return web.json_response({"chains": [asdict(chain) for chain in found.values()]})

    async def _services(self, request: web.Request) -> web.Response:
        record = {"serviceNumber": "1", "serviceTime": ""} | await _json_object(request)
        project_no, moment = record.get("projectNo"), record["serviceTime"]
        if not isinstance(project_no, str) or not 0 < len(project_no) <= codes.PROJECT_NO_MAX:
            raise _bad("projectNo", f"must be text of 1 to {codes.PROJECT_NO_MAX} characters")
        if not re.fullmatch(r"[1-9][0-9]?", str(record["serviceNumber"])):
            raise _bad("serviceNumber", "must be from 1 to 99")
        if moment != "" and wire_moment(moment) is None:
            raise _bad("serviceTime", "must have the form yyyy-MM-dd HH:mm:ss, or be left out")
        fresh = self._platform.store.add_service(record)
        return web.json_response({"new": fresh}, status=201 if fresh else 200)

    # --- enrolments ---------------------------------------------------------------------

    async def _enrolments(self, _request: web.Request) -> web.Response:
        platform = self._platform
        return web.json_response({"enrolments": platform.enrolments.report(platform.now())})

    async def _issue_code(self, request: web.Request) -> web.Response:
        platform = self._platform
        try:
            code = platform.enrolments.issue(await _json_object(request), platform.now())
        except ValueError as error:
            raise _bad("", str(error)) from error
        text = platform.enrolments.text(code, platform.address)
        told = {"code": code, "text": text, "qr": f"/control/enrolments/{code}.svg"}
        return web.json_response(told, status=201)

    async def _qr(self, request: web.Request) -> web.Response:
        drawn = self._platform.enrolments.qr(request.match_info["code"], self._platform.address)
        if drawn is None:
            raise _error(web.HTTPNotFound, "unknown_code", "code", "there is no such code")
        return web.Response(body=drawn, content_type="image/svg+xml")

    # --- what is published --------------------------------------------------------------

    async def _bulletin(self, _request: web.Request) -> web.Response:
        return web.json_response(self._platform.publication.bulletin)

    async def _publish(self, request: web.Request) -> web.Response:
        try:
            self._platform.publication.put(await _json_object(request))
        except BulletinError as error:
            raise _bad("", str(error)) from error
        return web.json_response(self._platform.publication.bulletin)

    async def _indicators(self, _request: web.Request) -> web.Response:
        return web.json_response(self._platform.publication.indicators)

    async def _publish_indicators(self, request: web.Request) -> web.Response:
        """``?unchecked=1`` publishes a broken one, which every pad has to refuse."""
        unchecked = request.query.get("unchecked", "0") == "1"
        try:
            self._platform.publication.put_indicators(await _json_object(request), unchecked=unchecked)
        except CatalogueError as error:
            raise _bad("", str(error)) from error
        return web.json_response(self._platform.publication.indicators)

    # --- misbehaviours and the line -----------------------------------------------------

    async def _misbehaviours(self, _request: web.Request) -> web.Response:
        return web.json_response(self._platform.misbehaviours.report())

    async def _behave(self, _request: web.Request) -> web.Response:
        self._platform.misbehaviours.clear()
        return web.json_response({})

    async def _switch_on(self, request: web.Request) -> web.Response:
        try:
            active = self._platform.misbehaviours.switch_on(
                request.match_info["name"], await _json_object(request)
            )
        except UnknownMisbehaviour as error:
            raise _error(web.HTTPNotFound, "unknown_misbehaviour", "name", str(error)) from error
        except BadParameter as error:
            raise _bad(error.name, str(error)) from error
        return web.json_response({"name": active.name, "left": active.left, **active.parameters})

    async def _switch_off(self, request: web.Request) -> web.Response:
        try:
            self._platform.misbehaviours.switch_off(request.match_info["name"])
        except UnknownMisbehaviour as error:
            raise _error(web.HTTPNotFound, "unknown_misbehaviour", "name", str(error)) from error
        return web.json_response({})

    async def _line(self, _request: web.Request) -> web.Response:
        return web.json_response({"up": self._line_is_up})

    async def _change_line(self, request: web.Request) -> web.Response:
        up = (await _json_object(request)).get("up")
        if not isinstance(up, bool):
            raise _bad("up", "must be true or false")
        await self.change_line(up)
        return web.json_response({"up": up})


@web.middleware
async def _say_in_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A path or method there is none of is told as every other wrong call."""
    try:
        return await handler(request)
    except web.HTTPNotFound as error:
        if error.content_type == "application/json":
            raise
        raise _error(web.HTTPNotFound, "no_such_path", "", "there is no such path") from error
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        body = _error_text("method_not_allowed", "", f"{error.method} is not allowed here; {allowed} are")
        return web.Response(
            status=405, text=body, content_type="application/json", headers={"Allow": allowed}
        )


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = strict_json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise _bad("", "the body must be a JSON object") from error
    if not isinstance(body, dict):
        raise _bad("", "the body must be a JSON object")
    return body


def _number(request: web.Request, name: str, default: float, most: float) -> float:
    try:
        value = float(request.query.get(name, default))
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise _bad(name, f"must be a number from 0 to {most:g}")
    return value


def _bad(field: str, message: str) -> web.HTTPException:
    return _error(web.HTTPBadRequest, "bad_value", field, message)


def _error(
    kind: type[web.HTTPBadRequest | web.HTTPNotFound],
    code: str,
    field: str,
    message: str,
) -> web.HTTPException:
    return kind(text=_error_text(code, field, message), content_type="application/json")


def _error_text(code: str, field: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "field": field, "message": message}}, ensure_ascii=False)
