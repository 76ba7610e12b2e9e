"""A door for systems that call ``GET /evaluate/startEvaluate?ywbh=…`` at the counter's own address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from kiosk.calls import Calls
from kiosk.doors.asking import Asking, Ended
from pad.settings import Settings


class Evaluate:
    """Answers that call, once the rating has ended or, where the setting says so, at once."""

    def __init__(self, settings: Settings, calls: Calls) -> None:
        self._door = settings.counter.evaluate
        self._origins = settings.counter.origins
        self._asking = Asking(settings, calls, self._door)

    def add_to(self, application: web.Application) -> None:
        """Have it served beside the counter's own calls."""
        application.router.add_get(self._door.path, self._start_evaluate, allow_head=False)

    async def _start_evaluate(self, request: web.Request) -> web.Response:
        if not self._may_call(request):
            message = "pages of this origin may not call the pad; a technician can add it to counter.origins"
            return web.json_response({"success": False, "message": message}, status=403)
        invited = await self._asking.invite(request.query)
        if isinstance(invited, Ended):
            return web.json_response(_said(invited))
        if not self._door.waits:
            return web.json_response({"success": True, "state": "waiting", "invitation": invited})
        return web.json_response(_said(await self._asking.end_of(invited), invited))

    def _may_call(self, request: web.Request) -> bool:
        """A page may fetch it as a picture or a script, and then names no origin: its address must do.

        The pad has no pages of its own: what calls itself of the same origin had its name point here.
        Old browsers say no more than the page's address; a program says nothing at all.
        """
        page = request.headers.get("Origin", request.headers.get("Referer", ""))
        site = request.headers.get("Sec-Fetch-Site", "" if page else "none")
        return site == "none" or _origin(page) in self._origins


def _origin(page: str) -> str:
    """The origin of a page's address; empty if it is none."""
    try:
        scheme, host, *_ = urlsplit(page)
    except ValueError:
        return ""
    return f"{scheme}://{host}"


def _said(ended: Ended, invitation: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {"success": ended.result == "rated", "state": ended.result}
    if ended.message:
        said["message"] = ended.message
    if invitation:
        said["invitation"] = invitation
    if ended.level is not None:
        said["level"] = ended.level
    return said
