"""What an HTTP answer means before anybody reads its body: status, ``Retry-After``, ``Date``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    NoAnswer,
    Seen,
    Throttled,
    TooLarge,
    Trouble,
    WholeDuplicate,
)

_WRONG_ADDRESS: Final = frozenset({404, 405, 410, 421})
"""What a gateway says while the program behind it is being replaced, or for a wrong base address."""
_NOT_ABOUT_CONTENT: Final = _WRONG_ADDRESS | {407, 408, 425}


@dataclass(frozen=True, slots=True)
class Reply:
    """A status that leaves the meaning to the dialect: 2xx, or 4xx with words of the platform."""

    status: int
    body: bytes
    seen: Seen | None

    @property
    def ok(self) -> bool:
        """Whether the platform may have taken something."""
        return 200 <= self.status < 300


def judge(reply: Reply, headers: Mapping[str, str]) -> Answer | None:
    """What a status means by itself; None where the dialect has to read the body."""
    status, seen = reply.status, reply.seen
    retry_after_s = _retry_after_s(headers.get("Retry-After"), seen)
    why = f"HTTP {status}"
    if reply.ok:
        return None
    if status in {401, 403}:
        return CredentialsRefused(why, seen=seen)
    if status == 409:
        return WholeDuplicate(seen=seen)
    if status == 413:
        return TooLarge(seen=seen)
    if status == 429 or (status == 503 and retry_after_s is not None):
        return Throttled(why, retry_after_s, seen=seen)
    if status == 500:
        return NoAnswer(why, Trouble.CHOKED, retry_after_s, seen=seen)
    if 400 <= status < 500 and status not in _NOT_ABOUT_CONTENT:
        return None
    return NoAnswer(why, Trouble.LINE, retry_after_s, seen=seen)


def unread(reply: Reply) -> NoAnswer:
    """For a body that is no answer of the dialect's."""
    if reply.ok:
        why = f"HTTP {reply.status} with a body that is no answer of the platform's"
        return NoAnswer(why, seen=reply.seen)
    return NoAnswer(f"HTTP {reply.status}", Trouble.CHOKED, seen=reply.seen)


def seen_in(headers: Mapping[str, str], asked_ns: int, heard_ns: int) -> Seen | None:
    """The answer's ``Date``, unless a cache gave it (``Age``)."""
    date = _http_date(headers.get("Date"))
    if date is None or headers.get("Age", "0").strip() != "0":
        return None
    return Seen(date, asked_ns, heard_ns)


def _http_date(text: str | None) -> datetime | None:
    if text is None or not text.endswith("GMT"):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _retry_after_s(text: str | None, seen: Seen | None) -> float | None:
    """Seconds to wait; a date counts from the answer's own ``Date``, whatever our clock says."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text.strip()):
        return float(text)
    until = _http_date(text)
    if until is None or seen is None:
        return None
    return max(0.0, (until - seen.date).total_seconds())
