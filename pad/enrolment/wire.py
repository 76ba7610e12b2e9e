"""What a pad and its platform say to each other at an enrolment (docs/enrolment.md): values and bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from pad import codes, gm
from pad.gm import GmError
from pad.settings.platform import Dialect, Text
from pad.settings.reading import explained

PATH: Final = "/v1/enrolments"
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

Code = Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{6,64}\Z")]
PublicKey = Annotated[str, Meta(pattern=r"^04[0-9a-f]{128}\Z", description="04 and 128 hexadecimal digits")]
Serial = Annotated[
    str, Meta(pattern=r"^[!-~]([ -~]{0,62}[!-~])?\Z", description="1 to 64 printable characters")
]
Word = Annotated[str, Meta(pattern=r"^[!-~]([ -~]{0,198}[!-~])?\Z", description="1 to 200 ASCII characters")]
Address = Annotated[str, Meta(max_length=500, pattern=r"^https?://[^\s/@?#]+(/[^\s?#]*)?\Z")]
PhoneKey = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z", description="32 hexadecimal digits")]


class AnswerError(ValueError):
    """An answer is none of this contract; the message says what is wrong, and holds no secret."""


class Refusal(StrEnum):
    """Why a platform enrols nobody."""

    UNKNOWN_CODE = "unknown_code"
    USED_CODE = "used_code"
    EXPIRED_CODE = "expired_code"
    BAD_REQUEST = "bad_request"


class Request(msgspec.Struct, frozen=True):
    """What the pad says of itself."""

    code: Code
    serial: Serial
    public_key: PublicKey
    versions: dict[str, str]

    def __repr__(self) -> str:
        return f"Request(serial={self.serial!r})"


class Window(msgspec.Struct, frozen=True):
    """``pad`` of an answer: where the pad stands; each as ``[pad]`` of the settings has it."""

    hall_name: Text
    win_no: Annotated[str, Meta(max_length=32)] = ""
    area_code: Annotated[str, Meta(pattern=r"^([0-9]{6}|[0-9]{12})?\Z", description="6 or 12 digits")] = ""
    dept_code: Annotated[str, Meta(pattern=r"^([0-9A-Z]{18})?\Z")] = ""
    orgcode: Annotated[str, Meta(max_length=64)] = ""
    org_name: Annotated[str, Meta(max_length=codes.NAME_MAX)] = ""


class Platform(msgspec.Struct, frozen=True):
    """``platform`` of an answer: where ratings go, and under which name."""

    profile: Dialect
    url: Address
    app_mark: Text
    sm2_public_key: PublicKey | None = None
    phone_url: Annotated[str, Meta(max_length=120, pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?\Z")] | None = (
        None
    )


class Secrets(msgspec.Struct, frozen=True):
    """What is sealed in an answer."""

    app_word: Word
    phone_key: PhoneKey | None = None

    def __repr__(self) -> str:
        return "Secrets()"


class Answer(msgspec.Struct, frozen=True):
    """What the platform makes of a pad; ``secrets`` is sealed to the pad's public key."""

    device: Annotated[str, Meta(pattern=r"^[0-9A-Za-z._-]{1,64}\Z")]
    pad: Window
    platform: Platform
    secrets: Annotated[str, Meta(max_length=8192)]
    catalogue: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return f"Answer(device={self.device!r})"


class Refused(msgspec.Struct, frozen=True):
    """The platform enrols nobody; ``message`` is in its own words."""

    code: Refusal
    message: Annotated[str, Meta(max_length=1000)] = ""


class _Error(msgspec.Struct, frozen=True):
    error: Refused


def encode(request: Request) -> bytes:
    """The body of a request; its keys stand in this order."""
    return msgspec.json.encode(request)


def read_answer(body: bytes) -> Answer:
    """The answer of a 201.

    :raises AnswerError: if it is none
    """
    answer = _read(body, Answer)
    if not is_safe(answer.platform.url):
        raise AnswerError("platform.url: found a http address; allowed is https, or http to this machine")
    dialect = answer.platform.profile
    if dialect.seals_by_sm2 and answer.platform.sm2_public_key is None:
        raise AnswerError(f"platform.sm2_public_key: missing; the {dialect} dialect needs it")
    return answer


def read_refusal(body: bytes) -> Refused | None:
    """The refusal of a 4xx; None if the body is none of ours."""
    try:
        return _read(body, _Error).error
    except AnswerError:
        return None


def open_secrets(answer: Answer, private_key: str) -> Secrets:
    """What the answer holds for this pad alone.

    :raises AnswerError: if it was sealed for another, or is no secrets
    """
    try:
        text = gm.sm2_decrypt(private_key, answer.secrets)
    except GmError as error:
        raise AnswerError(f"secrets: {error}") from error
    try:
        return _read(text, Secrets)
    except AnswerError as error:
        raise AnswerError(f"secrets, opened: {error}") from None


def seal_secrets(secrets: Secrets, public_key: str) -> str:
    """What :func:`open_secrets` opens; the platform's part."""
    return gm.sm2_encrypt(public_key, msgspec.json.encode(secrets))


def is_safe(address: str) -> bool:
    """Whether secrets may go there: https, or http that does not leave this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


_T = TypeVar("_T")


def _read(body: bytes, kind: type[_T]) -> _T:
    found: Any = None
    try:
        found = msgspec.json.decode(body)
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        if not isinstance(found, dict):
            raise AnswerError("it is no JSON object") from None
        raise AnswerError(explained(error, found, kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AnswerError("it is not JSON") from None
