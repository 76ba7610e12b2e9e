"""Only two fingers on opposite corners are the technician's sign."""

from __future__ import annotations

import pytest

from kiosk.ui.corners import are_opposite, corner_of

AT = {"bottom left": (5, 5), "bottom right": (1270, 5), "top left": (5, 790), "top right": (1270, 790)}


def corners(*places: tuple[int, int]) -> list[tuple[int, int] | None]:
    return [corner_of(x, y, 1280, 800) for x, y in places]


@pytest.mark.parametrize(("one", "other"), [("bottom left", "top right"), ("top left", "bottom right")])
def test_opposite_corners(one: str, other: str) -> None:
    assert are_opposite(corners(AT[one], AT[other]))
    assert are_opposite(corners(AT[other], AT[one]))


@pytest.mark.parametrize(
    ("one", "other"), [("bottom left", "bottom right"), ("top left", "bottom left"), ("top left", "top left")]
)
def test_neighbours_are_none(one: str, other: str) -> None:
    assert not are_opposite(corners(AT[one], AT[other]))


def test_one_finger_or_three_or_a_palm_are_none() -> None:
    assert not are_opposite(corners(AT["top left"]))
    assert not are_opposite(corners(*AT.values()))
    assert not are_opposite(corners(AT["top left"], AT["bottom right"], (640, 400)))


def test_an_edge_or_the_middle_is_no_corner() -> None:
    assert corners((640, 5), (5, 400), (640, 400)) == [None, None, None]
