"""Templates made into pages: escaped, in one language, under headers that let nothing else in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pad.codes import Level
from sandbox.pages.words import CHINESE, HTML_LANGUAGE, Words, wanted

_TEMPLATES: Final = Path(__file__).with_name("templates")
_COOKIE: Final = "language"
_YEAR_S: Final = 365 * 24 * 3600
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{more};"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PHONE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
_ORIGIN: Final = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?")


class Rendering:
    """Makes the pages."""

    def __init__(self) -> None:
        self._words = {language: Words(language) for language in HTML_LANGUAGE}
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["clock"] = lambda moment: _moment(moment).strftime("%H:%M:%S")
        self._environment.filters["minute"] = lambda moment: _moment(moment).strftime("%m-%d %H:%M")

    def words(self, request: web.Request) -> Words:
        """The words of whoever asks."""
        accepted = request.headers.get("Accept-Language", "")
        return self._words[wanted(request.query.get("language"), request.cookies.get(_COOKIE), accepted)]

    def page(
        self, request: web.Request, template: str, status: int = 200, pad: str = "", **parts: Any
    ) -> web.Response:
        """A page; ``pad`` is the origin of a pad that its script may call."""
        text = self._text(request, template, pad=pad, **parts)
        response = web.Response(text=text, status=status, content_type="text/html", headers=headers(pad))
        if request.query.get("language") in HTML_LANGUAGE:
            language = self.words(request).language
            response.set_cookie(_COOKIE, language, max_age=_YEAR_S, httponly=True, samesite="Strict")
        return response

    def phone_page(
        self, request: web.Request, template: str, status: int = 200, **parts: Any
    ) -> web.Response:
        """A page for a citizen's phone: no script at all, no cookie, and its address goes nowhere from it."""
        text = self._text(request, template, **parts)
        return web.Response(text=text, status=status, content_type="text/html", headers=_PHONE_HEADERS)

    def _text(self, request: web.Request, template: str, **parts: Any) -> str:
        words = self.words(request)
        return self._environment.get_template(f"{template}.html").render(
            say=words.say,
            level_word=words.level,
            duration=words.duration,
            language=words.language,
            html_language=words.html_language,
            other=next(each for each in HTML_LANGUAGE if each != words.language),
            chinese=words.language == CHINESE,
            path=request.path,
            template=template,
            Level=Level,
            **parts,
        )


def headers(pad: str = "") -> Mapping[str, str]:
    """The headers of every page: no script and no style but its own files, in no frame, not kept."""
    more = f" {pad} {'ws' + pad.removeprefix('http')}" if pad else ""
    return {
        "Content-Security-Policy": _POLICY.format(more=more),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


_PHONE_HEADERS: Final = {
    "Content-Security-Policy": _PHONE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def origin_of(text: str) -> str | None:
    """The text if it is an http or https origin and nothing else: it goes into a header."""
    return text if _ORIGIN.fullmatch(text) else None


def _moment(moment: datetime | str) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
