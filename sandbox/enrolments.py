"""The platform's part of an enrolment (docs/enrolment.md): codes that work once and expire."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import qrcode
from qrcode.image.svg import SvgPathImage

from pad import enrolment
from pad.enrolment import Enrolment, wire
from pad.enrolment.wire import Answer, PhoneKey, Platform, Refusal, Request, Secrets, Window
from pad.gm import GmError
from pad.settings.platform import Dialect
from sandbox import strict_json

EXPIRES_S: Final = 24 * 3600
_LONGEST_S: Final = 30 * 24 * 3600
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
_KEPT: Final = 10_000
STATUS: Final = {
    Refusal.BAD_REQUEST: 400,
    Refusal.UNKNOWN_CODE: 404,
    Refusal.USED_CODE: 409,
    Refusal.EXPIRED_CODE: 410,
}


class Refuses(Exception):
    """Nobody is enrolled; ``code`` says why, the message in words."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code = code


class Issue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code is to enrol: where the pad will stand, and what else its answer says."""

    pad: Window
    device: str = ""
    profile: Dialect = Dialect.ITEMISED
    app_mark: str = ""
    app_word: str = ""
    phone_key: PhoneKey | None = None
    phone_url: str | None = None
    expires_s: float = EXPIRES_S


@dataclass(slots=True)
class _Code:
    issue: Issue
    expires: datetime
    request: Request | None = None
    answer: bytes = b""
    device: str = ""


class Enrolments:
    """The codes there are, and what each came to; forgotten when the platform ends."""

    def __init__(
        self, app_mark: str, app_word: str, public_key: str, catalogue: Callable[[], str] = str
    ) -> None:
        self._mark, self._word, self._public_key = app_mark, app_word, public_key
        self._catalogue = catalogue
        self._codes: dict[str, _Code] = {}
        self._devices: dict[str, str] = {}

    def words(self, app_mark: str) -> Iterator[str]:
        """Every word that goes with a mark: the settings' own, and those that enrolled pads were given."""
        if app_mark == self._mark:
            yield self._word
        for code in self._codes.values():
            mark, word = code.issue.app_mark or self._mark, code.issue.app_word or self._word
            if code.request is not None and mark == app_mark:
                yield word

    def phone_keys(self) -> Iterator[tuple[str, bytes]]:
        """The pads that were given a key for the phone page's codes, and that key."""
        for code in self._codes.values():
            if code.device and code.issue.phone_key:
                yield code.device, bytes.fromhex(code.issue.phone_key)

    def issue(self, given: Mapping[str, Any], now: datetime) -> str:
        """A fresh code.

        :raises ValueError: if what it is to enrol is wrong; the message says what is
        """
        issue = msgspec.convert(given, Issue)
        if not 0 <= issue.expires_s <= _LONGEST_S:
            raise ValueError(f"expires_s: allowed is from 0 to {_LONGEST_S}")
        code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(2))
        self._codes[code] = _Code(issue, now + timedelta(seconds=issue.expires_s))
        if len(self._codes) > _KEPT:
            del self._codes[next(iter(self._codes))]
        return code

    def enrol(self, body: bytes, address: str, now: datetime) -> bytes:
        """The answer to a request; the same to who asks again.

        :raises Refuses: if there is none
        """
        request = _parsed(body)
        code = self._codes.get(request.code)
        if code is None:
            raise Refuses(Refusal.UNKNOWN_CODE, "没有这个注册码")
        if code.request is not None and code.request.public_key != request.public_key:
            raise Refuses(Refusal.USED_CODE, "注册码已被使用")
        if now >= code.expires:
            raise Refuses(Refusal.EXPIRED_CODE, "注册码已过期")
        if code.request is None:
            code.device, code.answer = self._answer(code.issue, request, address)
            code.request = request
        return code.answer

    def qr(self, code: str, address: str) -> bytes | None:
        """The QR code a technician scans at the pad, as SVG; None without such a code."""
        if code not in self._codes:
            return None
        drawn = io.BytesIO()
        qrcode.make(self.text(code, address), image_factory=SvgPathImage).save(drawn)
        return drawn.getvalue()

    def text(self, code: str, address: str) -> str:
        """What that QR code says."""
        return enrolment.text_of(Enrolment(f"{address}/{self._codes[code].issue.profile}", code))

    def report(self, now: datetime) -> list[dict[str, Any]]:
        """Every code, and what it came to; nothing secret but the codes themselves."""
        return [
            {
                "code": name,
                "state": "used" if code.request else "expired" if now >= code.expires else "open",
                "expires": code.expires.isoformat("T", "seconds"),
                "win_no": code.issue.pad.win_no,
                "serial": code.request.serial if code.request else "",
                "device": self._devices.get(code.request.serial, "") if code.request else "",
                "versions": code.request.versions if code.request else {},
            }
            for name, code in self._codes.items()
        ]

    def _answer(self, issue: Issue, request: Request, address: str) -> tuple[str, bytes]:
        """The pad's name, and the answer; a pad that comes back keeps its name."""
        fresh = f"pad-{len(self._devices) + 1:04d}"
        device = issue.device or self._devices.get(request.serial, fresh)
        try:
            told = Secrets(issue.app_word or self._word, issue.phone_key)
            sealed = wire.seal_secrets(told, request.public_key)
        except GmError as error:
            raise Refuses(Refusal.BAD_REQUEST, "public_key不是SM2曲线上的点") from error
        self._devices[request.serial] = device
        key = self._public_key if issue.profile.seals_by_sm2 else None
        mark = issue.app_mark or self._mark
        platform = Platform(issue.profile, f"{address}/{issue.profile}", mark, key, issue.phone_url)
        return device, msgspec.json.encode(Answer(device, issue.pad, platform, sealed, self._catalogue()))


def _parsed(body: bytes) -> Request:
    try:
        found = strict_json.loads(body)
    except ValueError as error:
        raise Refuses(Refusal.BAD_REQUEST, "报文不是JSON") from error
    wanted = set(Request.__struct_fields__)
    if not isinstance(found, dict) or set(found) != wanted:
        raise Refuses(Refusal.BAD_REQUEST, f"应为{'、'.join(sorted(wanted))}四项")
    try:
        return msgspec.convert(found, Request)
    except msgspec.ValidationError as error:
        raise Refuses(Refusal.BAD_REQUEST, f"格式错误：{error}") from error
