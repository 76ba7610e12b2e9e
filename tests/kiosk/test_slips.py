"""What a scanned code means: a plain number, an address or JSON that has one; nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.slips import LOOKED_AT_MAX, Slip, slip_of
from pad.settings import Scanner

DEFAULT = Scanner()


@pytest.mark.parametrize(
    "text",
    [
        "50011020261123000001",
        "https://zwfw.example.gov.cn/s?projectNo=50011020261123000001",
        "https://zwfw.example.gov.cn/s?a=1&project_no=50011020261123000001&b=2",
        "https://zwfw.example.gov.cn/#ywbh=50011020261123000001",
        '{"projectNo": "50011020261123000001"}',
        '{"name": "x", "ywbh": 50011020261123000001}',
    ],
)
def test_a_slip_carries_its_matters_number(text: str) -> None:
    assert slip_of(text, DEFAULT) == Slip("50011020261123000001")


@pytest.mark.parametrize(
    "text",
    ["", "你好", "https://example.com/", "12", '{"other": "50011020261123000001"}', "{", "[" * 500, "{}",
     '{"projectNo": true}',
     '{"projectNo": ["5001"]}', '{"projectNo": ""}', "WIFI:S:hall;P:secret;;"],
)  # fmt: skip
def test_what_carries_none_is_no_slip(text: str) -> None:
    assert slip_of(text, DEFAULT) is None


def test_a_citys_own_pattern_may_name_the_step_and_the_matter_too() -> None:
    pattern = r"^BJ\|(?P<project_no>[^|]+)\|(?P<service_number>\d+)\|(?P<task_name>[^|]+)$"
    slip = slip_of("BJ|A-17|3|居民身份证换领", Scanner(patterns=(pattern,)))
    assert slip == Slip("A-17", "3", "居民身份证换领")
    assert json.loads(slip.invitation()) == {
        "matter": {"project_no": "A-17", "service_number": "3", "task_name": "居民身份证换领"}
    }


def test_patterns_are_tried_in_their_order() -> None:
    patterns = (r"^A(?P<project_no>\d+)$", r"^(?P<project_no>\w+)$")
    assert slip_of("A17", Scanner(patterns=patterns)) == Slip("17")
    assert slip_of("B17", Scanner(patterns=patterns)) == Slip("B17")


def test_a_code_longer_than_any_slip_is_not_looked_at() -> None:
    assert slip_of("https://x?projectNo=12345678&" + "a" * LOOKED_AT_MAX, DEFAULT) is None


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    slip_of(text, DEFAULT)
