"""The code that enrols a pad: what is one, and what is said of what is none."""

from __future__ import annotations

import pytest

from pad.enrolment import Enrolment, EnrolmentError, is_enrolment, parse

GOOD = "pad-enrol:?platform=https%3A%2F%2Fhcp.example.gov.cn%2Fgateway&code=ABCD-EFGH"


def test_a_code_names_the_platform_and_what_lets_the_pad_in() -> None:
    assert parse(GOOD) == Enrolment("https://hcp.example.gov.cn/gateway", "ABCD-EFGH")


def test_the_code_itself_is_in_no_repr() -> None:
    assert "ABCD" not in repr(parse(GOOD))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://hcp.example.gov.cn", "is not pad-enrol"),
        ("pad-enrol:", "is not pad-enrol"),
        ("pad-enrol:?code=ABCD-EFGH", "is not pad-enrol"),
        (GOOD + "&code=OTHER-CODE", "is not pad-enrol"),
        ("other:" + GOOD.partition(":")[2], "is not pad-enrol"),
        (GOOD.replace("https", "ftp"), "https or http address"),
        (GOOD.replace("hcp.", "user:word@hcp."), "without a user"),
        (GOOD.replace("ABCD-EFGH", "AB"), "6 to 64 letters"),
        (GOOD.replace("ABCD-EFGH", "ABCD_EFGH"), "6 to 64 letters"),
        (GOOD + "&x=" + "a" * 500, "more than 512"),
        ("pad-enrol:?platform=https%3A%2F%2F[&code=ABCDEF", "is not pad-enrol"),
    ],
)
def test_what_is_none_says_what_is_wrong_and_repeats_nothing(text: str, said: str) -> None:
    with pytest.raises(EnrolmentError, match=said) as refused:
        parse(text)
    assert "ABCD" not in str(refused.value)
    assert "word" not in str(refused.value)


def test_it_is_known_by_its_beginning() -> None:
    assert is_enrolment(GOOD)
    assert is_enrolment("PAD-ENROL:nonsense")
    assert not is_enrolment("50011020261123000001")
