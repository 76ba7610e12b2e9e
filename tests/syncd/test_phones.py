"""From a phone to the glass: the practice platform, syncd as a process, and a real kiosk's desk and disk."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from kiosk.events import DeclineReason, Tap
from kiosk.phases import Forestalled, Phase, RatedByPhone
from pad import keys
from pad.codes import Level
from sandbox.phone_ratings import Came
from syncd.__main__ import Daemon
from tests.kiosk.conftest import Kiosk
from tests.ports import free_port
from tests.syncd.city import WITHIN_S
from tests.syncd.pad_box import PadBox
from tests.syncd.phones import WORD, PhonesPlatform

PHONE = '[phone]\nurl = "https://hcp.example.gov.cn/r"\n'


@pytest.fixture
def city_of_phones(tmp_path: Path) -> Iterator[PhonesPlatform]:
    with closing(PhonesPlatform(tmp_path / "platform")) as running:
        yield running


@pytest.fixture
def told(box: PadBox, city_of_phones: PhonesPlatform) -> PhonesPlatform:
    """The pad is settled with it, and shows codes."""
    keys.write_secret(box.state / "keys" / "app_word", WORD)
    box.configure(city_of_phones.url, "itemised", extra=PHONE)
    return city_of_phones


@pytest.fixture
def start(box: PadBox, told: PhonesPlatform) -> Iterator[Callable[..., Kiosk]]:
    """Starts a kiosk at the same pad; it looks at the ledger by itself after ``look_s`` only."""
    running: list[Kiosk] = []

    def kiosk(look_s: float = 3600.0) -> Kiosk:
        found = box.settings()
        made = Kiosk(
            replace(
                found,
                counter=msgspec.structs.replace(found.counter, port=free_port()),
                rating=msgspec.structs.replace(
                    found.rating, settle_s=0.0, thanks_s=600.0, allow_unbound=True
                ),
            )
        )
        made.news._look_s = look_s
        made.start()
        running.append(made)
        return made

    yield kiosk
    for each in running:
        each.stop()


def until(kiosk: Kiosk, kind: type[Phase]) -> None:
    end = time.monotonic() + WITHIN_S
    while not isinstance(kiosk.desk.session.phase, kind):
        kiosk.changed.clear()
        if not isinstance(kiosk.desk.session.phase, kind):
            assert kiosk.changed.wait(max(0.0, end - time.monotonic())), kiosk.desk.session.phase


def known(box: PadBox) -> list[str | None]:
    return [row[0] for row in box.db.execute("SELECT project_no FROM rated_elsewhere ORDER BY visit_id")]


def test_a_phones_rating_is_on_the_glass_by_itself_visit_after_visit(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    kiosk, daemon = start(), box.daemon()
    for number in range(5):
        invitation = kiosk.invite(f"P{number}")
        assert told.rate(invitation, f"P{number}") is Came.FIRST
        until(kiosk, RatedByPhone)
        kiosk.wait_for(invitation, "rated")
    assert known(box) == [f"P{number}" for number in range(5)]
    assert box.states == []
    assert daemon.terminate() == 0


def test_an_unbound_matter_is_told_by_its_visit(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    kiosk = start()
    box.daemon()
    answer = kiosk.call("POST", "/v1/invitations", json={"matter": {"task_name": "咨询"}})
    told.rate(answer.json()["invitation"])
    until(kiosk, RatedByPhone)
    assert known(box) == [None]


def test_whoever_rates_at_the_glass_meanwhile_is_told_and_the_platform_has_one_rating(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    kiosk = start()
    box.daemon()
    invitation = kiosk.invite("P1")
    kiosk.post(Tap(Level(1)))
    kiosk.wait_for(invitation, "rating")
    told.rate(invitation, "P1")
    until(kiosk, Forestalled)
    kiosk.post(DeclineReason())
    kiosk.wait_for(invitation, "rated")
    assert box.states == []
    assert told.stored() == [("P1", "phone")]


def test_what_came_while_the_line_was_down_is_known_when_it_is_back(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    """The pad rates on, offline; the phone was first, so its rating counts, and the pad's is a duplicate."""
    kiosk, daemon = start(), box.daemon()
    daemon.wait_for_log("delivering")
    first = kiosk.invite("P1")
    told.line(up=False)
    told.rate(first, "P1")
    kiosk.post(Tap(Level(1)), DeclineReason())
    kiosk.wait_for(first, "rated")
    second = kiosk.invite("P2")
    told.rate(second, "P2")
    told.line(up=True)
    until(kiosk, RatedByPhone)
    kiosk.wait_for(second, "rated")
    box.wait_until_settled()
    assert told.stored() == [("P1", "phone"), ("P2", "phone")]
    assert [(row["project_no"], row["state"]) for row in box.deliveries()] == [("P1", "acknowledged")]


def test_a_kiosk_and_a_daemon_that_start_after_it_know_it(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    told.rate("019a9f00-1111-7222-8333-444455556666", "P1")
    box.daemon()
    box.wait_until(lambda: known(box) == ["P1"])
    answer = start().call("POST", "/v1/invitations", json={"matter": {"project_no": "P1"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_rated")


KILLED_BEFORE_RINGING = """
import os, signal, sys
from pad.ledger.elsewhere import Hearsay
write = Hearsay.write
def write_and_die(*words):
    if write(*words):
        os.kill(os.getpid(), signal.SIGKILL)
Hearsay.write = write_and_die
from syncd.__main__ import run
sys.exit(run([]))
"""


def test_a_daemon_killed_between_writing_and_ringing_rings_when_it_is_back(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    kiosk, daemon = start(), box.daemon("-c", KILLED_BEFORE_RINGING)
    invitation = kiosk.invite("P1")
    told.rate(invitation, "P1")
    assert daemon.wait() == -9
    assert known(box) == ["P1"]
    assert kiosk.call("GET", f"/v1/invitations/{invitation}").json() == {"state": "waiting"}
    box.daemon()
    until(kiosk, RatedByPhone)


def test_and_the_kiosk_finds_it_by_itself_if_it_is_not_back(
    box: PadBox, told: PhonesPlatform, start: Callable[..., Kiosk]
) -> None:
    kiosk, daemon = start(look_s=0.05), box.daemon("-c", KILLED_BEFORE_RINGING)
    invitation = kiosk.invite("P1")
    told.rate(invitation, "P1")
    assert daemon.wait() == -9
    until(kiosk, RatedByPhone)


def test_another_pads_news_is_not_this_ones(box: PadBox, told: PhonesPlatform) -> None:
    box.daemon()
    told.rate("019a9f00-1111-7222-8333-444455556666", "P1", device="pad-8")
    told.rate("019a9f00-1111-7222-8333-444455556667", "P2")
    box.wait_until(lambda: known(box) == ["P2"])


def test_it_ends_soon_while_the_platform_holds_the_question(box: PadBox, told: PhonesPlatform) -> None:
    daemon = box.daemon()
    told.rate("019a9f00-1111-7222-8333-444455556666", "P1")
    box.wait_until(lambda: known(box) == ["P1"])
    began = time.monotonic()
    assert daemon.terminate() == 0
    assert time.monotonic() - began < 20, "the platform would have held it for 25 s"
    assert [line for line in daemon.log if "ERROR" in line or "Traceback" in line] == []


def test_delivery_goes_its_way_while_a_question_is_held(box: PadBox, told: PhonesPlatform) -> None:
    box.configure(told.url, "itemised", extra=PHONE, interval_s=3600)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    for number in range(10):
        box.rate(f"P{number}", trusted=False)
        box.ring()
        box.wait_until_settled()
    assert [number for number, _ in told.stored()] == [f"P{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("dialect", "extra", "listens"),
    [("itemised", PHONE, True), ("itemised", "", False), ("national", PHONE, False)],
)
def test_nobody_listens_where_there_are_no_codes_or_no_such_call(
    box: PadBox, told: PhonesPlatform, dialect: str, extra: str, listens: bool
) -> None:
    public_key = (told.folder / "platform.pub").read_text(encoding="ascii").strip()
    keys.write_secret(box.state / "keys" / "platform_sm2.pub", public_key)
    box.configure(told.url, dialect, extra=extra)
    daemon = Daemon(box.settings())
    assert (daemon._listener is not None) is listens
    assert daemon._heart.changed == daemon._uploader.changed == daemon._line_changed


def test_the_log_names_no_matter_and_no_visit(box: PadBox, told: PhonesPlatform) -> None:
    visit = "019a9f00-1111-7222-8333-444455556666"
    daemon = box.daemon()
    told.rate(visit, "P-1234567")
    box.wait_until(lambda: known(box) == ["P-1234567"])
    told.line(up=False)
    daemon.wait_for_log("what they rated is known here later")
    daemon.terminate()
    assert not re.search(f"{visit}|P-1234567", "".join(daemon.log))
