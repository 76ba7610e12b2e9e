"""That somebody is told of a bad rating is nowhere to be seen from the clerk's side (art. 16)."""

from __future__ import annotations

import pytest

from kiosk.events import DeclineReason, Submit, Tap
from pad.codes import Level
from pad.ledger.alerts import AlertBook
from tests.kiosk.conftest import Kiosk

LOOKS = ("/v1/state", "/openapi.json", "/v1/openapi.json", "/v1/alerts", "/alerts", "/v1/ratings")


@pytest.fixture
def rated(kiosk: Kiosk) -> tuple[Kiosk, str]:
    """A kiosk whose ledger holds a bad rating that one target was told of and another was not."""
    clock = kiosk.clock.read()
    books = [AlertBook(kiosk.db, name) for name in ("wecom", "smtp")]
    for book in books:
        book.begin(clock, from_here=True)
    invitation = kiosk.invite("P-bad")
    kiosk.post(Tap(Level.VERY_DISSATISFIED), DeclineReason())
    kiosk.wait_for(invitation, "rated")
    for book in books:
        book.enlist()
        book.telling([1])
    books[0].told([1], clock.wall)
    books[1].not_told([1], "the mail server is away", clock.wall)
    return kiosk, invitation


def test_no_answer_of_the_counter_service_tells_of_it(rated: tuple[Kiosk, str]) -> None:
    kiosk, invitation = rated
    answers = [kiosk.call("GET", path).text for path in (*LOOKS, f"/v1/invitations/{invitation}")]
    answers.append(kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P-bad"}}).text)
    answers.append(
        kiosk.call("DELETE", f"/v1/invitations/{invitation}", json={"by": "1", "reason": "x"}).text
    )
    for answer in answers:
        assert not [word for word in ("alert", "wecom", "smtp", "mail", "told", "差评") if word in answer], (
            answer
        )


def test_a_good_and_a_bad_rating_look_the_same(kiosk: Kiosk) -> None:
    seen = []
    for level in Level:
        invitation = kiosk.invite(f"P{int(level)}")
        kiosk.post(Tap(level), DeclineReason() if level.is_bad else Submit())
        kiosk.wait_for(invitation, "rated")
        answer = kiosk.call("GET", f"/v1/invitations/{invitation}")
        seen.append((answer.status_code, answer.json(), sorted(answer.headers)))
    assert all(each == seen[0] for each in seen)
