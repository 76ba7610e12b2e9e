"""The ``national`` dialect: one SM2 envelope for an array, one flag for an answer (domain §4)."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal, TypeVar

import msgspec

from pad.gm import Sm2Container, Sm2Format, Sm2Order, Sm2Text, sm2_encrypt
from pad.model import CHINA_TIME
from pad.settings import PlatformProfile, ServiceRecord, Settings, UnboundProjectNo
from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    NoAnswer,
    Parcel,
    Pulse,
    Reached,
    WholeAccepted,
    WholeDuplicate,
    WholeRefused,
)
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply, unread
from syncd.platforms.records import Record, rating_record, service_key, service_record
from syncd.platforms.stamp import Stamp
from syncd.platforms.tls import TrueTime

_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8"}
_ENVELOPE_TIME: Final = "%Y%m%d%H%M%S"
SERVICES_REMEMBERED: Final = 4096
"""Service records known to be there, so that a split batch does not send them again; a few hundred
visits a day pass a window."""


class _Flat(msgspec.Struct, frozen=True):
    """``{"code":"0","success":"true","message":"..."}``; the values are strings, as is the JSON inside."""

    success: Literal["true", "false"]
    message: str | None = None
    code: str | None = None


class _Wrapped(msgspec.Struct, frozen=True, rename={"desc": "C-Response-Desc", "body": "C-Response-Body"}):
    """``{"C-Response-Desc":"success"|"<error>","C-Response-Body":"<JSON text>"}``."""

    desc: str
    body: str | None = None


_SUCCESS: Final = "success"
_Shape = TypeVar("_Shape", _Flat, _Wrapped)


class National:
    """A platform that speaks the national scheme's nearest relative."""

    def __init__(
        self,
        settings: Settings,
        app_word: str,
        public_key: str,
        clock: Callable[[], datetime],
        truth: TrueTime | None = None,
    ) -> None:
        self._profile = settings.profile
        self._app_mark = settings.platform.app_mark
        self._app_word = app_word
        self._public_key = public_key
        self._format = sm2_format(settings.profile)
        self._stamp = Stamp(clock)
        self._exchange = Exchange(settings, truth=truth)
        self._services: OrderedDict[tuple[str, int], None] = OrderedDict()

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send the service records the platform has not had yet, then the ratings."""
        if self._profile.service_record is ServiceRecord.PAD:
            stopped = self._send_services(parcels)
            if stopped is not None:
                return stopped
        by_id = self._profile.unbound_project_no is UnboundProjectNo.RATING_ID
        records = [
            rating_record(parcel, self._profile.pf, parcel.rating.id if by_id else "") for parcel in parcels
        ]
        return self._send(self._profile.evaluate_path, "evaluate", records)

    def _send_services(self, parcels: Sequence[Parcel]) -> Answer | None:
        """None if all are there now; else the answer, which is then the whole batch's."""
        missing = {
            key: service_record(parcel)
            for parcel in parcels
            if (key := service_key(parcel.rating)) is not None and key not in self._services
        }
        if not missing:
            return None
        answer = self._send(self._profile.service_path, "projectService", list(missing.values()))
        known = isinstance(answer, WholeDuplicate) and len(missing) == 1
        if not (known or isinstance(answer, WholeAccepted)):
            return answer
        for key in missing:
            self._services[key] = None
        while len(self._services) > SERVICES_REMEMBERED:
            self._services.popitem(last=False)
        return None

    def heartbeat(self, pulse: Pulse) -> None:
        """Nothing: the national scheme has no heartbeat."""

    def look_at_clock(self) -> Reached | NoAnswer:
        """Ask for nothing."""
        return self._exchange.look(self._profile.evaluate_path)

    def abort(self) -> None:
        """End the exchange that is under way."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the connection go."""
        self._exchange.close()

    def _send(self, path: str, kind: str, records: Sequence[Record]) -> Answer:
        return self._stamp.signed(lambda: self._ask(path, kind, records))

    def _ask(self, path: str, kind: str, records: Sequence[Record]) -> Answer:
        body = self._envelope(kind, records)
        reply = self._exchange.post(path, body, _HEADERS)
        return read_answer(reply, self._profile) if isinstance(reply, Reply) else reply

    def _envelope(self, kind: str, records: Sequence[Record]) -> bytes:
        time = self._stamp.time().astimezone(CHINA_TIME).strftime(_ENVELOPE_TIME)
        common = {
            "appMark": self._app_mark,
            "time": time,
            "sign": self._sealed(time + self._app_mark + self._app_word),
            "params": {kind: [self._sealed(_json(records))]},
        }
        return _json({"txnBodyCom": common, "txnCommCom": {}}).encode()

    def _sealed(self, text: str) -> str:
        return sm2_encrypt(self._public_key, text.encode(), self._format)


def sm2_format(profile: PlatformProfile) -> Sm2Format:
    """The profile's ``[sm2]`` table as a form of ciphertext.

    :raises GmError: for a combination that does not exist
    """
    return Sm2Format(
        order=Sm2Order(profile.sm2.order),
        prefix04=profile.sm2.prefix04,
        container=Sm2Container(profile.sm2.container),
        text=Sm2Text(profile.sm2.text),
    )


def read_answer(reply: Reply, profile: PlatformProfile) -> Answer:
    """What a body says, in either of the two shapes; anything else is no answer."""
    said = _parsed(reply.body)
    if said is None or (said.success == "true" and not reply.ok):
        return unread(reply)
    message = said.message or ""
    if said.success == "true":
        return WholeAccepted(seen=reply.seen)
    if _any(profile.duplicate_messages, message):
        return WholeDuplicate(message, seen=reply.seen)
    if _any(profile.credential_messages, message):
        return CredentialsRefused("the platform refuses this pad's mark or signature", seen=reply.seen)
    if _any(profile.busy_messages, message):
        return NoAnswer("the platform says it is busy", seen=reply.seen)
    return WholeRefused(message, said.code, seen=reply.seen)


def _parsed(body: bytes) -> _Flat | None:
    """Either shape as the flat one; None for anything else."""
    flat = _decoded(body, _Flat)
    if flat is not None:
        return flat
    wrapped = _decoded(body, _Wrapped)
    if wrapped is None or not wrapped.desc:
        return None
    inner = _decoded((wrapped.body or "").encode(), _Flat)
    if wrapped.desc == _SUCCESS:
        return inner
    if inner is None:
        return _Flat("false", wrapped.desc)
    if inner.success == "true":
        return None  # it says both yes and no
    said = dict.fromkeys(filter(None, (wrapped.desc, inner.message)))
    return _Flat("false", ": ".join(said), inner.code)


def _decoded(body: bytes, kind: type[_Shape]) -> _Shape | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _any(words: Sequence[str], message: str) -> bool:
    return any(word in message for word in words)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
