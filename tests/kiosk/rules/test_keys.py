"""Five keys: faces where faces are asked for, else a cursor; no key ever sends what was not meant."""

from __future__ import annotations

import pytest

from kiosk.events import KeepDraft, Key, Page, Submit, TouchDown, TurnTo
from kiosk.phases import Cursor, Inviting, Rating, Saving
from pad.codes import Level, Pf
from pad.model import InputDevice
from tests.kiosk.trace import Trace

BACK, ON, PRESS, ALOUD, AWAY = (Key(Level(code)) for code in (5, 4, 3, 2, 1))


def level_of(trace: Trace) -> Level:
    phase = trace.phase()
    assert isinstance(phase, Rating)
    return phase.draft.level


@pytest.mark.parametrize("level", list(Level))
def test_on_the_invitation_each_key_is_its_face_and_the_channel_is_the_key_pads(level: Level) -> None:
    trace = Trace().invite().do(Key(level))
    assert level_of(trace) is level
    kept = trace.effects[-1]
    assert isinstance(kept, KeepDraft)
    assert kept.draft.input_device is InputDevice.KEYPAD
    assert kept.draft.input_device.pf is Pf.HALL_TERMINAL


@pytest.mark.parametrize("first", list(Level))
@pytest.mark.parametrize("then", list(Level))
def test_pressing_any_two_keys_one_after_the_other_sends_nothing(first: Level, then: Level) -> None:
    trace = Trace().invite().do(Key(first), Key(then))
    assert level_of(trace) is then, "another face is a change of mind"
    assert not trace.saves()


def test_the_same_key_again_brings_the_cursor_and_changes_nothing_else() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)))
    assert trace.session.cursor == Cursor()
    assert level_of(trace) is Level(4)


def test_with_the_cursor_keys_move_press_and_read_aloud() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)))
    assert trace.do(ON, ON, BACK).session.cursor == Cursor(steps=1)
    assert trace.do(PRESS).session.cursor == Cursor(steps=1, presses=1)
    assert trace.do(ALOUD).session.cursor == Cursor(steps=1, presses=1, told=1)
    assert level_of(trace) is Level(4)
    assert not trace.saves()


def test_the_last_key_puts_the_cursor_away_and_keys_are_faces_again() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)), AWAY)
    assert trace.session.cursor is None
    assert level_of(trace.do(Key(Level(1)))) is Level(1)


def test_a_finger_on_the_glass_puts_the_cursor_away() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)), TouchDown())
    assert trace.session.cursor is None


def test_on_another_page_the_cursor_starts_anew() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)), ON, PRESS, TurnTo(Page.COMMENT))
    assert trace.session.cursor == Cursor(steps=0, presses=1)


def test_the_next_person_sees_no_cursor() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)), Submit()).stored()
    assert trace.session.cursor is None
    assert trace.pass_time(10).invite("v2", "P2").session.cursor is None


def test_at_rest_any_key_brings_the_cursor_so_that_language_and_type_can_be_chosen() -> None:
    trace = Trace().do(Key(Level(1)))
    assert trace.session.cursor == Cursor()
    assert trace.invite().session.cursor is None
    assert isinstance(trace.phase(), Inviting)


def test_keys_while_the_rating_is_being_saved_do_nothing_to_it() -> None:
    trace = Trace().invite().tap(4).do(Submit())
    trace.do(*(Key(level) for level in Level))
    assert isinstance(trace.phase(), Saving)
    assert len(trace.saves()) == 1


def test_keys_give_new_time() -> None:
    trace = Trace().invite().do(Key(Level(4)), Key(Level(4)))
    for _ in range(10):
        trace.do(ON, after=20)
    assert isinstance(trace.phase(), Rating)
