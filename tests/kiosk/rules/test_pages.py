"""From the reasons to the comment's page and back: the ring goes on, and the mind may still change."""

from __future__ import annotations

from kiosk.events import (
    Page,
    Submit,
    Tap,
    ToggleIndicator,
    TouchDown,
    TouchUp,
    TurnTo,
    Withdraw,
    WriteComment,
)
from kiosk.phases import Rating, Saving, Withdrawn
from kiosk.view import ScreenName, view_of
from pad.codes import Level
from pad.indicators import Catalogue
from pad.model import Completion
from tests.kiosk.trace import Trace

NONE = Catalogue("none", ())


def screen(trace: Trace) -> ScreenName:
    return view_of(trace.session, NONE).screen


def test_the_comments_page_and_back() -> None:
    trace = Trace().invite().tap(4).do(TurnTo(Page.COMMENT))
    assert screen(trace) is ScreenName.COMMENT
    trace.do(WriteComment("很好"), TurnTo(Page.REASONS))
    assert screen(trace) is ScreenName.REASONS
    assert trace.do(Submit()).saved().comment == "很好"


def test_only_whoever_tapped_a_face_gets_there_and_not_with_half_a_double_tap() -> None:
    assert Trace().unchanged_by(TurnTo(Page.COMMENT))
    trace = Trace().invite()
    assert trace.unchanged_by(TurnTo(Page.COMMENT))
    assert trace.tap(4).unchanged_by(TurnTo(Page.COMMENT))


def test_the_ring_closes_on_the_comments_page_as_anywhere_and_keeps_what_was_written() -> None:
    trace = Trace().invite().tap(4).do(TurnTo(Page.COMMENT), WriteComment("窗口很")).pass_time(31)
    assert isinstance(trace.phase(), Saving)
    assert (trace.saved().comment, trace.saved().completion) == ("窗口很", Completion.RING_CLOSED)


def test_taking_back_and_another_face_work_after_a_comment() -> None:
    trace = Trace().invite().tap(2).do(TurnTo(Page.COMMENT), WriteComment("慢"), TurnTo(Page.REASONS))
    trace.do(Tap(Level(3)))
    phase = trace.phase()
    assert isinstance(phase, Rating)
    assert (phase.draft.level, phase.comment) == (Level(3), "慢")
    assert isinstance(trace.do(Withdraw()).phase(), Withdrawn)


def test_hammering_on_the_glass_means_the_first_tap_alone() -> None:
    """Twenty taps a second for two seconds, then a pause as long as it takes to see what is there."""
    trace = Trace().invite().tap(4)
    for _ in range(40):
        trace.do(TouchDown(), TouchUp(), ToggleIndicator("410"), Submit(), Tap(Level(1)), after=0.01)
    phase = trace.phase()
    assert isinstance(phase, Rating)
    assert (phase.draft.level, phase.indicators) == (Level(4), ())
    trace.pass_time(0.4).do(TouchDown(), TouchUp(), ToggleIndicator("410"), after=0.01)
    phase = trace.phase()
    assert isinstance(phase, Rating)
    assert phase.indicators == ("410",)


def test_the_code_for_the_phone_is_on_the_invitation() -> None:
    trace = Trace().invite(link="https://example.test/r/abc")
    assert view_of(trace.session, NONE).link == "https://example.test/r/abc"
    assert view_of(trace.tap(4).session, NONE).link == ""
