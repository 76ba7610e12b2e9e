"""The platform's HTTP side: dialects, robots, and the misbehaviours before and after a submission."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import format_datetime
from typing import Any, Final

from aiohttp import web

from sandbox import itemised, national
from sandbox.enrolments import STATUS, Refuses
from sandbox.misbehaviour import Active
from sandbox.platform import DUPLICATE, Platform, Taken, Verdict

_ENROLMENTS: Final = ("/national/v1/enrolments", "/itemised/v1/enrolments")
_SUBMISSIONS: Final = ("/national/evaluate", "/itemised/v1/batches", *_ENROLMENTS)
_BODY_MAX: Final = 16 * 1024 * 1024
_PORTAL: Final = "<!doctype html><title>上网认证</title><form action=/login>请先登录<input name=user></form>"
_GATEWAY: Final = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class PlatformService:
    """Serves one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._signatures = itemised.Signatures(platform)
        self._on_arrival: list[Callable[[], None]] = []

    def on_arrival(self, watcher: Callable[[], None]) -> None:
        """Have ``watcher`` called whenever something may have been stored."""
        self._on_arrival.append(watcher)

    def application(self) -> web.Application:
        """The paths."""
        application = web.Application(client_max_size=_BODY_MAX, middlewares=[self._submission])
        application.on_response_prepare.append(self._date)
        application.add_routes([
            web.post("/national/evaluate", self._evaluate),
            web.post("/national/service", self._project_service),
            web.post("/itemised/v1/batches", self._batches),
            web.post("/itemised/v1/heartbeats", self._heartbeats),
            web.get("/itemised/v1/catalogue", self._catalogue),
            web.get("/itemised/v1/phone-ratings", self._phone_ratings),
            *(web.post(path, self._enrolments) for path in _ENROLMENTS),
            *self._platform.robots.routes(),
        ])  # fmt: skip
        return application

    @web.middleware
    async def _submission(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Have the misbehaviours that last count a submission when it is over, whatever came of it."""
        if request.path not in _SUBMISSIONS:
            return await handler(request)
        with self._platform.misbehaviours.submission():
            response = await handler(request)
            if not response.prepared:
                await self._date(request, response)  # while the clock is what it was for this one
                request["dated"] = True
            return response

    async def _date(self, request: web.Request, response: web.StreamResponse) -> None:
        if "dated" in request:
            return
        response.headers["Date"] = format_datetime(self._platform.now().astimezone(UTC), usegmt=True)

    # --- paths --------------------------------------------------------------------------

    async def _evaluate(self, request: web.Request) -> web.StreamResponse:
        return await self._national(request, "evaluate")

    async def _project_service(self, request: web.Request) -> web.StreamResponse:
        return await self._national(request, "projectService")

    async def _national(self, request: web.Request, kind: str) -> web.StreamResponse:
        platform, body = self._platform, await request.read()
        try:
            records = national.open_envelope(platform, body, kind).records
        except national.Refusal as refusal:
            self._log(request, 0, 200, str(refusal))
            return web.json_response(
                national.answer(platform.settings.reply, Taken(Verdict.REFUSED, str(refusal)))
            )
        if kind == "projectService":
            with platform.store.transaction():
                taken = platform.take_services(records)
            return web.json_response(national.answer(platform.settings.reply, taken))
        met = platform.misbehaviours.take()
        early = await self._before(request, met, len(records))
        if early is not None:
            return early
        with platform.store.transaction():
            taken = national.take_ratings(platform, records)
            if "duplicate-answers" in met:
                taken = Taken(Verdict.DUPLICATE, DUPLICATE)
        answer = national.answer(platform.settings.reply, taken)
        if "wrong-batch-id" in met:
            answer["C-Response-Body" if "C-Response-Body" in answer else "success"] = ""
        if "wrong-types" in met:
            answer = {
                "code": 0,
                "success": True,
                "message": None,
                "C-Response-Desc": 1,
                "C-Response-Body": {},
            }
        return await self._after(request, met, answer, len(records))

    async def _batches(self, request: web.Request) -> web.StreamResponse:
        platform, body = self._platform, await request.read()
        try:
            self._signatures.check(request.method, request.path, request.headers, body)
            batch = itemised.parse(body)
        except itemised.Unsigned as error:
            self._log(request, 0, 401, str(error))
            return web.json_response({"error": str(error)}, status=401)
        except itemised.Malformed as error:
            self._log(request, 0, 400, str(error))
            return web.json_response({"error": str(error)}, status=400)
        met = platform.misbehaviours.take()
        early = await self._before(request, met, len(batch["records"]))
        if early is not None:
            return early
        with platform.store.transaction():
            results = itemised.take(platform, batch)
        if "duplicate-answers" in met:
            results = [{"id": each["id"], "outcome": "duplicate"} for each in results]
        answer: dict[str, Any] = {"batch": batch["batch"], "results": results}
        if "wrong-batch-id" in met:
            answer["batch"] = "00000000-0000-7000-8000-000000000000"
        if "wrong-types" in met:
            answer = {"batch": 7, "results": {"id": None, "outcome": ["accepted"]}}
        return await self._after(request, met, answer, len(batch["records"]))

    async def _heartbeats(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self._signatures.check(request.method, request.path, request.headers, body)
            beat = itemised.parse_heartbeat(body)
        except itemised.Unsigned as error:
            return web.json_response({"error": str(error)}, status=401)
        except itemised.Malformed as error:
            return web.json_response({"error": str(error)}, status=400)
        self._platform.store.add_heartbeat(beat["device"], beat, self._platform.now())
        return web.json_response({"time": self._platform.now().isoformat()})

    async def _catalogue(self, request: web.Request) -> web.Response:
        """What is published is no secret: who does not sign is answered, who signs wrongly is not."""
        publication = self._platform.publication
        if "X-Signature" in request.headers:
            try:
                self._signatures.check(request.method, request.path, request.headers, await request.read())
            except itemised.Unsigned as error:
                self._log(request, 0, 401, str(error))
                return web.json_response({"error": str(error)}, status=401)
        if request.query.get("version") == publication.version:
            return web.Response(status=304)
        return web.json_response(publication.answer)

    async def _phone_ratings(self, request: web.Request) -> web.Response:
        """What a pad's matters were rated by phones meanwhile: waits for it as long as the pad says."""
        try:
            self._signatures.check(request.method, request.path, request.headers, await request.read())
            question = itemised.parse_question(request.query)
        except itemised.Unsigned as error:
            self._log(request, 0, 401, str(error))
            return web.json_response({"error": str(error)}, status=401)
        except itemised.Malformed as error:
            self._log(request, 0, 400, str(error))
            return web.json_response({"error": str(error)}, status=400)
        ratings = self._platform.phone_ratings
        news = await ratings.wait(question.device, question.after, question.wait_s)
        return web.json_response({"device": question.device, "cursor": news.cursor, "rated": news.rated})

    async def _enrolments(self, request: web.Request) -> web.StreamResponse:
        platform, body = self._platform, await request.read()
        met = platform.misbehaviours.take()
        early = await self._before(request, met, 1)
        if early is not None:
            return early
        try:
            answer = json.loads(platform.enrolments.enrol(body, platform.address, platform.now()))
        except Refuses as error:
            self._log(request, 0, STATUS[error.code], error.code)
            refusal = {"error": {"code": error.code, "message": str(error)}}
            return web.json_response(refusal, status=STATUS[error.code])
        if "wrong-types" in met:
            answer = {"device": 7, "pad": [], "platform": None, "secrets": {}}
        return await self._after(request, met, answer, 1, status=201)

    # --- misbehaviours ------------------------------------------------------------------

    async def _before(
        self, request: web.Request, met: dict[str, Active], records: int
    ) -> web.StreamResponse | None:
        """What keeps a submission from being taken in; of several the first in this order.

        It hangs, then 401, 413, 429, 503, 502, 500, the portal; ``slow`` delays whichever it is.
        """
        if "hang" in met:
            self._log(request, records, 0, "hang")
            await asyncio.sleep(met["hang"].parameters["seconds"])
        answer = _refusing_answer(met, records)
        if answer is not None:
            self._log(request, records, answer.status, ", ".join(met))
            await _linger(met)
        return answer

    async def _after(
        self,
        request: web.Request,
        met: dict[str, Active],
        answer: dict[str, Any],
        records: int,
        status: int = 200,
    ) -> web.StreamResponse:
        """The answer, or what is left of it; what was submitted is stored.

        Of several the first in this order: no answer, half a body, half of the JSON.
        """
        self._log(request, records, status, ", ".join(met))
        for watcher in self._on_arrival:
            watcher()
        await _linger(met)
        body = json.dumps(answer, ensure_ascii=False).encode()
        if "answer-lost" in met:
            return _cut(request)
        if "close-mid-body" in met:
            response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
            response.content_length = len(body)
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            return _cut(request, response)
        if "truncated-json" in met:
            body = body[: len(body) // 2]
        return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")

    def _log(self, request: web.Request, records: int, status: int, did: str) -> None:
        platform = self._platform
        platform.store.log(platform.now(), request.method, request.path, records, status, did)


def _refusing_answer(met: dict[str, Active], records: int) -> web.Response | None:
    if "status-401" in met:
        return web.json_response({"error": "unauthorised"}, status=401)
    if "status-413" in met and records > met["status-413"].parameters["max_records"]:
        return web.Response(status=413, text="Request Entity Too Large")
    if "status-429" in met:
        seconds = met["status-429"].parameters["seconds"]
        return web.Response(status=429, headers={"Retry-After": str(seconds)} if seconds else {})
    if "retry-after-503" in met:
        seconds = met["retry-after-503"].parameters["seconds"]
        return web.Response(status=503, headers={"Retry-After": str(seconds)})
    if "html-502" in met:
        return web.Response(status=502, text=_GATEWAY, content_type="text/html")
    if "status-500" in met:
        return web.json_response({"error": "内部错误"}, status=500)
    if "captive-portal" in met:
        return web.Response(text=_PORTAL, content_type="text/html")
    return None


async def _linger(met: dict[str, Active]) -> None:
    """Be late only now that all is stored: a client that gives up has been heard all the same."""
    if "slow" in met:
        await asyncio.sleep(met["slow"].parameters["seconds"])


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection under the client's hands."""
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response()
