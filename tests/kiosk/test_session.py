"""The session's rules, one by one, as traces of what happens at a window."""

from __future__ import annotations

import pytest

from kiosk.events import (
    Answer,
    Cancel,
    DeclineReason,
    EndVisit,
    FoundRated,
    Invite,
    KeepDraft,
    OpenVisit,
    Save,
    ServiceMode,
    SetService,
    SignIn,
    SignOut,
    StorageChanged,
    Stored,
    StoreFailed,
    Submit,
    Tap,
    Tick,
    ToggleIndicator,
    TouchDown,
    TouchUp,
    Withdraw,
    WriteComment,
)
from kiosk.phases import (
    AlreadyRated,
    Inviting,
    Rating,
    Resting,
    Saving,
    Thanking,
    Withdrawn,
    is_at_rest,
    state_name,
)
from pad.codes import Level, Pf
from pad.model import Completion, InputDevice, Matter, Rater, Staff, VisitOutcome
from pad.settings import WalkAway
from tests.kiosk.trace import Trace

CLERK = Staff("1024", "王芳")


def ends(trace: Trace) -> list[tuple[str, VisitOutcome, str, str]]:
    return [
        (e.end.visit_id, e.end.outcome, e.end.by, e.end.reason)
        for e in trace.effects
        if isinstance(e, EndVisit)
    ]


# --- the straight way ------------------------------------------------------------------


def test_a_tap_and_submit_is_saved_and_thanked_only_when_on_disk() -> None:
    trace = Trace().invite().tap(5).do(Submit())
    assert isinstance(trace.phase(), Saving)
    assert state_name(trace.session) == "rating"
    trace.stored()
    assert isinstance(trace.phase(), Thanking)


@pytest.mark.parametrize("level", list(Level))
def test_every_level_goes_the_same_way(level: Level) -> None:
    trace = Trace().invite().tap(level).do(DeclineReason()).stored()
    assert [type(each) for each in trace.effects] == [OpenVisit, KeepDraft, Save]
    assert trace.saved().draft.level is level


def test_the_first_tap_is_kept_as_a_draft_at_once() -> None:
    trace = Trace().invite().tap(2)
    (kept,) = [each for each in trace.effects if isinstance(each, KeepDraft)]
    assert (kept.draft.visit_id, kept.draft.level, kept.draft.first_touch_ms) == ("v1", Level(2), 1000)


def test_the_evidence_tells_first_touch_changes_and_submission() -> None:
    trace = Trace().invite().tap(1).tap(3).tap(4).do(Submit())
    draft = trace.saved().draft
    assert (draft.first_touch_ms, draft.changes, trace.saved().submitted_ms) == (1000, 2, 4000)


def test_a_key_of_the_key_pad_is_told_from_a_touch() -> None:
    trace = Trace().invite().do(Tap(Level(4), InputDevice.KEYPAD), Submit())
    assert trace.saved().draft.input_device.pf == Pf.HALL_TERMINAL
    assert Trace().invite().tap(4).do(Submit()).saved().draft.input_device.pf == Pf.HALL_TABLET


def test_the_person_the_clerk_named_is_sealed_into_draft_and_rating() -> None:
    person = Rater(name="张三", mobile="13800000000")
    trace = Trace().do(Invite("v1", Matter(project_no="P1"), rater=person)).tap(5).do(Submit())
    assert trace.saved().rater == person
    assert [each.rater for each in trace.effects if isinstance(each, KeepDraft)] == [person]


# --- changes of mind, reasons ----------------------------------------------------------


def test_another_face_changes_the_level_and_drops_the_reasons_of_the_first() -> None:
    trace = Trace().invite().tap(1).do(ToggleIndicator("108")).tap(4).do(Submit())
    assert (trace.saved().draft.level, trace.saved().indicators) == (Level(4), ())


def test_a_comment_stays_when_the_level_changes() -> None:
    trace = Trace().invite().tap(1).do(WriteComment("排队太久")).tap(2).do(Submit())
    assert trace.saved().comment == "排队太久"


def test_an_indicator_is_ticked_and_unticked() -> None:
    trace = Trace().invite().tap(5).do(ToggleIndicator("510"), ToggleIndicator("517"), ToggleIndicator("510"))
    assert trace.do(Submit()).saved().indicators == ("517",)


def test_an_indicator_of_another_level_is_not_taken() -> None:
    assert Trace().invite().tap(5).unchanged_by(ToggleIndicator("108"))


@pytest.mark.parametrize("level", [1, 2])
def test_a_bad_level_is_submitted_with_a_tick_a_text_or_no_wish_to_say(level: int) -> None:
    def rating() -> Trace:
        return Trace().invite().tap(level).do()

    assert not rating().do(Submit()).saves()
    assert not rating().do(WriteComment("   "), Submit()).saves()
    assert rating().do(WriteComment("慢"), Submit()).saved().reason_given
    tick = {1: "108", 2: "207"}[level]
    assert rating().do(ToggleIndicator(tick), Submit()).saved().reason_given
    assert not rating().do(DeclineReason()).saved().reason_given


def test_where_the_city_asks_for_no_reason_a_bad_level_is_submitted_without() -> None:
    assert Trace(bad_needs_reason=False).invite().tap(1).do(Submit()).saved().draft.level is Level(1)


def test_a_comment_loses_control_characters_and_what_is_over_150() -> None:
    trace = Trace().invite().tap(5).do(WriteComment("好\x00" + "字" * 200), Submit())
    assert trace.saved().comment == "好" + "字" * 149


# --- taking it back, walking away ------------------------------------------------------


def test_withdrawing_ends_the_visit_without_a_rating() -> None:
    trace = Trace().invite().tap(1).do(Withdraw())
    assert isinstance(trace.phase(), Withdrawn)
    assert ends(trace) == [("v1", VisitOutcome.WITHDRAWN, "rater", "")]
    assert not trace.saves()


def test_an_invitation_may_be_declined_before_any_face_is_touched() -> None:
    assert ends(Trace().invite().do(Withdraw())) == [("v1", VisitOutcome.WITHDRAWN, "rater", "")]


def test_nobody_comes_and_the_invitation_times_out() -> None:
    trace = Trace().invite().pass_time(59.9)
    assert isinstance(trace.phase(), Inviting)
    trace.pass_time(0.2)
    assert isinstance(trace.phase(), Resting)
    assert ends(trace) == [("v1", VisitOutcome.TIMED_OUT, "pad", "")]


def test_the_clerks_own_time_limit_counts() -> None:
    assert ends(Trace().invite(timeout_s=10.0).pass_time(10.1))[0][1] is VisitOutcome.TIMED_OUT


def test_who_walks_away_after_a_tap_has_rated() -> None:
    trace = Trace().invite().tap(1).do(ToggleIndicator("108")).pass_time(30.1)
    saved = trace.saved()
    assert (saved.draft.level, saved.indicators, saved.completion) == (
        Level(1), ("108",), Completion.RING_CLOSED)  # fmt: skip


def test_who_walks_away_from_a_bad_rating_has_given_no_reason() -> None:
    assert not Trace().invite().tap(2).pass_time(30.1).saved().reason_given


def test_where_the_city_wants_it_walking_away_is_no_rating() -> None:
    trace = Trace(walk_away=WalkAway.DISCARD).invite().tap(1).pass_time(30.1)
    assert not trace.saves()
    assert ends(trace) == [("v1", VisitOutcome.TIMED_OUT, "pad", "walked_away")]


# --- nobody is cut off -----------------------------------------------------------------


def test_a_finger_on_the_glass_holds_the_ring() -> None:
    trace = Trace().invite().do(TouchDown(), after=59.0).pass_time(100.0)
    assert isinstance(trace.phase(), Inviting)
    trace.do(TouchUp()).pass_time(9.9)
    assert isinstance(trace.phase(), Inviting)
    assert isinstance(trace.pass_time(0.2).phase(), Resting)


def test_every_touch_on_the_reasons_page_gives_new_time() -> None:
    trace = Trace().invite().tap(5)
    for _ in range(5):
        trace.do(TouchDown(), TouchUp(), after=14.0)
    assert isinstance(trace.phase(), Rating)
    assert isinstance(trace.pass_time(30.1).phase(), Saving)


def test_a_thing_left_on_the_glass_is_no_person() -> None:
    trace = Trace().invite().do(TouchDown()).pass_time(179.0)
    assert isinstance(trace.phase(), Inviting)
    assert isinstance(trace.pass_time(2.0).phase(), Resting)


def test_a_touch_whose_end_is_lost_keeps_neither_the_clerk_nor_the_night_waiting() -> None:
    trace = Trace().invite().do(TouchDown())
    assert trace.invite("v2", "P2").answer is Answer.BUSY
    trace.pass_time(181.0)
    assert is_at_rest(trace.session)
    assert trace.invite("v3", "P3").answer is Answer.DONE
    assert trace.do(SetService(ServiceMode.PAUSED)).answer is Answer.DONE


# --- taps that were not meant ----------------------------------------------------------


def test_a_tap_meant_for_the_invitation_before_does_not_rate_the_next() -> None:
    trace = Trace().invite("v1").invite("v2", "P2").pass_time(1.0)
    assert trace.unchanged_by(Tap(Level(1), visit_id="v1"))
    assert trace.do(Tap(Level(1), visit_id="v2"), DeclineReason()).saved().visit.id == "v2"


def test_a_finger_on_its_way_when_an_invitation_is_superseded_rates_nothing() -> None:
    trace = Trace().invite("v1").invite("v2", "P2")
    assert trace.do(Tap(Level(1)), after=0.1).phase() == Trace().invite("v1").invite("v2", "P2").phase()
    assert isinstance(trace.tap(1, after=0.3).phase(), Rating)


def test_the_second_half_of_a_double_tap_presses_nothing_on_the_reasons_page() -> None:
    trace = Trace().invite().tap(1)
    trace.at += 0.1
    assert trace.unchanged_by(DeclineReason(), Withdraw(), ToggleIndicator("108"), Submit())
    assert trace.do(Tap(Level(5)), after=0.1).phase().draft.level is Level(1)  # type: ignore[union-attr]


def test_a_tap_on_the_same_face_changes_nothing_but_the_time_left() -> None:
    trace = Trace().invite().tap(3).tap(3)
    assert sum(isinstance(each, KeepDraft) for each in trace.effects) == 1


def test_while_nobody_is_invited_no_tap_means_anything() -> None:
    assert Trace().unchanged_by(
        *(Tap(level) for level in Level), Submit(), DeclineReason(), Withdraw(), Tick()
    )


def test_nothing_pressed_while_saving_saves_again() -> None:
    trace = Trace().invite().tap(5).do(Submit())
    assert trace.unchanged_by(Submit(), DeclineReason(), Withdraw(), Tap(Level(1)), Tick())


# --- the clerk's side ------------------------------------------------------------------


def test_a_second_invitation_closes_the_first() -> None:
    trace = Trace().invite("v1").invite("v2", "P2")
    assert ends(trace) == [("v1", VisitOutcome.SUPERSEDED, "counter", "")]
    assert trace.opened() == ["v1", "v2"]


@pytest.mark.parametrize("phase", ["tapped", "saving", "touching"])
def test_while_somebody_is_rating_the_clerk_is_told_busy(phase: str) -> None:
    trace = Trace().invite()
    trace.do(TouchDown()) if phase == "touching" else trace.tap(5)
    if phase == "saving":
        trace.do(Submit())
    before = trace.session
    assert trace.do(Invite("v2", Matter(project_no="P2"))).answer is Answer.BUSY
    assert trace.do(Cancel("v1", "1024", "错了")).answer is Answer.BUSY
    assert trace.session == before


def test_a_cancelled_invitation_says_by_whom_and_why() -> None:
    trace = Trace().invite().do(Cancel("v1", "1024", "事项有误"))
    assert trace.answer is Answer.DONE
    assert ends(trace) == [("v1", VisitOutcome.CANCELLED, "1024", "事项有误")]


def test_cancelling_another_invitation_is_unknown() -> None:
    assert Trace().invite().do(Cancel("v9", "1024", "x")).answer is Answer.UNKNOWN
    assert Trace().do(Cancel("v1", "1024", "x")).answer is Answer.UNKNOWN


def test_a_rated_matter_is_not_invited_again() -> None:
    trace = Trace().do(Invite("v1", Matter(project_no="P1"), already_rated=True))
    assert (trace.answer, trace.effects) == (Answer.ALREADY_RATED, [])


@pytest.mark.parametrize(
    ("mode", "answer"), [(ServiceMode.PAUSED, Answer.PAUSED), (ServiceMode.CLOSED, Answer.CLOSED)]
)
def test_a_paused_or_closed_window_invites_nobody(mode: ServiceMode, answer: Answer) -> None:
    assert Trace().do(SetService(mode)).invite().answer is answer


def test_a_pause_ends_an_invitation_nobody_has_touched() -> None:
    trace = Trace().invite().do(SetService(ServiceMode.PAUSED, "稍候"))
    assert trace.answer is Answer.DONE
    assert ends(trace) == [("v1", VisitOutcome.CANCELLED, "counter", "paused")]


def test_a_pause_waits_for_the_person_to_be_done() -> None:
    trace = Trace().invite().tap(5).do(SetService(ServiceMode.PAUSED))
    assert trace.answer is Answer.DEFERRED
    assert state_name(trace.session) == "rating"
    trace.do(Submit()).stored().pass_time(5.0)
    assert state_name(trace.session) == "paused"


def test_a_sign_out_waits_for_the_person_to_be_done_and_the_rating_keeps_its_clerk() -> None:
    trace = Trace().do(SignIn(CLERK)).invite().tap(5).do(SignOut())
    assert trace.answer is Answer.DEFERRED
    assert trace.staff() == CLERK
    trace.do(Submit()).stored()
    assert trace.staff() is None
    assert (trace.saved().visit.staff_number, trace.saved().visit.staff_name) == ("1024", "王芳")


def waiting_for_a_finger() -> Trace:
    """Asked for while a finger was on the faces, which left again without a tap."""
    trace = Trace().do(SignIn(CLERK)).invite().do(TouchDown())
    trace.do(SetService(ServiceMode.PAUSED), SignOut())
    assert trace.answer is Answer.DEFERRED
    return trace.do(TouchUp())


def test_what_waits_for_a_person_takes_effect_also_where_the_clerk_takes_the_invitation_back() -> None:
    trace = waiting_for_a_finger().do(Cancel("v1", "1024", "x"))
    assert (trace.session.service.mode, trace.staff()) == (ServiceMode.PAUSED, None)
    trace = waiting_for_a_finger().do(SetService(ServiceMode.CLOSED))
    assert (trace.session.service.mode, trace.staff()) == (ServiceMode.CLOSED, None)


def test_what_was_asked_for_last_holds_whatever_waited_before() -> None:
    trace = waiting_for_a_finger().do(SetService(ServiceMode.SERVING), SignIn(Staff("7", "李雷")))
    trace.do(Withdraw())
    assert (trace.session.service.mode, trace.staff()) == (ServiceMode.SERVING, Staff("7", "李雷"))


def test_an_invitation_may_name_another_clerk_than_the_one_signed_in() -> None:
    trace = Trace().do(SignIn(CLERK), Invite("v1", Matter(project_no="P1"), staff=Staff("7", "李雷")))
    assert trace.tap(5).do(Submit()).saved().visit.staff_number == "7"


def test_the_next_person_may_be_invited_while_the_last_is_thanked() -> None:
    trace = Trace().invite().tap(5).do(Submit()).stored().invite("v2", "P2")
    assert trace.answer is Answer.DONE


# --- the disk --------------------------------------------------------------------------


def test_a_disk_that_does_not_take_the_rating_gets_it_again_when_it_does() -> None:
    trace = Trace().invite().tap(1).do(DeclineReason(), StoreFailed("v1"))
    assert state_name(trace.session) == "cannot_store"
    assert trace.invite("v2", "P2").answer is Answer.CANNOT_STORE
    trace.do(StorageChanged(ready=True))
    assert [each.visit.id for each in trace.saves()] == ["v1", "v1"]
    assert isinstance(trace.do(Stored("v1")).phase(), Thanking)


def test_an_invitation_that_cannot_be_written_is_not_shown() -> None:
    trace = Trace().invite().do(StoreFailed("v1"))
    assert isinstance(trace.phase(), Resting)
    assert state_name(trace.session) == "cannot_store"


def test_a_draft_that_cannot_be_written_does_not_stop_the_person() -> None:
    trace = Trace().invite().tap(5).do(StoreFailed("v1"))
    assert isinstance(trace.phase(), Rating)
    assert isinstance(trace.do(Submit()).phase(), Saving)


def test_a_draft_that_cannot_be_written_is_written_when_the_disk_takes_it() -> None:
    trace = Trace().invite().tap(5).tap(1).do(StoreFailed("v1"), StorageChanged(ready=False))
    before = len(trace.effects)
    trace.do(StorageChanged(ready=True))
    assert [each.draft.level for each in trace.effects[before:] if isinstance(each, KeepDraft)] == [1]
    assert len(trace.effects) == before + 1


def test_a_full_disk_takes_no_new_invitation_before_it_can_lose_one() -> None:
    trace = Trace().do(StorageChanged(ready=False)).invite()
    assert (trace.answer, state_name(trace.session)) == (Answer.CANNOT_STORE, "cannot_store")
    assert trace.do(StorageChanged(ready=True)).invite().answer is Answer.DONE


def test_a_matter_rated_meanwhile_elsewhere_is_said_kindly() -> None:
    trace = Trace().invite().tap(5).do(Submit(), FoundRated("v1"))
    assert isinstance(trace.phase(), AlreadyRated)
    assert isinstance(trace.pass_time(5.0).phase(), Resting)


def test_what_the_disk_says_of_another_visit_changes_nothing() -> None:
    trace = Trace().invite().tap(5).do(Submit())
    assert trace.unchanged_by(Stored("v0"), FoundRated("v0"))
