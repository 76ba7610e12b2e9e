"""One HTTP exchange with the platform or another peer: bounded in time and size, never repeated by itself.

Nothing of a request or an answer is ever put into a message: those end up in logs.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from pad.clock import EARLIEST, monotonic_ns
from pad.settings import Settings
from syncd.platforms.base import Answer, NoAnswer, Reached, Seen, Trouble
from syncd.platforms.deadline import Deadline, pools_under
from syncd.platforms.judging import Reply, judge, seen_in
from syncd.platforms.tls import OutOfDate, TimeUnknown, Tls, TrueTime, tls_context

_log = logging.getLogger("syncd.platforms")

ANSWER_MAX: Final = 1024 * 1024
"""Bytes; the largest answer of ours, 1000 itemised results, is below 300 KiB."""
_STOPPED: Final = "it was asked to stop"
KEEP_ALIVE_S: Final = 15.0
"""A connection idle for longer is not used again: servers close theirs after 15 to 75 s, firewalls
forget them without a word, and then the next rating would wait for a whole time-out."""
_NOT_AT_THIS_TIME: Final = (9, 10)
"""``X509_V_ERR_CERT_NOT_YET_VALID`` and ``X509_V_ERR_CERT_HAS_EXPIRED`` of OpenSSL."""
_PART: Final = 64 * 1024
LOOK_S: Final = 5.0
"""A look at the clock may hold up a rating no longer than this."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is spoken to: ``base`` is the address without a path, ``ca_key`` the setting that names its
    authority, and ``name`` what messages call it.
    """

    base: str
    name: str
    ca_key: str
    tls: Tls | None


class Exchange:
    """A connection, to the platform if to no other, kept alive while it works and dropped when it fails.

    For one thread; only :meth:`abort` may come from another. Over TLS nothing but :meth:`look` speaks
    before the true time is known, as far as ``truth`` is given to know it.
    """

    def __init__(self, settings: Settings, peer: Peer | None = None, truth: TrueTime | None = None) -> None:
        self._peer = peer or _platform(settings, truth)
        self._base = self._peer.base
        self._connect_s = settings.sync.connect_timeout_s
        self._answer_s = settings.sync.answer_timeout_s
        self._deadline = Deadline()
        self._session: requests.Session | None = None
        self._used_at = 0.0
        self._looks = 0
        self._doubt: str | None = None

    def url(self, path: str) -> str:
        """The full address of a path of the platform's interface."""
        return self._base + path

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply | Answer:
        """Send a body and hear the answer, or why there is none."""
        heard = self._exchange("POST", self.url(path), self._answer_s, headers, body)
        if isinstance(heard, NoAnswer):
            return heard
        reply, response_headers = heard
        return judge(reply, response_headers) or reply

    def get(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        hold_s: float = 0.0,
        meaning: int = HTTPStatus.NOT_MODIFIED,
    ) -> Reply | Answer:
        """Ask for something and hear the answer, or why there is none.

        :param hold_s: how long the platform was asked to hold its answer, beside the time it has to give one
        :param meaning: a status that is an answer to this question, whatever it means elsewhere
        """
        asked = f"?{urlencode(query)}" if query else ""
        heard = self._exchange("GET", self.url(path) + asked, hold_s + self._answer_s, headers, None)
        if isinstance(heard, NoAnswer):
            return heard
        reply, response_headers = heard
        return reply if reply.status == meaning else judge(reply, response_headers) or reply

    def look(self, path: str) -> Reached | NoAnswer:
        """Ask for nothing, not saying who asks; any HTTP answer shows the platform's clock.

        Every other time ``path`` is asked: there are gateways that cut off whoever asks for the root.
        While the true time is not known it has a connection of its own, and the time that is told has to
        lie within the dates of the certificates that were shown.
        """
        self._looks += 1
        url = self.url("/" if self._looks % 2 else path)
        if self._peer.tls is None or not self._asks_for_time:
            return self._look(url)
        with self._peer.tls.learning():
            reached = self._look(url)
        self.close()  # nothing else may go where nobody has compared the dates
        if isinstance(reached, Reached) and self._doubt is not None:
            return NoAnswer(self._doubt)
        return reached

    @property
    def _asks_for_time(self) -> bool:
        """Whether the time is all that may be asked for now."""
        return self._peer.tls is not None and self._peer.tls.time_is_unknown

    def _look(self, url: str) -> Reached | NoAnswer:
        heard = self._exchange("GET", url, min(self._answer_s, LOOK_S), {}, None)
        return heard if isinstance(heard, NoAnswer) else Reached(seen=heard[0].seen)

    def abort(self) -> None:
        """End the exchange that is under way, and any later one at once; from any thread."""
        self._deadline.abort()

    def close(self) -> None:
        """Let the connection go."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self._deadline.forget()

    def _exchange(
        self, method: str, url: str, answer_s: float, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, Mapping[str, str]] | NoAnswer:
        if time.monotonic() - self._used_at > KEEP_ALIVE_S:
            self.close()
        try:
            self._deadline.set(answer_s)
            reply, response_headers = self._perform(method, url, answer_s, headers, body)
        except (OSError, ValueError, urllib3.exceptions.HTTPError, requests.RequestException) as error:
            self.close()
            why = self._why(error, answer_s)
            return replace(why, why=_STOPPED, trouble=Trouble.LINE) if self._deadline.aborted else why
        if self._deadline.aborted:  # a socket that was shut reads like an answer's end
            self.close()
            return NoAnswer(_STOPPED)
        if len(reply.body) > ANSWER_MAX:
            self.close()
            return NoAnswer(f"an answer of more than {ANSWER_MAX} bytes", seen=reply.seen)
        self._used_at = time.monotonic()
        return reply, response_headers

    def _perform(
        self, method: str, url: str, answer_s: float, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, Mapping[str, str]]:
        if self._session is None:
            self._session = _session(self._deadline, self._peer.tls)
        asked_ns = monotonic_ns()
        with self._session.request(
            method,
            url,
            data=body,
            headers=dict(headers),
            timeout=(self._connect_s, answer_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            seen = self._believed(seen_in(response.headers, asked_ns, monotonic_ns()))
            found = bytearray()
            # only the read that finds the end notices that a body was cut off
            while len(found) <= ANSWER_MAX and (part := response.raw.read(_PART, decode_content=False)):
                found += part
            ends = response.headers.get("Connection", "").lower() == "close" or response.raw.version == 10
        if ends:
            self.close()
        return Reply(response.status_code, bytes(found), seen), response.headers

    def _believed(self, seen: Seen | None) -> Seen | None:
        """The platform's clock, unless it contradicts the certificates that the platform shows.

        Taken for true, such a time would have every later connection refused by its dates.
        """
        valid = self._peer.tls.validity if self._peer.tls is not None else None
        before, self._doubt = self._doubt, None
        if seen is None or valid is None or (valid.holds(seen.date) and seen.date >= EARLIEST):
            return seen
        self._doubt = (
            f"{self._peer.name}'s clock tells {seen.date:%Y-%m-%d %H:%M} UTC, and its TLS certificate is "
            f"valid {valid}: that has run out, or the clock is wrong; it is not believed"
        )
        if before is None and not self._asks_for_time:
            _log.warning("%s", self._doubt)
        return None

    def _why(self, error: Exception, answer_s: float) -> NoAnswer:
        """Why there is no answer, in words of ours: those of a library may quote the address or more."""
        inner, name = list(_chain(error)), self._peer.name
        if isinstance(error, requests.ReadTimeout):
            return NoAnswer(f"no whole answer within {answer_s:g} s", Trouble.SLOW, sent=True)
        for each in inner:
            if isinstance(each, ssl.SSLError):
                return NoAnswer(self._why_no_tls(each))
        if any(isinstance(each, NameResolutionError) for each in inner):
            return NoAnswer(f"{name}'s name cannot be resolved")
        if any(isinstance(each, ConnectionRefusedError) for each in inner):
            return NoAnswer("the connection was refused")
        if any(isinstance(each, NewConnectionError) for each in inner):
            return NoAnswer(f"there is no way to {name}")
        if any(isinstance(each, ConnectTimeoutError) for each in inner):
            return NoAnswer(f"no connection within {self._connect_s:g} s")
        if any(isinstance(each, TimeoutError | urllib3.exceptions.ReadTimeoutError) for each in inner):
            return NoAnswer(f"no whole answer within {answer_s:g} s", Trouble.SLOW, sent=True)
        return NoAnswer(f"the connection broke ({type(inner[-1]).__name__})", sent=True)

    def _why_no_tls(self, error: ssl.SSLError) -> str:
        name = self._peer.name
        match error:
            case TimeUnknown(why=why):
                return why
            case OutOfDate(why=why):
                return f"{name}'s TLS certificate {why}"
            case ssl.SSLCertVerificationError(verify_code=code) if code in _NOT_AT_THIS_TIME:
                return (
                    f"{name}'s TLS certificate is not valid at this pad's time; check the pad's clock first"
                )
            case ssl.SSLCertVerificationError():
                return f"{name}'s TLS certificate cannot be verified; check {self._peer.ca_key}"
        return "TLS failed"


def _platform(settings: Settings, truth: TrueTime | None) -> Peer:
    base = settings.platform.url.rstrip("/")
    tls = tls_context(settings, truth) if base.startswith("https:") else None
    return Peer(base, "the platform", "platform.ca_file", tls)


class _Adapter(HTTPAdapter):
    """Requests' door to urllib3, with our sockets under a deadline and our TLS and nobody else's."""

    def __init__(self, deadline: Deadline, tls: ssl.SSLContext | None) -> None:
        self._deadline, self._tls = deadline, tls
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        """Make the pools."""
        given = pool_kwargs if self._tls is None else pool_kwargs | {"ssl_context": self._tls}
        super().init_poolmanager(connections, maxsize, block, **given)
        self.poolmanager.pool_classes_by_scheme = pools_under(self._deadline, self._tls)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the authorities as the context has them; requests would add its own bundle."""


def _session(deadline: Deadline, tls: ssl.SSLContext | None) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc and no CA bundle that settings do not name
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update(
        {"User-Agent": "window-rating-pad", "Accept": "application/json", "Accept-Encoding": "identity"}
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(deadline, tls))
    return session


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those it stands for."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop(0)
        if each in found:
            continue
        found.append(each)
        reason = getattr(each, "reason", None)
        others = (*each.args, reason, each.__cause__, each.__context__)
        waiting.extend(other for other in others if isinstance(other, BaseException))
    return found
