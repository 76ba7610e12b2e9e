"""How often it was tried to deliver, and what kept an answer from coming: counted, never why in words."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    NoAnswer,
    Throttled,
    TooLarge,
    Trouble,
    WholeDuplicate,
    WholeRefused,
)


class Reason(StrEnum):
    """Why an attempt did not settle what it sent; as few as a graph can tell apart."""

    LINE = "line"
    SLOW = "slow"
    CHOKED = "choked"
    THROTTLED = "throttled"
    CREDENTIALS = "credentials"
    TOO_LARGE = "too_large"
    REFUSED = "refused"


_OF_TROUBLE: Final = {
    Trouble.LINE: Reason.LINE,
    Trouble.SLOW: Reason.SLOW,
    Trouble.CHOKED: Reason.CHOKED,
}


def reason_of(answer: Answer, *, alone: bool) -> Reason | None:
    """What an answer counts as; None where what was sent is settled, as far as it was named.

    :param alone: whether one record was sent: a duplicate alone is as good as taken
    """
    match answer:
        case NoAnswer(trouble=trouble):
            return _OF_TROUBLE[trouble]
        case Throttled():
            return Reason.THROTTLED
        case CredentialsRefused():
            return Reason.CREDENTIALS
        case TooLarge():
            return Reason.TOO_LARGE
        case WholeRefused():
            return Reason.REFUSED
        case WholeDuplicate() if not alone:
            return Reason.REFUSED
    return None


class Tally:
    """Counts since the start; one thread counts, any may read."""

    def __init__(self) -> None:
        self.attempts = 0
        self._failures: Counter[Reason] = Counter()

    def count(self, answer: Answer, *, alone: bool) -> None:
        """Count an attempt and what came of it."""
        self.attempts += 1
        reason = reason_of(answer, alone=alone)
        if reason is not None:
            self._failures[reason] += 1

    @property
    def failures(self) -> dict[Reason, int]:
        """By every reason there is, nought included, so that a graph begins at nought."""
        return {reason: self._failures[reason] for reason in Reason}
