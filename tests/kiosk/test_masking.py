"""What a screen may show of a person."""

from __future__ import annotations

import pytest

from kiosk.masking import masked_name, masked_phone


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("", ""),
        ("138", "138"),
        ("1381", "138•"),
        ("1381234", "138••••"),
        ("13812345", "138••••5"),
        ("13812345678", "138••••5678"),
        ("075588888888", "075••••88888"),
    ],
)
def test_a_phone_number_shows_its_ends_alone(digits: str, shown: str) -> None:
    assert masked_phone(digits) == shown


@pytest.mark.parametrize(
    ("name", "shown"), [("", ""), ("王", "王"), ("王芳", "王•"), ("欧阳明月", "欧•••"), ("𠮷野", "𠮷•")]
)
def test_a_name_shows_its_first_character_alone(name: str, shown: str) -> None:
    assert masked_name(name) == shown
