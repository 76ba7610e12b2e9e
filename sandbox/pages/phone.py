"""The phone page (docs/phone.md): what the code beside the faces opens, and the one that hangs at the window.

It asks for no script, no cookie and no log-in: the token in the address is all the right there is, so a form
needs no check of where it came from. Neither the address nor a log holds anything of a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from pad import codes
from pad.codes import Level
from pad.indicators import Catalogue, Indicator
from pad.phone import MatterTicket, Refusal, TokenRefused, WindowTicket
from sandbox.pages.rendering import Rendering
from sandbox.phone_ratings import Came
from sandbox.platform import Platform
from sandbox.totals import LEVELS

PHONE_PAGE: Final = "/r"
_FORM: Final = "application/x-www-form-urlencoded"
_LEVELS: Final = {str(level.value): level for level in Level}
_BODY_MAX: Final = 16 * 1024
"""Bytes; a comment of the longest, each character escaped, and every indicator of a level make some 3000."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in: what may be sent, and what still keeps it from being."""

    level: Level | None = None
    ticked: tuple[str, ...] = ()
    comment: str = ""
    wrong: str = ""
    """``level``: no face was chosen; ``reason``: a bad one says neither why nor that it would rather not."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A level with its indicators, those shown at once and those behind 更多."""

    level: Level
    at_once: tuple[Indicator, ...]
    more: tuple[Indicator, ...]


class PhonePages:
    """Serves phones."""

    def __init__(self, platform: Platform, rendering: Rendering) -> None:
        self._platform = platform
        self._rendering = rendering

    def routes(self) -> list[web.AbstractRouteDef]:
        """The paths."""
        path = PHONE_PAGE + "/{token:.*}"
        return [web.get(path, self._open), web.post(path, self._rate)]

    async def _open(self, request: web.Request) -> web.Response:
        try:
            ticket = self._platform.phone_keys.ticket(request.match_info["token"], self._platform.now())
        except TokenRefused as error:
            return self._refused(request, error.refusal)
        if isinstance(ticket, WindowTicket):
            return self._window(request, ticket)
        if self._platform.phone_ratings.rated(ticket):
            return self._said(request, "rated", HTTPStatus.CONFLICT)
        return self._form(request, ticket, Filled(), HTTPStatus.OK)

    async def _rate(self, request: web.Request) -> web.Response:
        try:
            ticket = self._platform.phone_keys.ticket(request.match_info["token"], self._platform.now())
        except TokenRefused as error:
            return self._refused(request, error.refusal)
        if isinstance(ticket, WindowTicket):
            return self._window(request, ticket)
        if request.content_type != _FORM:
            return self._said(request, "unreadable", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            fields = await request.clone(client_max_size=_BODY_MAX).post()
        except web.HTTPRequestEntityTooLarge:
            return self._said(request, "unreadable", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (LookupError, ValueError):  # a charset there is none of, bytes that are none of it
            return self._said(request, "unreadable", HTTPStatus.BAD_REQUEST)
        filled = filled_in(
            {name: str(fields[name]) for name in ("level", "comment", "decline") if name in fields},
            [str(code) for code in fields.getall("indicator", [])],
            self._platform.publication.in_force,
        )
        if filled.level is None or filled.wrong:
            if self._platform.phone_ratings.rated(ticket):
                return self._said(request, "rated", HTTPStatus.CONFLICT)
            return self._form(request, ticket, filled, HTTPStatus.BAD_REQUEST)
        came = self._platform.phone_ratings.rate(ticket, filled.level, filled.ticked, filled.comment)
        if came is Came.LATER:
            return self._said(request, "later", HTTPStatus.CONFLICT)
        return self._said(request, "thanks", HTTPStatus.OK)

    # --- answers --------------------------------------------------------------------------

    def _form(
        self, request: web.Request, ticket: MatterTicket, filled: Filled, status: HTTPStatus
    ) -> web.Response:
        task = self._platform.store.service(ticket.project_no, ticket.service_number).get("taskName", "")
        return self._rendering.phone_page(
            request, "phone", status,
            ticket=ticket, task=str(task), filled=filled,
            choices=choices(self._platform.publication.in_force),
            comment_max=codes.COMMENT_ON_SCREEN_MAX, turning=status is HTTPStatus.OK,
        )  # fmt: skip

    def _window(self, request: web.Request, ticket: WindowTicket) -> web.Response:
        bulletin = self._platform.publication.bulletin
        return self._rendering.phone_page(
            request, "phone_window", win_no=ticket.win_no, figures=bulletin.get("figures"), turning=True
        )

    def _refused(self, request: web.Request, refusal: Refusal) -> web.Response:
        """Only who holds a true code learns that it has expired; forged and misspelt ones look alike."""
        if refusal is Refusal.EXPIRED:
            return self._said(request, "expired", HTTPStatus.GONE)
        return self._said(request, "unknown", HTTPStatus.NOT_FOUND)

    def _said(self, request: web.Request, what: str, status: HTTPStatus) -> web.Response:
        turning = request.method in ("GET", "HEAD")
        return self._rendering.phone_page(request, "phone_said", status, what=what, turning=turning)


def choices(catalogue: Catalogue) -> tuple[Choice, ...]:
    """The five levels, the best first, each with its indicators in the platform's order."""
    found = []
    for level in LEVELS:
        of_level = catalogue.of_level(level)
        at_once, more = ([each for each in of_level if each.more is later] for later in (False, True))
        found.append(Choice(level, tuple(at_once), tuple(more)))
    return tuple(found)


def filled_in(fields: Mapping[str, str], codes_given: Iterable[str], catalogue: Catalogue) -> Filled:
    """What somebody filled in, by the pad's own rules (kiosk/rules/citizen.py).

    Of the indicators those count that are of the chosen level: a page without a script still holds what was
    ticked for another face before. 不想说明 sends the level and nothing else.
    """
    comment = _clean(fields.get("comment", ""))
    level = _LEVELS.get(fields.get("level", ""))
    if level is None:
        return Filled(comment=comment, wrong="level")
    if level.is_bad and "decline" in fields:
        return Filled(level)
    given = set(codes_given)
    ticked: list[str] = []
    for each in catalogue.of_level(level):
        if each.code in given and len(",".join([*ticked, each.code])) <= codes.EVAL_DETAIL_MAX:
            ticked.append(each.code)
    needs_reason = level.is_bad and not (ticked or comment)
    return Filled(level, tuple(ticked), comment, "reason" if needs_reason else "")


def _clean(comment: str) -> str:
    """A comment as it may be stored: one line, no control characters, at most what the pad's screen takes."""
    line = " ".join(comment.split())
    kept = "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cs"))
    return kept[: codes.COMMENT_ON_SCREEN_MAX].strip()
