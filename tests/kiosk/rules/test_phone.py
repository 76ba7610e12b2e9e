"""A phone's rating and the one at the glass: one for each matter, and whoever is too late is told."""

from __future__ import annotations

import pytest

from kiosk.events import (
    Answer,
    EndVisit,
    Event,
    FoundRated,
    HoldCorners,
    Invite,
    KeepDraft,
    OpenVisit,
    RatedElsewhere,
    Save,
    ServiceMode,
    SetService,
    SignOut,
    SlipScanned,
    StorageChanged,
    StoreFailed,
    Submit,
    Tap,
    TouchDown,
    Withdraw,
)
from kiosk.phases import (
    AlreadyRated,
    Forestalled,
    Inviting,
    RatedByPhone,
    Rating,
    Resting,
    Saving,
    Thanking,
    current_visit,
    state_name,
)
from kiosk.view import ScreenName, view_of
from pad.codes import Level
from pad.indicators import Catalogue
from pad.model import Matter, VisitOutcome
from tests.kiosk.trace import Trace

NONE = Catalogue("none", ())
NEWS = RatedElsewhere("v1")


def ends(trace: Trace) -> list[tuple[str, VisitOutcome, str, str]]:
    found = [each.end for each in trace.effects if isinstance(each, EndVisit)]
    return [(end.visit_id, end.outcome, end.by, end.reason) for end in found]


def screen(trace: Trace) -> ScreenName:
    return view_of(trace.session, NONE).screen


def rating(trace: Trace | None = None) -> Trace:
    return (trace or Trace()).invite().tap(1)


def test_an_invitation_whose_matter_a_phone_rates_is_rated_and_thanked_for() -> None:
    trace = Trace(thanks_s=4.0).invite().do(NEWS)
    assert ends(trace) == [("v1", VisitOutcome.RATED, "phone", "")]
    assert screen(trace) is ScreenName.RATED_BY_PHONE
    assert isinstance(trace.pass_time(3.9).phase(), RatedByPhone)
    assert isinstance(trace.pass_time(0.2).phase(), Resting)


def test_whoever_was_rating_here_is_told_that_it_does_not_count_and_has_time_to_read_it() -> None:
    trace = rating(Trace(thanks_s=4.0)).do(NEWS)
    assert ends(trace) == [("v1", VisitOutcome.RATED, "phone", "while_rating")]
    assert trace.saves() == []
    assert screen(trace) is ScreenName.FORESTALLED
    assert isinstance(trace.pass_time(11.9).phase(), Forestalled)
    assert isinstance(trace.pass_time(0.2).phase(), Resting)


def test_what_is_on_its_way_to_the_disk_is_left_to_the_ledger() -> None:
    trace = rating(Trace(settle_s=0, bad_needs_reason=False)).do(Submit())
    assert isinstance(trace.phase(), Saving)
    assert trace.unchanged_by(NEWS)
    trace.stored()
    assert isinstance(trace.phase(), Thanking)
    assert trace.unchanged_by(NEWS)


def test_a_rating_the_ledger_refuses_for_a_phones_is_told_as_such() -> None:
    trace = rating(Trace(settle_s=0, bad_needs_reason=False)).do(Submit(), FoundRated("v1", on_phone=True))
    assert screen(trace) is ScreenName.FORESTALLED
    before = rating(Trace(settle_s=0, bad_needs_reason=False)).do(Submit(), FoundRated("v1"))
    assert isinstance(before.phase(), AlreadyRated)


def test_an_invitation_to_a_rated_matter_ends_but_a_tapped_face_is_left_to_its_write() -> None:
    trace = Trace(settle_s=0).invite().do(FoundRated("v1"))
    assert isinstance(trace.phase(), AlreadyRated)
    assert [(e.end.outcome, e.end.by, e.end.reason) for e in trace.effects if isinstance(e, EndVisit)] == [
        (VisitOutcome.CANCELLED, "pad", "already_rated")
    ]
    assert rating(Trace(settle_s=0)).unchanged_by(FoundRated("v1"))


def test_a_rating_a_full_disk_kept_waiting_is_told_when_the_disk_is_back() -> None:
    trace = rating(Trace(settle_s=0, bad_needs_reason=False)).do(Submit(), StoreFailed("v1"))
    assert trace.unchanged_by(NEWS)
    trace.do(StorageChanged(ready=True), FoundRated("v1", on_phone=True))
    assert len(trace.saves()) == 2
    assert screen(trace) is ScreenName.FORESTALLED


@pytest.mark.parametrize("reached", ["resting", "inviting", "rating"])
def test_news_of_another_visit_changes_nothing(reached: str) -> None:
    trace = Trace()
    if reached != "resting":
        trace.invite()
    if reached == "rating":
        trace.tap(1)
    assert trace.unchanged_by(RatedElsewhere("v0"), RatedElsewhere(""))


def test_a_finger_that_came_down_before_the_news_rates_nobody() -> None:
    trace = Trace().invite().do(TouchDown(), NEWS, Tap(Level(1), visit_id="v1"))
    assert screen(trace) is ScreenName.RATED_BY_PHONE
    assert not any(isinstance(each, KeepDraft | Save) for each in trace.effects)


def test_nothing_at_the_glass_or_the_counter_brings_the_tap_back() -> None:
    trace = rating().do(NEWS)
    assert trace.unchanged_by(Submit(), Withdraw(), Tap(Level(5), visit_id="v1"), NEWS, HoldCorners())


@pytest.mark.parametrize("tapped", [False, True])
def test_the_next_person_is_invited_at_once(tapped: bool) -> None:
    trace = (rating() if tapped else Trace().invite()).do(NEWS).invite("v2", "P2")
    assert trace.answer is Answer.DONE
    assert [each.visit.id for each in trace.effects if isinstance(each, OpenVisit)] == ["v1", "v2"]
    assert isinstance(trace.phase(), Inviting)


def test_what_the_clerks_side_asked_for_meanwhile_takes_effect() -> None:
    asked: tuple[Event, ...] = (SetService(ServiceMode.PAUSED), SignOut())
    trace = rating().do(*asked).do(NEWS)
    assert trace.staff() is None
    assert state_name(trace.session) == "paused"


def test_the_clerks_side_is_told_no_more_than_that_nobody_is_rating() -> None:
    told = set()
    for tapped in (False, True):
        trace = (rating() if tapped else Trace().invite()).do(NEWS)
        told.add((state_name(trace.session), current_visit(trace.session)))
    assert told == {("idle", None)}


def test_what_the_screen_says_is_the_same_for_every_level() -> None:
    views = {repr(view_of(Trace().invite().tap(level).do(NEWS).session, NONE)) for level in (1, 2, 3, 4, 5)}
    assert len(views) == 1


@pytest.mark.parametrize("tapped", [False, True])
def test_who_is_told_of_the_phone_is_not_told_again_by_a_slip(tapped: bool) -> None:
    trace = (rating() if tapped else Trace().invite()).do(NEWS)
    again = SlipScanned(Invite("v2", Matter(project_no="P1"), already_rated=True))
    assert trace.unchanged_by(again)


def test_the_phase_holds_nothing_of_what_was_being_rated() -> None:
    assert set(Forestalled.__slots__) == set(RatedByPhone.__slots__) == {"until_ns"}
    assert not isinstance(rating().do(NEWS).phase(), Rating)
