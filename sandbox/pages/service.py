"""The pages over HTTP: what is read is rendered on the server, what is changed comes as a form."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import web

from pad.bulletin import BulletinError
from pad.phone import KEY_BYTES
from sandbox import review
from sandbox.casebook import Casebook, Entry
from sandbox.cases import BadStep, Found, Kind, NotNow, Pace, Step, clock
from sandbox.misbehaviour import KINDS
from sandbox.pages import overview
from sandbox.pages.pads import Pads
from sandbox.pages.phone import PhonePages
from sandbox.pages.rendering import Rendering, origin_of
from sandbox.pages.voices import differing
from sandbox.pages.words import Said
from sandbox.platform import Platform
from sandbox.review import Published

_STATIC: Final = Path(__file__).with_name("static")
_LOOK_S: Final = 1.0
_TELL_AT_LEAST_S: Final = 10.0
"""Ages on the page ("heard 12 s ago") grow by themselves."""
_REVIEWER_MAX: Final = 50
_CASES_SHOWN: Final = 500

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control(Protocol):
    """What the pages need of the control side beside the platform itself."""

    @property
    def line_is_up(self) -> bool:
        """Whether the platform listens."""

    async def change_line(self, up: bool) -> None:
        """Have it listen, or not."""


class Pages:
    """Serves the pages of one platform."""

    def __init__(self, platform: Platform, control: Control) -> None:
        self._platform = platform
        self._control = control
        self._casebook = Casebook(platform.store)
        self._pads = Pads(platform.store)
        self._rendering = Rendering()

    def routes(self) -> list[web.AbstractRouteDef]:
        """The paths."""
        return [
            web.get("/", self._index),
            web.get("/counter", self._counter),
            web.get("/platform", self._overview),
            web.get("/platform/events", self._events),
            web.get("/platform/cases", self._cases),
            web.get(r"/platform/cases/{number:\d{1,9}}", self._case),
            web.post(r"/platform/cases/{number:\d{1,9}}", self._own(self._step)),
            web.get("/platform/publish", self._publish_page),
            web.post("/platform/publish", self._own(self._publish)),
            web.get("/platform/practice", self._practice),
            web.post("/platform/practice", self._own(self._switch)),
            web.get("/platform/enrol", self._enrol_page),
            web.post("/platform/enrol", self._own(self._enrol)),
            *PhonePages(self._platform, self._rendering).routes(),
            web.static("/pages", _STATIC),
        ]

    def _own(self, handler: Handler) -> Handler:
        """Take a form only from a page of ours: another site's would carry whoever uses this browser."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Origin") not in (None, f"{request.scheme}://{request.host}"):
                return self._rendering.page(request, "message", 403, said=Said.OTHER_SITE)
            return await handler(request)

        return checked

    # --- the counter, and what arrived ----------------------------------------------------

    async def _index(self, request: web.Request) -> web.Response:
        return self._rendering.page(request, "index")

    async def _counter(self, request: web.Request) -> web.Response:
        pad = origin_of(request.query.get("pad") or self._platform.settings.counter_url)
        if pad is None:
            return self._rendering.page(request, "message", 400, said=Said.NO_ADDRESS)
        return self._rendering.page(request, "counter", pad=pad)

    async def _overview(self, request: web.Request) -> web.Response:
        shown = overview.overview(self._platform, self._casebook, self._pads.all(), self._control.line_is_up)
        return self._rendering.page(request, "platform", shown=shown)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """A word whenever there may be something new to show (server-sent events)."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        known: object = None
        quiet_s = 0.0
        with suppress(ConnectionError):  # the page was closed
            while True:
                now = self._state()
                if now != known or quiet_s >= _TELL_AT_LEAST_S:
                    known, quiet_s = now, 0.0
                    await response.write(b"data: look\n\n")
                await asyncio.sleep(_LOOK_S)
                quiet_s += _LOOK_S
        return response

    def _state(self) -> object:
        """Another one for whatever a page may show differently."""
        db: sqlite3.Connection = self._platform.store.db
        return db.total_changes, self._control.line_is_up, repr(self._platform.misbehaviours.report()["on"])

    # --- bad ratings ----------------------------------------------------------------------

    def _clock(self, entry: Entry) -> overview.Timed:
        today = self._platform.now().date()
        return overview.Timed(
            entry, clock(entry.case, entry.rated_on, self._platform.settings.handling_days, today)
        )

    async def _cases(self, request: web.Request) -> web.Response:
        timed = [self._clock(entry) for entry in self._casebook.entries(most=_CASES_SHOWN)]
        order = {Pace.OVERDUE: 0, Pace.RUNNING: 1, Pace.UNKNOWN: 1}
        timed.sort(key=lambda each: (order.get(each.clock.pace, 2), each.clock.deadline or date.max))
        return self._rendering.page(
            request, "cases", cases=timed, days=self._platform.settings.handling_days, texts=self._text,
            most=_CASES_SHOWN,
        )  # fmt: skip

    async def _case(self, request: web.Request) -> web.Response:
        return self._case_page(request, 200, {})

    def _case_page(
        self, request: web.Request, status: int, given: Mapping[str, str], wrong: str = "", said: str = ""
    ) -> web.Response:
        entry = self._casebook.entry(int(request.match_info["number"]))
        if entry is None:
            return self._rendering.page(request, "message", 404, said=Said.NO_CASE)
        return self._rendering.page(
            request, "case", status,
            timed=self._clock(entry), evidence=overview.evidence(entry),
            voices=differing(self._platform.store.db, entry.number), given=given, wrong=wrong, said=said,
            today=self._platform.now().date().isoformat(), texts=self._text, Kind=Kind, Found=Found,
            days=self._platform.settings.handling_days,
        )  # fmt: skip

    async def _step(self, request: web.Request) -> web.StreamResponse:
        given = await _form(request)
        number = int(request.match_info["number"])
        try:
            self._casebook.add(number, self._step_of(given))
        except LookupError:
            return self._case_page(request, 404, {})
        except BadStep as error:
            return self._case_page(request, 400, given, wrong=error.field)
        except NotNow:
            return self._case_page(request, 409, given, said=Said.NOT_NOW)
        raise web.HTTPSeeOther(f"/platform/cases/{number}#history")

    def _step_of(self, given: Mapping[str, str]) -> Step:
        try:
            kind = Kind(given.get("kind", ""))
        except ValueError:
            raise BadStep("kind", ", ".join(Kind)) from None
        found, day = None, None
        if kind is Kind.VISIT:
            try:
                found = Found(given.get("found", ""))
            except ValueError:
                raise BadStep("found", ", ".join(Found)) from None
            try:
                day = date.fromisoformat(given.get("day", ""))
            except ValueError:
                raise BadStep("day", "a day as yyyy-MM-dd") from None
        by, text = given.get("by", "").strip(), given.get("text", "").strip()
        return Step(kind, self._platform.now(), by, text, found, day)

    def _text(self, code: str) -> str:
        """An indicator in the platform's words; its code where it has none."""
        return self._platform.catalogue.text(code) or code

    # --- publishing -----------------------------------------------------------------------

    def _reviewed(self, given: Mapping[str, str]) -> review.Review:
        """The review of the period asked for; of the month so far if none is, or none that can be."""
        today = self._platform.now().date()
        try:
            first, last = date.fromisoformat(given["first"]), date.fromisoformat(given["last"])
        except (KeyError, ValueError):
            first, last = today.replace(day=1), today
        first, last = min(first, last), max(first, last)
        return review.review(self._platform.store, first, last, self._platform.settings.handling_days, today)

    async def _publish_page(self, request: web.Request) -> web.Response:
        return self._publish_answer(request, 200, request.query, "")

    def _publish_answer(
        self, request: web.Request, status: int, given: Mapping[str, str], said: str, wrong: str = ""
    ) -> web.Response:
        today = self._platform.now().date()
        return self._rendering.page(
            request, "publish", status,
            review=self._reviewed(given), said=said, wrong=wrong, given=given, today=today.isoformat(),
            last_month=(today.replace(day=1) - timedelta(days=1)),
            now=self._platform.publication.bulletin, published=review.latest(self._platform.store),
        )  # fmt: skip

    async def _publish(self, request: web.Request) -> web.StreamResponse:
        given = await _form(request)
        looked_at = self._reviewed(given)
        by = given.get("by", "").strip()
        figures = looked_at.figures()
        if not 0 < len(by) <= _REVIEWER_MAX:
            return self._publish_answer(request, 400, given, "", "by")
        if figures is None:
            return self._publish_answer(request, 409, given, Said.NOTHING_RATED)
        if given.get("mark") != looked_at.mark:
            return self._publish_answer(request, 409, given, Said.OTHER_FIGURES)
        try:
            self._platform.publication.put_figures(figures)
        except BulletinError:
            return self._publish_answer(request, 409, given, Said.NOT_FOR_PADS)
        published = Published(self._platform.now(), by, looked_at.first, looked_at.last, figures)
        review.keep(self._platform.store, published)
        raise web.HTTPSeeOther(f"/platform/publish?first={looked_at.first}&last={looked_at.last}#published")

    # --- the line and the misbehaviours ---------------------------------------------------

    async def _practice(self, request: web.Request) -> web.Response:
        return self._rendering.page(
            request, "practice",
            kinds=KINDS, on=self._platform.misbehaviours.report()["on"], line=self._control.line_is_up,
            requests=self._platform.store.table("requests", 20)[::-1],
        )  # fmt: skip

    async def _switch(self, request: web.Request) -> web.StreamResponse:
        given = await _form(request)
        misbehaviours = self._platform.misbehaviours
        match given.get("do"), given.get("name", ""):
            case "cut", _:
                await self._control.change_line(up=False)
            case "restore", _:
                await self._control.change_line(up=True)
            case "behave", _:
                misbehaviours.clear()
            case "on" | "once" as how, name if name in KINDS:
                misbehaviours.switch_on(name, {"first": 1} if how == "once" else {})
            case "off", name if name in KINDS:
                misbehaviours.switch_off(name)
            case _:
                return self._rendering.page(request, "message", 400, said=Said.NO_SWITCH)
        raise web.HTTPSeeOther("/platform/practice")

    # --- enrolments -----------------------------------------------------------------------

    async def _enrol_page(self, request: web.Request) -> web.Response:
        return self._enrol_answer(request, 200, {})

    def _enrol_answer(
        self, request: web.Request, status: int, given: Mapping[str, str], wrong: str = ""
    ) -> web.Response:
        codes = self._platform.enrolments.report(self._platform.now())[::-1]
        fresh = request.query.get("code")
        shown = next((each["code"] for each in codes if each["code"] == fresh), None)
        return self._rendering.page(
            request, "enrol", status, codes=codes, shown=shown, wrong=wrong,
            hall_name=given.get("hall_name", "练习政务服务中心"), win_no=given.get("win_no", "A07"),
        )  # fmt: skip

    async def _enrol(self, request: web.Request) -> web.StreamResponse:
        given = await _form(request)
        window = {name: given.get(name, "").strip() for name in ("hall_name", "win_no")}
        if not window["hall_name"]:
            return self._enrol_answer(request, 400, given, "hall_name")
        try:
            given_to_pad = {
                "pad": window,
                "phone_key": secrets.token_hex(KEY_BYTES),
                "phone_url": self._platform.phone_page,
            }
            code = self._platform.enrolments.issue(given_to_pad, self._platform.now())
        except ValueError:
            return self._enrol_answer(request, 400, given, "win_no")
        raise web.HTTPSeeOther(f"/platform/enrol?code={code}")


async def _form(request: web.Request) -> Mapping[str, str]:
    """The fields of a form that are texts."""
    given: Mapping[str, Any] = await request.post()
    return {name: value for name, value in given.items() if isinstance(value, str)}
