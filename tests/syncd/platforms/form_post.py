"""An example of a dialect, for docs/integrator.md: a form is posted, one flag answers for the whole array.

After what is known of Beijing's platform (domain §4): the form has ``appMark``, ``time``, ``sign`` and
``params``, the reply is ``{success, code, errorMessage}``. Of a record's fields, of the types of the reply's,
and of what the codes mean, nothing is known for sure: here they are the national scheme's. Ask the city
before you ship such a file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from pad.gm import sm2_encrypt
from pad.model import CHINA_TIME
from pad.settings import PlatformProfile
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
from syncd.platforms.choice import Terms
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply, unread
from syncd.platforms.national import sm2_format
from syncd.platforms.records import rating_record

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    """``{"success": true, "code": "0", "errorMessage": ""}``; ``success`` has to be a JSON boolean."""

    success: bool
    code: str = ""
    error_message: str = ""


class FormPost:
    """A platform that takes an array in a form."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._profile = terms.settings.profile
        self._form = sm2_format(self._profile)
        self._exchange = Exchange(terms.settings, truth=terms.truth)

    def submit(self, batch_id: str, parcels: Sequence[Parcel]) -> Answer:
        """Send an array; this platform is told no batch's id."""
        records = [rating_record(each, self._profile.pf, each.rating.id) for each in parcels]
        mark = self._terms.settings.platform.app_mark
        time = self._terms.clock().astimezone(CHINA_TIME).strftime("%Y%m%d%H%M%S")
        form = {
            "appMark": mark,
            "time": time,
            "sign": self._sealed(time + mark + self._terms.app_word),
            "params": json.dumps({"data": self._sealed(json.dumps(records, ensure_ascii=False))}),
        }
        reply = self._exchange.post(self._profile.evaluate_path, urlencode(form).encode(), _HEADERS)
        return read_answer(reply, self._profile) if isinstance(reply, Reply) else reply

    def heartbeat(self, pulse: Pulse) -> None:
        """Nothing: this platform has no heartbeat."""

    def look_at_clock(self) -> Reached | NoAnswer:
        """Ask for nothing."""
        return self._exchange.look(self._profile.evaluate_path)

    def abort(self) -> None:
        """End the exchange that is under way."""
        self._exchange.abort()

    def close(self) -> None:
        """Let the connection go."""
        self._exchange.close()

    def _sealed(self, text: str) -> str:
        return sm2_encrypt(self._terms.public_key, text.encode(), self._form)


def read_answer(reply: Reply, profile: PlatformProfile) -> Answer:
    """What a body says; anything but this platform's words is no answer."""
    try:
        said = msgspec.json.decode(reply.body, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return unread(reply)
    if said.success:
        return WholeAccepted(seen=reply.seen) if reply.ok else unread(reply)
    message = said.error_message
    if any(word in message for word in profile.duplicate_messages):
        return WholeDuplicate(message, seen=reply.seen)
    if any(word in message for word in profile.credential_messages):
        return CredentialsRefused("the platform refuses this pad's mark or signature", seen=reply.seen)
    if any(word in message for word in profile.busy_messages):
        return NoAnswer("the platform says it is busy", seen=reply.seen)
    return WholeRefused(message, said.code, seen=reply.seen)
