"""Who rated, if they want to say: only where asked, only what fits, masked on the screen."""

from __future__ import annotations

import pytest

from kiosk.events import (
    CardRead,
    EraseDigits,
    ForgetIdentity,
    GivePhone,
    Invite,
    KeepDraft,
    Page,
    PressDigit,
    Submit,
    TurnTo,
)
from kiosk.phases import Rating
from kiosk.rules.identity import is_phone
from kiosk.view import Identity, ScreenName, view_of
from pad.indicators import Catalogue
from pad.model import Matter, Rater
from pad.settings import Identity as Asked
from tests.kiosk.trace import Trace

NONE = Catalogue("none", ())
PHONE = "13812345678"


def rating() -> Trace:
    return Trace().invite().tap(4)


def asked() -> Trace:
    return rating().do(TurnTo(Page.IDENTITY))


def type_digits(trace: Trace, digits: str) -> Trace:
    return trace.do(*map(PressDigit, digits), after=0.1)


def phase_of(trace: Trace) -> Rating:
    phase = trace.phase()
    assert isinstance(phase, Rating)
    return phase


def shown(trace: Trace) -> Identity:
    identity = view_of(trace.session, NONE).identity
    assert identity is not None
    return identity


def test_a_number_typed_and_kept_goes_with_the_rating_and_the_page_goes_back() -> None:
    trace = type_digits(asked(), PHONE).do(GivePhone())
    assert view_of(trace.session, NONE).screen is ScreenName.REASONS
    assert trace.do(Submit()).saved().rater == Rater(mobile=PHONE)


def test_the_number_is_on_disk_with_the_draft_as_soon_as_it_is_kept() -> None:
    trace = type_digits(asked(), PHONE).do(GivePhone())
    assert isinstance(trace.effects[-1], KeepDraft)
    assert trace.effects[-1].rater.mobile == PHONE


def test_a_number_typed_but_not_kept_is_nobodys() -> None:
    trace = type_digits(asked(), PHONE).do(TurnTo(Page.REASONS), Submit())
    assert trace.saved().rater == Rater()


def test_what_was_typed_is_gone_when_the_page_is_left() -> None:
    trace = type_digits(asked(), "138").do(TurnTo(Page.REASONS), TurnTo(Page.IDENTITY))
    assert phase_of(trace).phone == ""


@pytest.mark.parametrize(("typed", "seen"), [("138", "138"), ("1381", "138•"), (PHONE, "138••••5678")])
def test_a_number_is_masked_while_it_is_typed(typed: str, seen: str) -> None:
    assert shown(type_digits(asked(), typed)).phone == seen


def test_no_view_ever_holds_what_is_masked() -> None:
    trace = type_digits(asked(), PHONE)
    assert PHONE not in repr(view_of(trace.session, NONE))
    trace.do(GivePhone(), TurnTo(Page.IDENTITY), CardRead("欧阳明月", "50022219900101123X"))
    seen = repr(view_of(trace.session, NONE))
    assert not any(secret in seen for secret in (PHONE, "欧阳明月", "50022219900101123X", "1234567"))
    assert shown(trace).given == "欧•••  138••••5678"


def test_no_event_or_phase_prints_what_it_holds_of_a_person() -> None:
    trace = type_digits(asked(), PHONE)
    trace.do(CardRead("欧阳明月", "50022219900101123X"))
    printed = repr((PressDigit("7"), CardRead("欧阳明月", "500"), trace.session, trace.effects))
    assert not any(secret in printed for secret in ("'7'", "欧阳明月", "50022219900101123X", PHONE))


def test_a_card_gives_name_and_number_of_the_identity_card() -> None:
    trace = asked().do(CardRead("王芳", "50022219900101123X"), Submit())
    assert trace.saved().rater == Rater(name="王芳", credit_type="111", cert_key="50022219900101123X")


def test_a_card_that_nobody_asked_for_is_not_read_into_the_rating() -> None:
    card = CardRead("王芳", "50022219900101123X")
    assert Trace().unchanged_by(card)
    assert Trace().invite().unchanged_by(card)
    assert rating().unchanged_by(card)


def test_what_was_given_can_be_forgotten_again() -> None:
    trace = type_digits(asked(), PHONE).do(GivePhone(), TurnTo(Page.IDENTITY), ForgetIdentity())
    assert shown(trace).given == ""
    assert trace.do(Submit()).saved().rater == Rater()


def test_forgetting_keeps_what_the_clerks_system_had_said() -> None:
    known = Rater(name="李雷")
    trace = Trace().do(Invite("v1", Matter(project_no="P1"), rater=known)).tap(4)
    trace.do(TurnTo(Page.IDENTITY))
    assert shown(trace).given == "", "what the system knows is not for the screen"
    type_digits(trace, PHONE).do(GivePhone(), TurnTo(Page.IDENTITY), ForgetIdentity(), Submit())
    assert trace.saved().rater == known


def test_where_the_city_does_not_ask_there_is_no_such_page() -> None:
    trace = Trace(identity=Asked.OFF).invite().tap(4)
    assert trace.unchanged_by(TurnTo(Page.IDENTITY))
    assert view_of(trace.session, NONE).identity is None


def test_digits_are_erased_one_by_one_or_all() -> None:
    trace = type_digits(asked(), "1381")
    assert phase_of(trace.do(EraseDigits())).phone == "138"
    assert phase_of(trace.do(EraseDigits(everything=True))).phone == ""


def test_what_is_no_digit_or_too_many_is_nothing() -> None:
    assert asked().unchanged_by(PressDigit("x"), PressDigit("\u0661"), PressDigit("12"), PressDigit(""))
    assert type_digits(asked(), "1" * 12).unchanged_by(PressDigit("1"))


@pytest.mark.parametrize("digits", ["13812345678", "19900000000", "02348660000", "07558888888", "0234866000"])
def test_numbers_that_can_be_called(digits: str) -> None:
    assert is_phone(digits)


@pytest.mark.parametrize("digits", ["", "1381234567", "138123456789", "12812345678", "023486600", "48660000"])
def test_numbers_that_cannot(digits: str) -> None:
    assert not is_phone(digits)
    assert type_digits(asked(), digits).unchanged_by(GivePhone())


def test_writing_who_one_is_gives_new_time() -> None:
    trace = asked()
    for digit in PHONE:
        trace.do(PressDigit(digit), after=20)
    assert isinstance(trace.phase(), Rating)


def test_the_next_person_finds_nothing_of_the_one_before() -> None:
    trace = type_digits(asked(), PHONE).do(GivePhone(), Submit()).stored().pass_time(10)
    trace.invite("v2", "P2").tap(4).do(TurnTo(Page.IDENTITY))
    assert shown(trace) == Identity()
    assert PHONE not in repr(trace.session)
    assert phase_of(trace).rater == Rater()
