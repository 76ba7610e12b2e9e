"""The counter service: what the clerk's system calls over HTTP (design §4).

A thin edge: JSON is parsed in :mod:`kiosk.commands`, decided in :mod:`kiosk.session`; here are
paths, statuses and waiting. Nothing it answers ever tells a level, and no call can rate.
"""

from __future__ import annotations

import asyncio
import hmac
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web
from uuid6 import uuid7

from kiosk import commands, phases
from kiosk.commands import InputError
from kiosk.desk import Desk
from kiosk.door import Door
from kiosk.events import Answer, Cancel, ClerkEvent, Invite, SignIn, SignOut
from kiosk.phone_link import PhoneLinks
from pad.clock import Clock
from pad.ledger.connection import LedgerError, connect
from pad.ledger.outbox import backlog
from pad.ledger.rows import visit_from
from pad.ledger.state import age_s, is_rated
from pad.model import Matter, VisitOutcome
from pad.settings import Settings

_WAIT_MAX_S: Final = 60.0
_ANSWER_WITHIN_S: Final = 10.0
_STATUS: Final = {
    Answer.DONE: 200,
    Answer.DEFERRED: 202,
    Answer.ALREADY_RATED: 409,
    Answer.BUSY: 409,
    Answer.PAUSED: 409,
    Answer.CLOSED: 409,
    Answer.CANNOT_STORE: 503,
}
_WORDS: Final = {
    Answer.ALREADY_RATED: "this matter has been rated",
    Answer.BUSY: "somebody is rating; ask again when the visit has ended",
    Answer.PAUSED: "the window is paused; open it first",
    Answer.CLOSED: "the window is closed; open it first",
    Answer.CANNOT_STORE: "the pad's disk takes no ratings now; tell the technician",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CounterService:
    """Serves the contract in a thread of its own, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        clock: Clock,
        door: Door,
        versions: dict[str, str],
        links: PhoneLinks,
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._clock = clock
        self._door = door
        self._versions = versions
        self._links = links
        self._db = connect(settings.ledger_path)
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="counter", daemon=True)

    def start(self) -> None:
        """Serve; calls that came before are answered now."""
        self._desk.on_change(self._wake)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._application(), access_log=None, handler_cancellation=True)
        self._loop.run_until_complete(runner.setup())
        site = web.SockSite(runner, self._door.listener, ssl_context=self._door.tls)
        self._loop.run_until_complete(site.start())
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(runner.cleanup())
            self._loop.close()

    def _application(self) -> web.Application:
        application = web.Application(
            client_max_size=commands.BODY_MAX_BYTES,
            middlewares=[self._origins, self._errors, self._authorised],
        )
        application.add_routes(
            [
                web.post("/v1/invitations", self._invite),
                web.get("/v1/invitations/{id}", self._invitation),
                web.delete("/v1/invitations/{id}", self._cancel),
                web.put("/v1/staff", self._sign_in),
                web.delete("/v1/staff", self._sign_out),
                web.put("/v1/service", self._service),
                web.get("/v1/state", self._state),
            ]
        )
        return application

    # --- what every call goes through ---------------------------------------------------

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except InputError as error:
            return _error(400, error.code, error.field, error.message)
        except web.HTTPRequestEntityTooLarge:
            return _error(413, "too_large", "", f"a body may have {commands.BODY_MAX_BYTES} bytes")
        except web.HTTPNotFound:
            return _error(404, "unknown_path", "", "no such call; see the counter contract")
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            response = _error(405, "unknown_method", "", f"allowed here are {allowed}")
            response.headers["Allow"] = allowed
            return response
        except (LedgerError, sqlite3.Error):
            return _error(503, "cannot_store", "", _WORDS[Answer.CANNOT_STORE])
        except TimeoutError:
            return _error(503, "no_answer", "", "the pad did not answer in time; ask again")

    @web.middleware
    async def _origins(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let pages in browsers call only from the origins the technician has named."""
        origin = request.headers.get("Origin")
        if origin is None:
            return await handler(request)
        if origin not in self._settings.counter.origins:
            return _error(
                403,
                "unknown_origin",
                "",
                "pages of this origin may not call the pad; a technician can add it to counter.origins",
            )
        if request.method == "OPTIONS":
            response: web.StreamResponse = web.Response(status=204)
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Private-Network"] = "true"
        else:
            response = await handler(request)
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
            return _error(
                401, "unauthorised", "", "Authorization: Bearer with the pad's counter token is needed"
            )
        return await handler(request)

    # --- the calls ----------------------------------------------------------------------

    async def _invite(self, request: web.Request) -> web.Response:
        rules = self._settings.rating
        given = commands.parse_invitation(
            await request.read(),
            self._settings.pad,
            allow_unbound=rules.allow_unbound,
            allow_second=rules.allow_second_assessment,
        )
        visit_id = str(uuid7())
        answer = await self._ask(
            Invite(
                visit_id,
                given.matter,
                given.timeout_s,
                given.staff,
                given.rater,
                already_rated=is_rated(self._db, given.matter),
                link=self._link(visit_id, given.matter, given.timeout_s),
            )
        )
        if answer is not Answer.DONE:
            return _refused(answer)
        return web.json_response(
            {"invitation": visit_id}, status=201, headers={"Location": f"/v1/invitations/{visit_id}"}
        )

    async def _invitation(self, request: web.Request) -> web.Response:
        visit_id = request.match_info["id"]
        first = self._invitation_state(visit_id)
        if first is None:
            return _error(404, "unknown_invitation", "id", "there is no such invitation")
        wait_s = _wait(request.query.get("wait", "0"))
        state = first
        try:
            async with asyncio.timeout(wait_s):
                while state == first and not _is_final(state):
                    changed = self._changed
                    await changed.wait()
                    state = self._invitation_state(visit_id) or first
        except TimeoutError:
            state = self._invitation_state(visit_id) or first
        return web.json_response({"state": state})

    async def _cancel(self, request: web.Request) -> web.Response:
        given = commands.parse_cancellation(await request.read())
        visit_id = request.match_info["id"]
        answer = await self._ask(Cancel(visit_id, given.by, given.reason))
        if answer is Answer.DONE:
            return web.json_response({"state": str(VisitOutcome.CANCELLED)})
        if answer is not Answer.UNKNOWN:
            return _refused(answer)
        state = self._invitation_state(visit_id)
        if state is None:
            return _error(404, "unknown_invitation", "id", "there is no such invitation")
        if state == VisitOutcome.CANCELLED:
            return web.json_response({"state": state})
        return _error(409, "ended", "", f"the invitation has ended: {state}")

    async def _sign_in(self, request: web.Request) -> web.Response:
        staff = commands.parse_staff(await request.read())
        return self._done(await self._ask(SignIn(staff)), staff=staff.number)

    async def _sign_out(self, _request: web.Request) -> web.Response:
        return self._done(await self._ask(SignOut()), staff=None)

    async def _service(self, request: web.Request) -> web.Response:
        event = commands.parse_service(await request.read())
        return self._done(await self._ask(event), state=str(event.mode))

    async def _state(self, _request: web.Request) -> web.Response:
        session = self._desk.session
        visit = phases.current_visit(session)
        waiting = backlog(self._db)
        oldest_s = None
        if waiting.oldest is not None:
            oldest_s = age_s(waiting.oldest, self._clock.read())
        return web.json_response(
            {
                "state": phases.state_name(session),
                "invitation": visit.id if visit else None,
                "staff": session.staff.number if session.staff else None,
                "pending": waiting.pending,
                "oldest_pending_s": None if oldest_s is None else round(oldest_s, 1),
                "versions": self._versions,
                "devices": {},
            }
        )

    # --- parts --------------------------------------------------------------------------

    async def _ask(self, event: ClerkEvent) -> Answer:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            return await asyncio.wrap_future(self._desk.ask(event))

    def _link(self, visit_id: str, matter: Matter, timeout_s: float | None) -> str:
        shown_s = self._settings.rating.timeout_s if timeout_s is None else timeout_s
        return self._links.of_visit(visit_id, matter, self._clock.read().wall.timestamp(), shown_s)

    def _invitation_state(self, visit_id: str) -> str | None:
        """``waiting``, ``rating``, or how it ended on disk; None if there is no such invitation."""
        row = self._db.execute("SELECT * FROM visits WHERE id = ?", (visit_id,)).fetchone()
        if row is None:
            return None
        if outcome := visit_from(row).outcome:
            return str(outcome)
        session = self._desk.session
        visit = phases.current_visit(session)
        rating = isinstance(session.phase, phases.Rating | phases.Saving)
        return "rating" if rating and visit is not None and visit.id == visit_id else "waiting"

    def _done(self, answer: Answer, **body: str | None) -> web.Response:
        return web.json_response(body, status=_STATUS[answer])

    def _wake(self) -> None:
        """Have the waiting calls look again; from any thread."""
        with suppress(RuntimeError):  # once the service has stopped nobody waits
            self._loop.call_soon_threadsafe(self._wake_waiters)

    def _wake_waiters(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _is_final(state: str) -> bool:
    return state in tuple(VisitOutcome)


def _wait(given: str) -> float:
    try:
        wait_s = float(given)
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= _WAIT_MAX_S:
        raise InputError("bad_value", "wait", f"must be seconds from 0 to {_WAIT_MAX_S:g}")
    return wait_s


def _refused(answer: Answer) -> web.Response:
    return _error(_STATUS[answer], str(answer), "", _WORDS[answer])


def _error(status: int, code: str, field: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "field": field, "message": message}}, status=status)
