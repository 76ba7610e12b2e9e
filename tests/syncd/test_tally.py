"""Every answer counts as one thing."""

from __future__ import annotations

import pytest

from syncd.platforms.base import (
    Answer,
    CredentialsRefused,
    Itemised,
    NoAnswer,
    Throttled,
    TooLarge,
    Trouble,
    WholeAccepted,
    WholeDuplicate,
    WholeRefused,
)
from syncd.tally import Reason, Tally, reason_of


@pytest.mark.parametrize(
    ("answer", "alone", "reason"),
    [
        (WholeAccepted(), False, None),
        (Itemised(()), False, None),
        (WholeDuplicate(), True, None),
        (WholeDuplicate(), False, Reason.REFUSED),
        (WholeRefused("no"), True, Reason.REFUSED),
        (TooLarge(), False, Reason.TOO_LARGE),
        (CredentialsRefused("401"), True, Reason.CREDENTIALS),
        (Throttled("429"), True, Reason.THROTTLED),
        (NoAnswer("x", Trouble.LINE), True, Reason.LINE),
        (NoAnswer("x", Trouble.SLOW), True, Reason.SLOW),
        (NoAnswer("x", Trouble.CHOKED), True, Reason.CHOKED),
    ],
)
def test_what_an_answer_counts_as(answer: Answer, alone: bool, reason: Reason | None) -> None:
    assert reason_of(answer, alone=alone) is reason
    tally = Tally()
    tally.count(answer, alone=alone)
    tally.count(answer, alone=alone)
    assert tally.attempts == 2
    assert tally.failures == {each: 2 if each is reason else 0 for each in Reason}
