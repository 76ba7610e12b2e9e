"""The ``itemised`` dialect: signed batches that are answered record by record (design §5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from pad import codes
from pad.gm import hmac_sm3, sm3
from pad.ledger.elsewhere import RatedElsewhere
from pad.model import parse_iso_time
from pad.settings import ServiceRecord, Settings
from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    Itemised,
    News,
    NewsAnswer,
    NoAnswer,
    NotOffered,
    Outcome,
    Parcel,
    Published,
    Pulse,
    Reached,
    Result,
    Throttled,
    Unchanged,
    WholeAccepted,
    WholeRefused,
)
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply, unread
from syncd.platforms.records import evidence, rating_record, service_key, service_record
from syncd.platforms.stamp import Stamp
from syncd.platforms.tls import TrueTime

BATCHES: Final = "/v1/batches"
HEARTBEATS: Final = "/v1/heartbeats"
CATALOGUE: Final = "/v1/catalogue"
PHONE_RATINGS: Final = "/v1/phone-ratings"
_NONCE_BYTES: Final = 16


class _Item(msgspec.Struct, frozen=True):
    id: str
    outcome: Outcome
    receipt: str | None = None
    code: str | None = None
    message: str | None = None


class _Results(msgspec.Struct, frozen=True):
    batch: str
    results: tuple[_Item, ...]


class _Catalogue(msgspec.Struct, frozen=True):
    version: str


class _Rated(msgspec.Struct, frozen=True):
    visit: UUID
    project_no: Annotated[str, msgspec.Meta(max_length=codes.PROJECT_NO_MAX)]
    service_number: Annotated[int, msgspec.Meta(ge=1, le=99)]
    assess_number: Literal[1, 2]
    rated_at: str


class _News(msgspec.Struct, frozen=True):
    device: str
    cursor: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    rated: Annotated[tuple[_Rated, ...], msgspec.Meta(max_length=100)]


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error | str


class ItemisedPlatform:
    """A platform that answers for each record by its id."""

    def __init__(
        self,
        settings: Settings,
        app_word: str,
        clock: Callable[[], datetime],
        truth: TrueTime | None = None,
    ) -> None:
        self._profile = settings.profile
        self._device = settings.pad.device_id
        self._app_mark = settings.platform.app_mark
        self._key = app_word.encode()
        self._stamp = Stamp(clock)
        self._exchange = Exchange(settings, truth=truth)

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send a batch; what the answer does not name has had no answer."""
        body = {
            "batch": batch_id,
            "device": self._device,
            "records": [self._record(each) for each in parcels],
        }
        reply = self._post(BATCHES, body)
        return read_answer(reply, batch_id) if isinstance(reply, Reply) else reply

    def heartbeat(self, pulse: Pulse) -> WholeAccepted | NoAnswer:
        """Tell that the pad lives, and where its chain ends."""
        body: dict[str, object] = {
            "device": self._device,
            "head": {"seq": pulse.head.seq, "hash": pulse.head.hash},
            "pending": pulse.pending,
            "oldest_pending_s": pulse.oldest_pending_s,
            "time_uncertain": pulse.time_uncertain,
            "versions": pulse.versions,
        }
        if pulse.earlier is not None:
            body["earlier"] = {"seq": pulse.earlier.seq, "hash": pulse.earlier.hash}
        if pulse.flags:
            body["flags"] = pulse.flags
        if pulse.health:
            body["health"] = pulse.health
        reply = self._post(HEARTBEATS, body)
        if isinstance(reply, NoAnswer):
            return reply
        if isinstance(reply, Reply) and reply.ok:
            return WholeAccepted(seen=reply.seen)
        why = (
            f"HTTP {reply.status}"
            if isinstance(reply, Reply)
            else "the platform does not take heartbeats now"
        )
        return NoAnswer(why, seen=reply.seen)

    def catalogue(self, version: str) -> Published | Unchanged | NoAnswer:
        """Ask for indicators, notices and published figures, if they are others than ``version``."""
        reply = self._get_catalogue({"version": version} if version else {})
        if isinstance(reply, Reply):
            if reply.status == HTTPStatus.OK:
                return Published(reply.body, seen=reply.seen)
            if reply.status == HTTPStatus.NOT_MODIFIED and version:
                return Unchanged(seen=reply.seen)
            return NoAnswer(f"HTTP {reply.status}", seen=reply.seen)
        if isinstance(reply, NoAnswer):
            return reply
        said = reply.why if isinstance(reply, CredentialsRefused | Throttled) else "it gives no catalogue now"
        return NoAnswer(said, seen=reply.seen)

    def is_known(self) -> Reached | CredentialsRefused | NoAnswer | None:
        """Ask a signed question that changes nothing: does the platform know this pad and its signature.

        None: what answers is no platform, such as a network's page to log in at.
        """
        reply = self._get_catalogue({})
        if isinstance(reply, Reply):
            if not reply.ok:
                return NoAnswer(f"HTTP {reply.status}", seen=reply.seen)
            return Reached(seen=reply.seen) if _is_catalogue(reply.body) else None
        if isinstance(reply, CredentialsRefused | NoAnswer):
            return reply
        return NoAnswer("it answers no such question now", seen=reply.seen)

    def phone_ratings(self, after: int, hold_s: float) -> NewsAnswer:
        """Ask which matters phones rated; the platform answers as soon as there is one."""
        query = {"device": self._device, "after": str(after), "wait": f"{hold_s:g}"}
        reply = self._stamp.signed(
            lambda: self._exchange.get(
                PHONE_RATINGS, query, self._signed("GET", PHONE_RATINGS, b""),
                hold_s=hold_s, meaning=HTTPStatus.NOT_FOUND,
            )
        )  # fmt: skip
        if isinstance(reply, Reply):
            if reply.status == HTTPStatus.NOT_FOUND:
                return NotOffered(seen=reply.seen)
            return read_news(reply, self._device)
        if isinstance(reply, CredentialsRefused | Throttled | NoAnswer):
            return reply
        return NoAnswer("it tells nothing of phones now", seen=reply.seen)

    def look_at_clock(self) -> Reached | NoAnswer:
        """Ask for nothing."""
        return self._exchange.look(BATCHES)

    def abort(self) -> None:
        """End the exchange that is under way."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the connection go."""
        self._exchange.close()

    def _record(self, parcel: Parcel) -> dict[str, Any]:
        rating = parcel.rating
        record: dict[str, Any] = {"id": rating.id, "visit": rating.visit_id}
        if self._profile.service_record is ServiceRecord.PAD and service_key(rating) is not None:
            record["service"] = service_record(parcel)
        record["rating"] = rating_record(parcel, self._profile.pf) | evidence(rating)
        if parcel.time_uncertain:
            record["time_uncertain"] = True
        record["staff"] = {"number": rating.staff_number, "name": rating.staff_name}
        return record

    def _post(self, path: str, value: object) -> Reply | Answer:
        body = msgspec.json.encode(value)
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return self._stamp.signed(
            lambda: self._exchange.post(path, body, kind | self._signed("POST", path, body))
        )

    def _get_catalogue(self, query: Mapping[str, str]) -> Reply | Answer:
        return self._stamp.signed(
            lambda: self._exchange.get(CATALOGUE, query, self._signed("GET", CATALOGUE, b""))
        )

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The headers that say who asks; a query is no part of what is signed."""
        timestamp = str(round(self._stamp.time().timestamp() * 1000))
        nonce = secrets.token_hex(_NONCE_BYTES)
        signed = "\n".join(
            (method, urlsplit(self._exchange.url(path)).path, timestamp, nonce, sm3(body).hex())
        )
        return {
            "X-App-Mark": self._app_mark,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": hmac_sm3(self._key, signed.encode()).hex(),
        }


def _is_catalogue(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=_Catalogue)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def read_answer(reply: Reply, batch_id: str) -> Answer:
    """What a body says of the batch; anything but our contract is no answer."""
    try:
        if not reply.ok:
            error = msgspec.json.decode(reply.body, type=_Refusal).error
            if isinstance(error, str):
                return WholeRefused(error, seen=reply.seen)
            return WholeRefused(error.message, error.code, seen=reply.seen)
        found = msgspec.json.decode(reply.body, type=_Results)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return unread(reply)
    if found.batch != batch_id:
        return NoAnswer("the answer is for another batch", seen=reply.seen)
    results = (Result(item.id, item.outcome, item.receipt, item.code, item.message) for item in found.results)
    return Itemised(tuple(results), seen=reply.seen)


def read_news(reply: Reply, device: str) -> News | NoAnswer:
    """What a body says of phones' ratings; anything but our contract is no answer."""
    if not reply.ok:
        return NoAnswer(f"HTTP {reply.status}", seen=reply.seen)
    try:
        found = msgspec.json.decode(reply.body, type=_News)
        rated = tuple(
            RatedElsewhere(
                str(each.visit),
                each.project_no or None,
                each.service_number,
                each.assess_number,
                parse_iso_time(each.rated_at),
            )
            for each in found.rated
        )
    except (ValueError, OverflowError, RecursionError):
        return unread(reply)
    if found.device != device:
        return NoAnswer("the answer is for another pad", seen=reply.seen)
    return News(found.cursor, rated, seen=reply.seen)
