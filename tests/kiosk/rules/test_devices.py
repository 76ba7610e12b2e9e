"""Devices come and go: the session knows, the journal is told, and nobody at the window notices."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.events import (
    CardFailed,
    CardTrouble,
    DeviceChanged,
    DeviceState,
    EnrolmentScanned,
    FactsGathered,
    GatherFacts,
    HoldCorners,
    Invite,
    LeaveTechnician,
    NoteDevice,
    NoteFlapping,
    OpenVisit,
    Page,
    PinChecked,
    SlipScanned,
    Submit,
    Tap,
    TurnTo,
)
from kiosk.facts import Facts
from kiosk.phases import AlreadyRated, Inviting, Rating, Resting, Technician, Thanking, asks_for_card
from kiosk.rules.devices import HOUR_S, NOTED_AT_ONCE
from kiosk.view import ScreenName, view_of
from pad.codes import Level
from pad.enrolment import Enrolment
from pad.indicators import Catalogue
from pad.model import Matter
from tests.kiosk.trace import Trace

NONE = Catalogue("none", ())
FOUND, SILENT, LOST = (
    DeviceChanged("idcard", DeviceState.FOUND),
    DeviceChanged("idcard", DeviceState.SILENT),
    DeviceChanged("idcard", DeviceState.LOST, "unplugged"),
)
ENROLMENT = Enrolment("https://hcp.example/gateway", "ABCD-EFGH")


def notes(trace: Trace) -> list[tuple[DeviceState, str]]:
    return [(each.state, each.why) for each in trace.effects if isinstance(each, NoteDevice)]


def slip(visit_id: str, matter: str = "P1", *, already_rated: bool = False) -> SlipScanned:
    return SlipScanned(Invite(visit_id, Matter(project_no=matter), already_rated=already_rated))


# --- coming and going ---------------------------------------------------------------------


def test_a_device_that_is_there_when_the_pad_starts_is_nothing_to_note() -> None:
    assert notes(Trace().do(FOUND)) == []


def test_a_device_that_is_missing_at_the_start_is_noted() -> None:
    assert notes(Trace().do(LOST)) == [(DeviceState.LOST, "unplugged")]


def test_that_a_device_is_lost_and_found_again_is_noted_each_for_itself() -> None:
    trace = Trace().do(FOUND, LOST, FOUND, SILENT)
    assert notes(trace) == [
        (DeviceState.LOST, "unplugged"),
        (DeviceState.FOUND, ""),
        (DeviceState.SILENT, ""),
    ]


def flapping(trace: Trace) -> list[NoteFlapping]:
    return [each for each in trace.effects if isinstance(each, NoteFlapping)]


def test_a_loose_plug_is_a_few_notes_then_one_an_hour_with_how_often() -> None:
    trace = Trace().do(FOUND, *[LOST, FOUND] * 60, after=60.0).pass_time(HOUR_S)
    assert len(notes(trace)) == NOTED_AT_ONCE
    first, second = flapping(trace)
    assert sum(first.changes.values()) == 54
    assert sum(second.changes.values()) == 60
    assert (first.name, first.why) == ("idcard", "unplugged")
    assert (first.since.monotonic_ns - Trace().now().monotonic_ns) / 1e9 == 60 * (2 + NOTED_AT_ONCE)


def test_when_it_holds_again_what_was_counted_is_told_by_time_alone() -> None:
    trace = Trace().do(FOUND, *[LOST, FOUND] * 5)
    assert not flapping(trace)
    trace.pass_time(HOUR_S)
    (told,) = flapping(trace)
    assert told.changes == {DeviceState.LOST: 2, DeviceState.FOUND: 2}
    assert told.state is DeviceState.FOUND
    trace.pass_time(5 * HOUR_S)
    assert len(flapping(trace)) == 1


def test_a_device_that_is_switched_off_every_night_is_noted_every_time() -> None:
    trace = Trace().do(FOUND)
    for _ in range(100):
        trace.do(LOST, after=15 * HOUR_S).do(FOUND, after=9 * HOUR_S)
    assert len(notes(trace)) == 200
    assert not flapping(trace)


def test_one_that_flaps_hides_nothing_of_another() -> None:
    trace = Trace().do(FOUND, *[LOST, FOUND] * 20)
    trace.do(DeviceChanged("keypad", DeviceState.LOST, "burnt"))
    assert notes(trace)[-1] == (DeviceState.LOST, "burnt")


@given(
    gaps=st.lists(st.sampled_from([0.1, 1.0, 59.0, 600.0, HOUR_S, 1.5 * HOUR_S, 30 * HOUR_S]), max_size=120)
)
@settings(max_examples=60)
def test_no_change_is_forgotten_and_the_journal_is_bounded(gaps: list[float]) -> None:
    trace = Trace().do(FOUND)
    for number, gap in enumerate(gaps):
        trace.do(FOUND if number % 2 else LOST, after=gap)
    trace.pass_time(HOUR_S)
    told = flapping(trace)
    assert len(notes(trace)) + sum(sum(each.changes.values()) for each in told) == len(gaps)
    assert len(notes(trace)) + len(told) <= NOTED_AT_ONCE + sum(gaps) / HOUR_S + 2


def test_what_was_known_already_changes_nothing() -> None:
    trace = Trace().do(FOUND)
    before = trace.session
    assert trace.do(FOUND).session is before


@pytest.mark.parametrize("change", [FOUND, SILENT, LOST])
def test_a_person_who_rates_notices_nothing(change: DeviceChanged) -> None:
    trace = Trace().invite().tap(2)
    before = trace.phase()
    assert trace.do(change).phase() == before


def test_the_identity_page_offers_the_reader_only_while_it_is_there() -> None:
    trace = Trace().invite().tap(4).do(TurnTo(Page.IDENTITY))

    def offered() -> bool:
        identity = view_of(trace.session, NONE).identity
        assert identity is not None
        return identity.reader

    seen = [offered()]
    for change in (FOUND, SILENT, FOUND, LOST):
        trace.do(change)
        seen.append(offered())
    assert seen == [False, True, False, True, False]


def test_a_change_is_looked_up_anew_for_the_technician_alone() -> None:
    trace = Trace().do(HoldCorners(), PinChecked(right=True), FactsGathered(Facts()))
    asked = trace.effects.count(GatherFacts())
    trace.do(LOST)
    assert trace.effects.count(GatherFacts()) == asked + 1
    trace.do(LeaveTechnician(), FOUND)
    assert trace.effects.count(GatherFacts()) == asked + 1


# --- cards --------------------------------------------------------------------------------


def test_a_card_is_asked_for_on_the_identity_page_alone() -> None:
    trace = Trace()
    seen = [asks_for_card(trace.session)]
    for event in (Invite("v1", Matter()), Tap(Level(4)), TurnTo(Page.IDENTITY), TurnTo(Page.REASONS)):
        seen.append(asks_for_card(trace.do(event).session))
    assert seen == [False, False, False, True, False]


def test_what_is_wrong_with_a_card_is_shown_there_and_forgotten_with_the_page() -> None:
    trace = Trace().invite().tap(4).do(TurnTo(Page.IDENTITY), CardFailed(CardTrouble.READ_FAILED))
    identity = view_of(trace.session, NONE).identity
    assert identity is not None
    assert identity.card_trouble is CardTrouble.READ_FAILED
    phase = trace.do(TurnTo(Page.REASONS)).phase()
    assert isinstance(phase, Rating)
    assert phase.card_trouble is None


def test_elsewhere_a_card_that_fails_is_nothing() -> None:
    trace = Trace().invite().tap(4)
    before = trace.session
    assert trace.do(CardFailed(CardTrouble.READ_FAILED)).session is before


def test_a_card_that_fails_gives_the_person_new_time() -> None:
    trace = Trace(reasons_timeout_s=30.0).invite().tap(4).do(TurnTo(Page.IDENTITY)).pass_time(25)
    trace.do(CardFailed(CardTrouble.READ_FAILED)).pass_time(25)
    assert isinstance(trace.phase(), Rating)


def test_a_reader_that_fails_without_end_does_not_hold_the_visit_open() -> None:
    trace = Trace(reasons_timeout_s=30.0).invite().tap(2).do(TurnTo(Page.IDENTITY))
    trace.do(*map(CardFailed, [CardTrouble.SELECT_FAILED, CardTrouble.READ_FAILED] * 60))
    trace.pass_time(1)
    assert trace.saved().draft.level is Level(2)


# --- slips --------------------------------------------------------------------------------


def test_a_slip_invites() -> None:
    trace = Trace().do(slip("v1"))
    assert isinstance(trace.phase(), Inviting)
    assert trace.answer is None


def test_another_slip_supersedes_one_nobody_has_touched() -> None:
    trace = Trace().do(slip("v1"), slip("v2", "P2"))
    assert [each.visit.id for each in trace.effects if isinstance(each, OpenVisit)] == ["v1", "v2"]


def test_the_same_slip_again_changes_nothing() -> None:
    trace = Trace().do(slip("v1"))
    before = trace.session
    assert trace.do(slip("v2")).session is before


def test_while_somebody_rates_a_slip_is_nothing() -> None:
    trace = Trace().do(slip("v1")).tap(3)
    before = trace.session
    assert trace.do(slip("v2", "P2")).session is before


def test_a_rated_slip_is_told_kindly_where_nobody_else_could_tell() -> None:
    trace = Trace(thanks_s=4.0).do(slip("v1", already_rated=True))
    assert isinstance(trace.phase(), AlreadyRated)
    assert view_of(trace.session, NONE).screen is ScreenName.ALREADY_RATED
    assert isinstance(trace.pass_time(5).phase(), Resting)


def test_a_rated_slip_takes_nobodys_invitation_away() -> None:
    trace = Trace().do(slip("v1"), slip("v2", "P2", already_rated=True))
    phase = trace.phase()
    assert isinstance(phase, Inviting)
    assert phase.visit.id == "v1"


def test_a_slip_that_still_lies_there_does_not_take_the_thanks_away() -> None:
    trace = Trace().do(slip("v1")).tap(5).do(Submit()).stored()
    assert isinstance(trace.phase(), Thanking)
    before = trace.session
    assert trace.do(slip("v2", already_rated=True)).session is before


# --- enrolment ----------------------------------------------------------------------------


def test_an_enrolment_code_is_shown_to_the_technician_without_the_code_itself() -> None:
    trace = Trace().do(HoldCorners(), PinChecked(right=True), EnrolmentScanned(ENROLMENT))
    view = view_of(trace.session, NONE)
    assert view.enrolment == ENROLMENT.platform
    assert ENROLMENT.code not in repr(view)
    assert isinstance(trace.phase(), Technician)


def test_elsewhere_an_enrolment_code_is_nothing() -> None:
    trace = Trace()
    before = trace.session
    assert trace.do(EnrolmentScanned(ENROLMENT)).session is before
