"""The rating model and its codes: every rule of domain §3."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pad import codes
from pad.codes import Level, Pf
from pad.model import (
    CHINA_TIME,
    Completion,
    Draft,
    FinishedRating,
    InputDevice,
    Instant,
    Matter,
    Rater,
    Visit,
    iso_time,
    parse_iso_time,
    wire_time,
)

NOW = Instant(datetime(2026, 3, 2, 9, 30, 1, 500_000, CHINA_TIME), "boot", 1, trusted=True)


def finished(level: int = 2, indicators: tuple[str, ...] = (), comment: str = "") -> FinishedRating:
    visit = Visit("v", Matter(project_no="P"), NOW, 60)
    draft = Draft("v", Level(level), InputDevice.TOUCH, NOW, 10)
    return FinishedRating(visit, draft, indicators, comment, Completion.SUBMITTED, NOW, 20)


def test_the_levels_have_the_wires_numbers_and_two_are_bad() -> None:
    assert [level.value for level in Level] == [1, 2, 3, 4, 5]
    assert [level for level in Level if level.is_bad] == [1, 2]


def test_a_task_handle_item_carries_its_task_code() -> None:
    item = "1" * 31 + "AB"
    assert codes.split_task_code(item) == ("1" * 31, item)
    assert codes.split_task_code("1" * 31) == ("1" * 31, "")


@pytest.mark.parametrize("given", ["", "1" * 30, "1" * 32, "1" * 34, "事" * 31, "1" * 30 + "-"])
def test_a_task_code_of_another_form_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="31"):
        codes.split_task_code(given)


def test_a_short_area_code_is_padded() -> None:
    assert codes.area_code("500110") == "500110000000"
    assert codes.area_code("500110001002") == "500110001002"


@pytest.mark.parametrize("given", ["", "50011", "5001100", "50011000000a", "\uff15" * 6])
def test_an_area_code_of_another_form_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="12 digits"):
        codes.area_code(given)


@pytest.mark.parametrize("given", ["", "1" * 17, "1" * 19, "a" * 18])
def test_a_department_code_of_another_form_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="18"):
        codes.dept_code(given)


def test_an_indicators_first_digit_is_its_level() -> None:
    assert codes.indicator_level("510") is Level.VERY_SATISFIED
    for wrong in ("", "610", "010", "5x", "5"):
        with pytest.raises(ValueError, match="indicator code"):
            codes.indicator_level(wrong)


def test_the_code_tables_are_the_national_ones() -> None:
    assert set(codes.USER_PROP) == {"1", "2", "3", "4", "5", "6", "9"}
    assert set(codes.PRO_STATUS) == {"1", "2", "3"}
    assert set(codes.DOCUMENT_TYPE) == {"111", "001", "414", "511", "516", "821", "999"}
    assert set(codes.TASK_TYPE) == {"01", "05", "07", "08", "09", "10", "20", "99"}


def test_the_input_device_decides_the_channel() -> None:
    assert {device: device.pf for device in InputDevice} == {
        InputDevice.TOUCH: Pf.HALL_TABLET,
        InputDevice.KEYPAD: Pf.HALL_TERMINAL,
    }


def test_a_rating_takes_indicators_of_its_level_only_and_each_once() -> None:
    assert finished(2, ("207", "214")).reason_given
    for wrong in (("510",), ("207", "207")):
        with pytest.raises(ValueError, match="indicator"):
            finished(2, wrong)


def test_a_rating_keeps_the_lengths() -> None:
    with pytest.raises(ValueError, match="500"):
        finished(comment="字" * 501)
    with pytest.raises(ValueError, match="200"):
        finished(2, tuple(f"2{number:03}" for number in range(45)))


def test_no_reason_is_a_rating_all_the_same() -> None:
    assert not finished(1).reason_given
    assert finished(1, comment="慢").reason_given


def test_times_are_chinas_whatever_zone_they_come_in() -> None:
    moment = datetime(2026, 3, 2, 1, 30, 1, 500_000, UTC)
    assert iso_time(moment) == "2026-03-02T09:30:01.500+08:00"
    assert wire_time(moment) == "2026-03-02 09:30:01"
    assert parse_iso_time(iso_time(moment)) == moment
    with pytest.raises(ValueError, match="offset"):
        parse_iso_time("2026-03-02T09:30:01")


def test_a_person_is_never_shown_by_repr() -> None:
    person = Rater(name="张三", mobile="13800000000", cert_key="110101199003070134")
    visit = replace(finished().visit, rater=person)
    assert "张三" not in repr(visit)
    assert "138" not in repr(visit)
    assert person
    assert not Rater()
