"""The code with which a technician enrols a pad, as a QR code says it (docs/enrolment.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

SCHEME: Final = "pad-enrol"
TEXT_MAX: Final = 512
_CODE: Final = re.compile(r"[0-9A-Za-z-]{6,64}")


class EnrolmentError(ValueError):
    """A text is no enrolment code; the message says what is wrong, and does not repeat it."""


class Outcome(StrEnum):
    """What came of a pad's asking to be enrolled."""

    ENROLLED = "enrolled"
    UNKNOWN_CODE = "unknown_code"
    USED_CODE = "used_code"
    EXPIRED_CODE = "expired_code"
    BAD_REQUEST = "bad_request"
    NO_ANSWER = "no_answer"
    NO_SERIAL = "no_serial"
    NOT_WRITTEN = "not_written"
    NOBODY_THERE = "nobody_there"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where a pad is to enrol, and the code that lets it, which works once."""

    platform: str
    code: str = field(repr=False)


def parse(text: str) -> Enrolment:
    """``pad-enrol:?platform=https%3A%2F%2Fhost%2Fpath&code=ABCD-EFGH`` as a value.

    :raises EnrolmentError: if it is anything else
    """
    if len(text) > TEXT_MAX:
        raise EnrolmentError(f"it has more than {TEXT_MAX} characters")
    try:
        parts = urlsplit(text)
        given = parse_qs(parts.query, strict_parsing=True)
        (platform,), (code,) = given["platform"], given["code"]
        address = urlsplit(platform)
    except (ValueError, KeyError) as error:
        raise EnrolmentError(f"it is not {SCHEME}:?platform=…&code=…") from error
    if parts.scheme != SCHEME:
        raise EnrolmentError(f"it is not {SCHEME}:?platform=…&code=…")
    if address.scheme not in ("https", "http") or not address.hostname or "@" in platform:
        raise EnrolmentError("its platform must be an https or http address, without a user")
    if not _CODE.fullmatch(code):
        raise EnrolmentError("its code must be 6 to 64 letters, digits and hyphens")
    return Enrolment(platform, code)


def text_of(enrolment: Enrolment) -> str:
    """The text of a QR code that :func:`parse` reads."""
    return f"{SCHEME}:?{urlencode({'platform': enrolment.platform, 'code': enrolment.code})}"


def is_enrolment(text: str) -> bool:
    """Whether a text means to be one, right or not."""
    return text[: len(SCHEME) + 1].lower() == f"{SCHEME}:"
