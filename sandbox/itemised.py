"""The itemised dialect, as the platform hears it: a signed batch, and an outcome for each record."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

from pad import gm
from sandbox import strict_json
from sandbox.phone_ratings import CURSOR_MAX, WAIT_MAX_S
from sandbox.platform import ENVELOPE_TIME_TOLERANCE, Platform, Taken, Verdict
from sandbox.store import Arrival

_NONCES_KEPT: Final = 100_000


class Unsigned(Exception):
    """The signature does not hold; the message says why."""


class Malformed(Exception):
    """The body has another form than the dialect's; the message says where."""


class Signatures:
    """Checks signatures, and remembers nonces so that none is taken twice."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def check(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check a request's signature.

        :raises Unsigned: if it is not one of ours, old, or seen before
        """
        mark, timestamp, nonce, signature = (
            headers.get(name, "") for name in ("X-App-Mark", "X-Timestamp", "X-Nonce", "X-Signature")
        )
        words = set(self._platform.enrolments.words(mark))
        if not words:
            raise Unsigned("unknown application mark")
        if not re.fullmatch("[0-9]{1,15}", timestamp):
            raise Unsigned("timestamp is no number of milliseconds")
        text = f"{method}\n{path}\n{timestamp}\n{nonce}\n{gm.sm3(body).hex()}"
        signed = (gm.hmac_sm3(word.encode(), _bytes(text)).hex() for word in words)
        if not nonce or not any(compare_digest(_bytes(signature), each.encode()) for each in signed):
            raise Unsigned("signature does not match")
        apart_s = abs(int(timestamp) / 1000 - self._platform.now().timestamp())
        if apart_s > ENVELOPE_TIME_TOLERANCE.total_seconds():
            raise Unsigned("timestamp is too far from the platform's clock")
        if nonce in self._nonces:
            raise Unsigned("nonce was used before")
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES_KEPT:
            self._nonces.popitem(last=False)


def _bytes(header: str) -> bytes:
    """A header's text as it came: bytes that are not UTF-8 too, which no signature of ours holds."""
    return header.encode("utf-8", "surrogateescape")


def parse(body: bytes) -> dict[str, Any]:
    """A batch's body.

    :raises Malformed: if it has another form
    """
    try:
        batch = strict_json.loads(body)
    except ValueError as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(batch, dict) or set(batch) != {"batch", "device", "records"}:
        raise Malformed("batch, device and records are wanted, and nothing else")
    records = batch["records"]
    if not isinstance(batch["batch"], str) or not isinstance(batch["device"], str):
        raise Malformed("batch and device are texts")
    if not isinstance(records, list) or not records:
        raise Malformed("records is a list of at least one")
    allowed = {"id", "visit", "rating", "service", "time_uncertain", "staff"}
    for record in records:
        if not isinstance(record, dict) or not {"id", "rating"} <= set(record) <= allowed:
            raise Malformed(
                "a record has id and rating, and may have visit, service, time_uncertain and staff"
            )
        if not isinstance(record["id"], str) or not isinstance(record["rating"], dict):
            raise Malformed("id is text, rating an object")
        if not isinstance(record.get("visit", ""), str):
            raise Malformed("visit is text")
        if not record["id"] or not isinstance(record.get("service", {}), dict):
            raise Malformed("id is not empty, service an object")
        staff = record.get("staff", {})
        if not isinstance(staff, dict) or not all(isinstance(each, str | None) for each in staff.values()):
            raise Malformed("staff has number and name, texts or null")
        if not isinstance(record.get("time_uncertain", False), bool):
            raise Malformed("time_uncertain is true or false")
    return batch


def parse_heartbeat(body: bytes) -> dict[str, Any]:
    """A heartbeat's body: a device, and the head of its chain.

    :raises Malformed: if it has another form
    """
    try:
        beat = strict_json.loads(body)
    except ValueError as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(beat, dict) or not isinstance(beat.get("device"), str) or not beat["device"]:
        raise Malformed("a JSON object with device is wanted")
    for name in ("head", *({"earlier"} & beat.keys())):
        row = beat.get(name)
        if not isinstance(row, dict):
            raise Malformed(f"{name} is an object")
        seq = row.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or not isinstance(row.get("hash"), str):
            raise Malformed(f"{name} has seq, a whole number, and hash, a text")
    return beat


@dataclass(frozen=True, slots=True)
class Question:
    """What a pad asks of phones' ratings: after which cursor, and how long it would wait, in seconds."""

    device: str
    after: int
    wait_s: float


def parse_question(query: Mapping[str, str]) -> Question:
    """The query of ``GET /v1/phone-ratings``.

    :raises Malformed: if it has another form
    """
    device, after, wait = query.get("device", ""), query.get("after", "0"), query.get("wait", "0")
    if not device:
        raise Malformed("device is wanted")
    if not re.fullmatch("[0-9]{1,16}", after) or int(after) > CURSOR_MAX:
        raise Malformed(f"after is a whole number from 0 to {CURSOR_MAX}")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", wait) or float(wait) > WAIT_MAX_S:
        raise Malformed(f"wait is a number of seconds from 0 to {WAIT_MAX_S:g}")
    return Question(device, int(after), float(wait))


def take(platform: Platform, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take each record on its own; the results."""
    return [_result(record, _take_one(platform, batch["device"], record)) for record in batch["records"]]


def _take_one(platform: Platform, device: str, record: Mapping[str, Any]) -> Taken:
    rating = record["rating"]
    staff = record.get("staff", {})
    arrival = Arrival(
        rating, "itemised", device, record["id"], record.get("time_uncertain", False),
        staff.get("number") or "", staff.get("name") or "", record.get("visit", ""),
    )  # fmt: skip
    if "service" in record:
        service = platform.take_services([record["service"]])
        if service.verdict is Verdict.REFUSED:  # one that is there already is as good as new
            return platform.refuse(arrival, service.message)
    return platform.take_one(arrival)


def _result(record: Mapping[str, Any], taken: Taken) -> dict[str, Any]:
    result: dict[str, Any] = {"id": record["id"], "outcome": str(taken.verdict)}
    if taken.verdict is Verdict.REFUSED:
        return result | {"code": "REFUSED", "message": taken.message}
    return result | {"receipt": f"R-{record['id'][-12:]}"}
