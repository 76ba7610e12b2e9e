"""Asks a platform to enrol this pad: one call over HTTPS, bounded in time and size, without proxies."""

from __future__ import annotations

import queue
import ssl
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pad.enrolment import wire
from pad.enrolment.wire import Answer, AnswerError, Refused, Request

WITHIN_S: Final = 30.0
"""The whole call; a technician waits for it."""
_CONNECT_S: Final = 10.0
_ANSWER_MAX: Final = 64 * 1024


class NoAnswer(Exception):
    """The platform was not reached, or what answered is no such platform; the message says which."""


class Enroller:
    """Where a pad asks: the platform's base address, and whose signature on its certificate counts."""

    def __init__(self, platform: str, ca_file: Path | None = None, within_s: float = WITHIN_S) -> None:
        """:raises NoAnswer: if nobody may be asked there, or the authorities cannot be read"""
        self._url = platform.rstrip("/") + wire.PATH
        self._within_s = within_s
        if not wire.is_safe(platform):
            raise NoAnswer(f"{platform}: allowed is an https address, or http to this machine")
        try:
            self._tls = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        except (OSError, ssl.SSLError) as error:
            raise NoAnswer(
                f"{ca_file}: cannot be used ({type(error).__name__}); a PEM file of certificates is needed"
            ) from error

    def ask(self, request: Request) -> Answer | Refused:
        """Ask once.

        :raises NoAnswer: if there is no answer of this contract; asking again does no harm
        """
        heard: queue.SimpleQueue[tuple[int, bytes] | NoAnswer] = queue.SimpleQueue()
        # a time-out of the socket's begins anew with every byte, and looking up a name has none
        threading.Thread(target=lambda: heard.put(self._heard(request)), name="asking", daemon=True).start()
        try:
            answer = heard.get(timeout=self._within_s)
        except queue.Empty:
            answer = NoAnswer(f"no whole answer within {self._within_s:g} s; try again")
        if isinstance(answer, NoAnswer):
            raise answer
        return _read(*answer)

    def _heard(self, request: Request) -> tuple[int, bytes] | NoAnswer:
        try:
            return self._exchange(wire.encode(request))
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            return NoAnswer(_why(error))

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        with requests.Session() as session:
            session.trust_env = False  # no proxy, no .netrc and no authorities that were not named
            session.mount("https://", _Adapter(self._tls))
            with session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "identity"},
                timeout=(_CONNECT_S, self._within_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                found = bytearray()
                # only the read that finds the end notices that a body was cut off
                while len(found) <= _ANSWER_MAX and (part := response.raw.read(4096, decode_content=False)):
                    found += part
                return response.status_code, bytes(found)


class _Adapter(HTTPAdapter):
    """Requests' door to urllib3 with our authorities and no others."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the authorities as the context has them; requests would add its own bundle."""


def _read(status: int, body: bytes) -> Answer | Refused:
    if len(body) > _ANSWER_MAX:
        raise NoAnswer(f"an answer of more than {_ANSWER_MAX} bytes: this is no such platform")
    if 400 <= status < 500 and (refused := wire.read_refusal(body)) is not None:
        return refused
    if status != HTTPStatus.CREATED:
        raise NoAnswer(
            f"it answered HTTP {status}, and not as a platform that enrols pads; check the address, "
            "and whether the network wants a log-in first"
        )
    try:
        return wire.read_answer(body)
    except AnswerError as error:
        raise NoAnswer(
            f"the platform's answer cannot be used: {error}; tell who runs the platform"
        ) from error


def _why(error: Exception) -> str:
    """In words of ours: those of a library may quote more than is to be seen."""
    inner = list(_chain(error))
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in inner):
        return (
            "its TLS certificate cannot be verified: check the pad's clock, and platform.ca_file if the city "
            "has an authority of its own (--ca-file)"
        )
    for kind, words in (
        (ssl.SSLError, "TLS failed; check the address"),
        (urllib3.exceptions.NameResolutionError, "its name cannot be resolved; check the address and DNS"),
        (ConnectionRefusedError, "the connection was refused; check the address and the port"),
        (urllib3.exceptions.NewConnectionError, "there is no way to it; check the network"),
        (TimeoutError, "it does not answer in time; try again"),
        (urllib3.exceptions.TimeoutError, "it does not answer in time; try again"),
    ):
        if any(isinstance(each, kind) for each in inner):
            return words
    return f"the connection broke ({type(inner[-1]).__name__}); try again"


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those it stands for."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop(0)
        if each in found:
            continue
        found.append(each)
        others = (*each.args, getattr(each, "reason", None), each.__cause__, each.__context__)
        waiting.extend(other for other in others if isinstance(other, BaseException))
    return found
