"""What a phone rated reaches the window: the real desk, disk, doorbell and counter service."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import msgspec
import pytest

from kiosk.events import DeclineReason, Tap
from kiosk.phases import Forestalled, Phase, RatedByPhone
from kiosk.phone_news import PhoneNews
from pad import doorbell
from pad.codes import Level
from pad.doorbell import Bell
from pad.ledger.connection import connect
from pad.ledger.elsewhere import Hearsay, RatedElsewhere
from pad.model import CHINA_TIME
from pad.settings import Settings
from tests.kiosk.conftest import Kiosk

WITHIN_S = 60.0
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA_TIME)


@pytest.fixture
def configured(configured: Settings) -> Settings:
    """What is said is said until it was looked at."""
    return replace(configured, rating=msgspec.structs.replace(configured.rating, thanks_s=600.0))


def hear(kiosk: Kiosk, visit_id: str, project_no: str | None = "P1", *, ring: bool = True) -> None:
    """What syncd does when the platform tells that a phone rated."""
    heard = RatedElsewhere(visit_id, project_no, 1, 1, NOW)
    Hearsay(kiosk.db).write([heard], "platform", 1, NOW)
    if ring:
        assert doorbell.ring(kiosk.settings.state_dir, Bell.KIOSK)


def until(kiosk: Kiosk, kind: type[Phase]) -> None:
    """Wait until the session is in a phase."""
    while not isinstance(kiosk.desk.session.phase, kind):
        kiosk.changed.clear()
        if isinstance(kiosk.desk.session.phase, kind):
            return
        assert kiosk.changed.wait(WITHIN_S), kiosk.desk.session.phase


def end(kiosk: Kiosk, visit_id: str) -> tuple[object, ...]:
    found = kiosk.db.execute("SELECT outcome, ended_by, end_reason FROM visits WHERE id = ?", (visit_id,))
    return tuple(found.fetchone())


def count(kiosk: Kiosk, table: str) -> int:
    found: int = kiosk.db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    return found


def test_an_invitation_is_rated_as_soon_as_a_phone_did(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    hear(kiosk, invitation)
    until(kiosk, RatedByPhone)
    kiosk.wait_for(invitation, "rated")
    assert end(kiosk, invitation) == ("rated", "phone", "")
    assert (count(kiosk, "ratings"), count(kiosk, "draft")) == (0, 0)


def test_whoever_rated_here_is_told_and_nothing_of_it_is_stored(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    hear(kiosk, invitation)
    until(kiosk, Forestalled)
    kiosk.post(DeclineReason(), Tap(Level(5)))
    kiosk.wait_for(invitation, "rated")
    assert end(kiosk, invitation) == ("rated", "phone", "while_rating")
    assert (count(kiosk, "ratings"), count(kiosk, "draft")) == (0, 0)


def test_a_code_of_an_earlier_visit_rates_the_matter_that_is_asked_for_now(kiosk: Kiosk) -> None:
    kiosk.invite("P1")
    second = kiosk.invite("P1")
    hear(kiosk, "019a9f00-1111-7222-8333-444455556666")
    kiosk.wait_for(second, "rated")
    assert end(kiosk, second) == ("rated", "phone", "")


def test_news_of_another_matter_disturbs_nobody(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    hear(kiosk, "other", "P2")
    kiosk.news.look()
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}
    kiosk.post(Tap(Level(1)), DeclineReason())
    kiosk.wait_for(invitation, "rated")
    assert count(kiosk, "ratings") == 1


def test_a_save_whose_matter_a_phone_rated_without_a_ring_is_told_kindly(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    hear(kiosk, invitation, ring=False)
    kiosk.post(DeclineReason())
    until(kiosk, Forestalled)
    kiosk.wait_for(invitation, "rated")
    assert end(kiosk, invitation) == ("rated", "phone", "while_rating")
    assert count(kiosk, "ratings") == 0


def test_a_matter_a_phone_rated_is_not_asked_for_again(kiosk: Kiosk) -> None:
    kiosk.invite("P0")
    hear(kiosk, "any", "P1")
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_rated")
    for other in ({"project_no": "P1", "service_number": 2}, {"project_no": "P2"}):
        assert kiosk.call("POST", "/v1/invitations", json={"matter": other}).status_code == 201


@pytest.fixture
def deaf(configured: Settings) -> Iterator[Kiosk]:
    """A kiosk that does not look by itself."""
    running = Kiosk(configured)
    running.news._look_s = 3600.0
    running.start()
    yield running
    running.stop()


def test_a_news_between_the_clerks_call_and_its_writing_is_not_missed(
    deaf: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counter looks, syncd writes and rings for nobody, and only then is there a visit to ring for."""
    kiosk = deaf
    event_of = kiosk.calls.event_of

    def and_then_a_phone_rates(given: object) -> object:
        event = event_of(given)  # type: ignore[arg-type]
        with closing(connect(kiosk.settings.ledger_path)) as db:
            Hearsay(db).write([RatedElsewhere("v0", "P1", 1, 1, NOW)], "platform", 1, NOW)
        return event

    monkeypatch.setattr(kiosk.calls, "event_of", and_then_a_phone_rates)
    invitation = kiosk.invite("P1")
    until(kiosk, RatedByPhone)
    kiosk.wait_for(invitation, "rated")
    assert end(kiosk, invitation) == ("rated", "phone", "")


@pytest.fixture
def impatient(configured: Settings) -> Iterator[Kiosk]:
    """A kiosk that looks by itself so soon that a test need not wait for it."""
    running = Kiosk(configured)
    running.news._look_s = 0.05
    running.start()
    yield running
    running.stop()


def test_a_ring_that_got_lost_is_made_up_for_by_looking(impatient: Kiosk) -> None:
    invitation = impatient.invite("P1")
    hear(impatient, invitation, ring=False)
    until(impatient, RatedByPhone)
    impatient.wait_for(invitation, "rated")


def test_a_doorbell_that_cannot_be_hung_costs_no_rating_and_is_hung_when_it_can(configured: Settings) -> None:
    in_the_way = configured.state_dir / Bell.KIOSK
    in_the_way.mkdir()
    running = Kiosk(configured)
    running.news._look_s = 0.05
    running.start()
    try:
        hear(running, running.invite("P1"), ring=False)
        until(running, RatedByPhone)
        in_the_way.rmdir()
        asked = threading.Event()
        while not doorbell.ring(configured.state_dir, Bell.KIOSK):
            asked.wait(0.02)
    finally:
        running.stop()


def test_a_kiosk_that_starts_after_the_news_knows_it(configured: Settings) -> None:
    first = Kiosk(configured)
    first.start()
    invitation = first.invite("P0")
    first.stop()
    with closing(connect(configured.ledger_path)) as db:
        Hearsay(db).write([RatedElsewhere("v0", "P1", 1, 1, NOW)], "platform", 1, NOW)
    assert not doorbell.ring(configured.state_dir, Bell.KIOSK), "nobody hears it"
    second = Kiosk(configured)
    second.start()
    assert second.call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}}).status_code == 409
    assert invitation
    second.stop()


def test_who_listens_holds_no_ledger_between_two_looks(kiosk: Kiosk) -> None:
    kiosk.invite("P1")
    kiosk.news.look()
    assert kiosk.news._ledger._db is None


def test_a_ledger_that_cannot_be_read_ends_nothing(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = kiosk.invite("P1")

    def broken(*_: object) -> bool:
        raise sqlite3.OperationalError("no")

    with monkeypatch.context() as patched:
        patched.setattr("kiosk.phone_news.is_rated_elsewhere", broken)
        kiosk.news.look()
    hear(kiosk, invitation)
    kiosk.wait_for(invitation, "rated")


def test_nobody_is_looked_for_where_nobody_is_asked(configured: Settings) -> None:
    configured.state_dir.mkdir(exist_ok=True)
    listening = PhoneNews(configured.state_dir, configured.ledger_path, lambda: None, lambda _: None)
    listening.start()
    listening.look()
    assert listening._ledger._db is None
    assert not configured.ledger_path.exists()
    listening.stop()


# --- the clerk's side ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for path in ("/v1/phone-ratings", "/v1/rated-elsewhere", "/v1/invitations/{id}/phone")
        for method in ("GET", "POST", "PUT", "DELETE")
    ],
)
def test_no_call_of_the_clerks_side_makes_or_shows_a_phones_rating(
    kiosk: Kiosk, method: str, path: str
) -> None:
    invitation = kiosk.invite("P1")
    body = {"visit": invitation, "project_no": "P1", "rated_at": "2026-11-23T09:30:00.000+08:00"}
    answer = kiosk.call(method, path.format(id=invitation), json=body)
    assert answer.status_code in (404, 405)
    assert count(kiosk, "rated_elsewhere") == 0
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}


@pytest.mark.parametrize("by", ["phone", "Phone", " phone ", "\uff50hone"])
def test_nobody_cancels_in_the_name_of_a_phone(kiosk: Kiosk, by: str) -> None:
    invitation = kiosk.invite("P1")
    body = {"by": by, "reason": "while_rating"}
    assert kiosk.call("DELETE", f"/v1/invitations/{invitation}", json=body).status_code == 400
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}


def told(kiosk: Kiosk, project_no: str, act: Callable[[str], None]) -> list[object]:
    """All the clerk's side is told of an invitation and the window, to its end and beyond."""
    invitation = kiosk.invite(project_no)
    act(invitation)
    kiosk.wait_for(invitation, "rated")
    answer = kiosk.call("GET", f"/v1/invitations/{invitation}")
    state = kiosk.call("GET", "/v1/state").json()
    again = kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": project_no}})
    headers = sorted(name for name in answer.headers if name != "Date")
    return [answer.text, headers, sorted(state), state["state"], again.status_code, again.text]


def test_a_phones_rating_looks_to_the_clerk_like_one_at_the_glass(kiosk: Kiosk) -> None:
    at_the_glass = told(kiosk, "P1", lambda _: kiosk.post(Tap(Level(1)), DeclineReason()))
    by_phone = told(kiosk, "P2", lambda invitation: hear(kiosk, invitation, "P2"))
    assert by_phone == at_the_glass


def test_a_watcher_of_events_is_told_no_more(kiosk: Kiosk) -> None:
    invitation = kiosk.invite("P1")
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        seen.append(kiosk.state_after(invitation, "waiting"))
        done.set()

    watching = threading.Thread(target=watch)
    watching.start()
    hear(kiosk, invitation)
    assert done.wait(WITHIN_S)
    watching.join()
    assert seen == ["rated"]
    assert "phone" not in json.dumps(kiosk.call("GET", "/v1/state").json())
