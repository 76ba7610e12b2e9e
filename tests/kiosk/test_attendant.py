"""What the technician asks for: done elsewhere, told as an event."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.attendant import Attendant
from kiosk.events import (
    AskForEnrolment,
    CheckPin,
    EnrolmentTold,
    Event,
    FactsGathered,
    GatherFacts,
    PinChecked,
    StartAnew,
)
from kiosk.facts import Fact, FactGroup, Facts
from pad.enrolment import Enrolment, Outcome, request
from pad.enrolment.request import Result
from pad.pin import set_pin

FACTS = Facts((FactGroup("Ratings", (Fact("Waiting to be sent", "0"),)),))
WITHIN_S = 60


class Desk:
    """Hears what the attendant reports."""

    def __init__(self, state_dir: Path, within_s: float = WITHIN_S) -> None:
        self.heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.ended = threading.Event()
        self.attendant = Attendant(
            state_dir, lambda: FACTS, self.heard.put, end=self.ended.set, enrols_within_s=within_s
        )
        self.attendant.start()

    def ask(self, pin: str) -> PinChecked:
        self.attendant.attend(CheckPin(pin))
        told = self.heard.get(timeout=WITHIN_S)
        assert isinstance(told, PinChecked)
        return told


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.attendant.stop()


def test_the_right_pin_is_right(desk: Desk, tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    assert desk.ask("482913") == PinChecked(right=True)


def test_where_none_is_set_none_is_right(desk: Desk) -> None:
    assert desk.ask("482913") == PinChecked(right=False, unset=True)


def test_after_three_wrong_ones_even_the_right_one_has_to_wait(desk: Desk, tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    for _ in range(2):
        assert desk.ask("111222") == PinChecked(right=False)
    assert desk.ask("111222").wait_s == 60
    told = desk.ask("482913")
    assert not told.right
    assert 0 < told.wait_s <= 60


def test_a_right_one_forgives_the_wrong_ones_before(desk: Desk, tmp_path: Path) -> None:
    set_pin(tmp_path, "482913")
    for _ in range(3):
        desk.ask("111222"), desk.ask("482913")
    assert desk.ask("482913").right


def test_a_damaged_file_lets_nobody_in_and_prints_nothing_of_it(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "technician_pin").write_text("482913", encoding="ascii")
    assert desk.ask("482913") == PinChecked(right=False, unset=True)
    assert "482913" not in caplog.text


def test_facts_are_gathered_and_told(desk: Desk) -> None:
    desk.attendant.attend(GatherFacts())
    assert desk.heard.get(timeout=WITHIN_S) == FactsGathered(FACTS)


def test_facts_asked_for_again_and_again_keep_no_pin_waiting(tmp_path: Path) -> None:
    heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
    gathering, go_on = threading.Event(), threading.Event()

    def gather() -> Facts:
        gathering.set()
        assert go_on.wait(WITHIN_S)
        return FACTS

    attendant = Attendant(tmp_path, gather, heard.put)
    attendant.start()
    attendant.attend(GatherFacts())
    assert gathering.wait(WITHIN_S)
    for _ in range(50):
        attendant.attend(GatherFacts())
    attendant.attend(CheckPin("482913"))
    go_on.set()
    told = [heard.get(timeout=WITHIN_S) for _ in range(3)]
    assert told == [FactsGathered(FACTS), FactsGathered(FACTS), PinChecked(right=False, unset=True)]
    attendant.attend(GatherFacts())
    assert heard.get(timeout=WITHIN_S) == FactsGathered(FACTS)
    attendant.stop()


# --- enrolment ----------------------------------------------------------------------------

ENROLMENT = Enrolment("https://hcp.example/gateway", "ABCD-EFGH")


def asked(place: Path) -> Path:
    """The request, once it is there."""
    file = place / "asked" / "request"
    looking = threading.Event()
    while not file.exists():
        looking.wait(0.01)
    return file


def test_root_is_asked_to_enrol_and_what_it_says_is_told(desk: Desk, tmp_path: Path) -> None:
    place = request.folder(tmp_path)
    desk.attendant.attend(AskForEnrolment(ENROLMENT))
    number, taken = request.take(asked(place), os.geteuid())
    assert taken == ENROLMENT
    request.tell(place, Result(number, Outcome.ENROLLED, "pad-7", "大厅", "A07"))
    assert desk.heard.get(timeout=WITHIN_S) == EnrolmentTold(Outcome.ENROLLED, "pad-7", "A07")


def test_pins_are_compared_while_an_enrolment_is_under_way(desk: Desk, tmp_path: Path) -> None:
    desk.attendant.attend(AskForEnrolment(ENROLMENT))
    asked(request.folder(tmp_path))
    assert desk.ask("482913") == PinChecked(right=False, unset=True)


def test_where_nobody_takes_the_request_that_is_told_and_it_is_taken_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path, within_s=0)
    desk.attendant.attend(AskForEnrolment(ENROLMENT))
    assert desk.heard.get(timeout=WITHIN_S) == EnrolmentTold(Outcome.NOBODY_THERE)
    desk.attendant.stop()
    assert list((request.folder(tmp_path) / "asked").iterdir()) == []


def test_what_comes_of_a_request_taken_at_the_last_moment_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, take_back = request.folder(tmp_path), request.take_back
    numbers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def late(place: Path, number: str) -> bool:
        request.take(asked(place), os.geteuid())
        numbers.put(number)
        return take_back(place, number)

    monkeypatch.setattr(request, "take_back", late)
    desk = Desk(tmp_path, within_s=0)
    desk.attendant.attend(AskForEnrolment(ENROLMENT))
    request.tell(place, Result(numbers.get(timeout=WITHIN_S), Outcome.ENROLLED, "pad-7", "大厅", "A07"))
    assert desk.heard.get(timeout=WITHIN_S) == EnrolmentTold(Outcome.ENROLLED, "pad-7", "A07")
    desk.attendant.stop()


def test_where_no_request_can_be_left_that_is_told(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "enrol").write_text("in the way", encoding="ascii")
    desk.attendant.attend(AskForEnrolment(ENROLMENT))
    assert desk.heard.get(timeout=WITHIN_S) == EnrolmentTold(Outcome.NOBODY_THERE)


def test_to_start_anew_the_program_ends(desk: Desk) -> None:
    desk.attendant.attend(StartAnew())
    assert desk.ended.wait(WITHIN_S)
