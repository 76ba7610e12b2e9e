"""The technician's page: never over a citizen's visit, never without the PIN, and gone by itself."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import (
    Answer,
    AskForEnrolment,
    CheckPin,
    Effect,
    Enrol,
    EnrolmentScanned,
    EnrolmentTold,
    EnterPin,
    EraseDigits,
    FactsGathered,
    GatherFacts,
    HoldCorners,
    Invite,
    LeaveTechnician,
    PinChecked,
    PressDigit,
    ServiceMode,
    SetService,
    StartAnew,
    Submit,
    TouchDown,
    TouchUp,
    TurnSample,
)
from kiosk.facts import Facts
from kiosk.phases import Asking, Resting, Technician, state_name
from kiosk.view import ScreenName, view_of
from pad import settings
from pad.enrolment import Enrolment, Outcome
from pad.indicators import Catalogue
from pad.model import Matter
from tests.kiosk.trace import Trace

NONE = Catalogue("none", ())
ENROLMENT = Enrolment("https://hcp.example/gateway", "ABCD-EFGH")
ENROLLED = EnrolmentTold(Outcome.ENROLLED, "pad-7", "A07")


def asked() -> Trace:
    return Trace().do(HoldCorners())


def inside() -> Trace:
    return asked().do(*map(PressDigit, "482913"), EnterPin(), PinChecked(right=True))


def screen(trace: Trace) -> ScreenName:
    return view_of(trace.session, NONE).screen


def test_two_corners_held_ask_for_the_pin() -> None:
    assert screen(asked()) is ScreenName.PIN


def test_while_a_citizen_is_asked_rates_or_is_thanked_the_corners_do_nothing() -> None:
    trace = Trace().invite()
    assert trace.unchanged_by(HoldCorners())
    assert trace.tap(4).unchanged_by(HoldCorners())
    assert trace.do(Submit()).unchanged_by(HoldCorners())
    assert trace.stored().unchanged_by(HoldCorners())


def test_at_a_paused_window_the_technician_gets_in() -> None:
    assert screen(Trace().do(SetService(ServiceMode.PAUSED), HoldCorners())) is ScreenName.PIN


def test_the_pin_is_compared_elsewhere_and_shown_as_dots() -> None:
    trace = asked().do(*map(PressDigit, "4829"))
    pin = view_of(trace.session, NONE).pin
    assert pin is not None
    assert pin.typed == 4
    assert "4829" not in repr(trace.session)
    assert trace.do(EnterPin()).effects == [CheckPin("4829")]
    assert "4829" not in repr(trace.effects)


def test_an_empty_pin_is_not_even_tried() -> None:
    assert asked().unchanged_by(EnterPin())
    assert asked().do(PressDigit("4"), EraseDigits()).unchanged_by(EnterPin())


def test_the_right_pin_opens_the_page_and_the_facts_are_gathered() -> None:
    trace = inside()
    assert screen(trace) is ScreenName.TECHNICIAN
    assert trace.effects[-1] == GatherFacts()
    facts = Facts()
    assert view_of(trace.do(FactsGathered(facts)).session, NONE).facts == facts


def test_a_wrong_pin_says_so_and_typing_goes_on() -> None:
    trace = asked().do(PressDigit("1"), EnterPin(), PinChecked(right=False, wait_s=60))
    pin = view_of(trace.session, NONE).pin
    assert pin is not None
    assert (pin.typed, pin.wrong, pin.locked_s) == (0, True, 60)


def test_no_pin_opens_anything_that_nobody_asked_for() -> None:
    assert Trace().unchanged_by(
        PinChecked(right=True), FactsGathered(Facts()), TurnSample(0), LeaveTechnician()
    )
    assert asked().unchanged_by(FactsGathered(Facts()), TurnSample(0))


def test_meanwhile_the_window_is_paused_for_the_clerk() -> None:
    for trace in (asked(), inside()):
        assert state_name(trace.session) == "paused"
        assert trace.do(Invite("v1", Matter(project_no="P1"))).answer is Answer.PAUSED
        assert not trace.opened()


def test_it_leaves_by_itself_after_two_minutes_without_a_touch() -> None:
    trace = inside().pass_time(119)
    assert isinstance(trace.phase(), Technician)
    trace.do(TouchDown(), TouchUp()).pass_time(119)
    assert isinstance(trace.phase(), Technician)
    assert isinstance(trace.pass_time(2).phase(), Resting)
    assert isinstance(asked().pass_time(121).phase(), Resting)


def test_samples_are_looked_through_and_end_at_the_page() -> None:
    trace = inside().do(TurnSample(3))
    assert view_of(trace.session, NONE).sample == 3
    assert view_of(trace.do(TurnSample(None)).session, NONE).sample is None


def test_leaving_goes_back_to_the_window_as_it_was() -> None:
    trace = Trace().do(SetService(ServiceMode.SERVING), HoldCorners(), LeaveTechnician())
    assert isinstance(trace.phase(), Resting)
    assert screen(trace) is ScreenName.SERVING


def test_what_was_typed_of_a_pin_is_gone_with_the_page() -> None:
    trace = asked().do(PressDigit("4"), LeaveTechnician(), HoldCorners())
    phase = trace.phase()
    assert isinstance(phase, Asking)
    assert phase.pin == ""


# --- enrolment ----------------------------------------------------------------------------


def scanned() -> Trace:
    return inside().do(EnrolmentScanned(ENROLMENT))


def count(trace: Trace, kind: type[Effect]) -> int:
    return sum(isinstance(each, kind) for each in trace.effects)


def test_what_was_scanned_is_asked_for_once_when_the_technician_says_so() -> None:
    trace = scanned()
    assert count(trace, AskForEnrolment) == 0
    trace.do(Enrol())
    assert trace.effects[-1] == AskForEnrolment(ENROLMENT)
    assert view_of(trace.session, NONE).enrolling
    assert trace.unchanged_by(Enrol(), EnrolmentScanned(ENROLMENT))


def test_without_a_code_or_elsewhere_nothing_is_asked_for() -> None:
    assert inside().unchanged_by(Enrol())
    assert Trace().unchanged_by(Enrol())
    assert Trace().invite().tap(4).unchanged_by(Enrol())


def test_what_came_of_it_is_shown_without_the_code() -> None:
    view = view_of(scanned().do(Enrol(), ENROLLED).session, NONE)
    assert (view.enrolled, view.enrolling) == (ENROLLED, False)
    assert ENROLMENT.code not in repr(view)


def test_what_failed_may_be_tried_again_with_the_same_code_or_another() -> None:
    trace = scanned().do(Enrol(), EnrolmentTold(Outcome.NO_ANSWER))
    trace.do(Enrol())
    assert count(trace, AskForEnrolment) == 2
    other = Enrolment("https://hcp.example/gateway", "OTHER-CODE")
    trace.do(EnrolmentTold(Outcome.USED_CODE), EnrolmentScanned(other))
    assert view_of(trace.session, NONE).enrolled is None
    assert trace.do(Enrol()).effects[-1] == AskForEnrolment(other)
    trace.do(EnrolmentTold(Outcome.NO_ANSWER), LeaveTechnician())
    assert count(trace, StartAnew) == 0, "nothing changed"


def test_an_enrolled_pad_starts_anew_once_the_technician_leaves_and_is_not_enrolled_twice() -> None:
    trace = scanned().do(Enrol(), ENROLLED)
    assert trace.unchanged_by(Enrol(), EnrolmentScanned(ENROLMENT))
    assert count(trace, StartAnew) == 0
    trace.do(LeaveTechnician())
    assert count(trace, StartAnew) == 1
    trace.pass_time(1000)
    assert count(trace, StartAnew) == 1


def test_an_answer_is_waited_for_longer_than_the_page_stays_by_itself() -> None:
    trace = scanned()
    trace.session = replace(trace.session, technician=settings.Technician(leave_after_s=10))
    trace.do(Enrol()).pass_time(80)
    assert screen(trace) is ScreenName.TECHNICIAN
    trace.pass_time(20)
    assert screen(trace) is ScreenName.IDLE


def test_a_late_answer_starts_the_pad_anew_only_when_nobody_is_rating() -> None:
    trace = scanned().do(Enrol(), LeaveTechnician()).invite().tap(5)
    trace.do(ENROLLED)
    assert count(trace, StartAnew) == 0
    trace.do(Submit()).stored()
    assert screen(trace) is ScreenName.THANKS
    assert count(trace, StartAnew) == 0
    trace.pass_time(60)
    assert count(trace, StartAnew) == 1


def test_at_rest_a_late_answer_starts_it_anew_at_once() -> None:
    trace = scanned().do(Enrol(), LeaveTechnician(), ENROLLED)
    assert count(trace, StartAnew) == 1
