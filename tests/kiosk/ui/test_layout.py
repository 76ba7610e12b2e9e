"""Where things stand: nothing overlaps or leaves the window, at every size, on every screen."""

from __future__ import annotations

from itertools import combinations

import pytest

from kiosk.ui import layout
from kiosk.ui.layout import ORDER, Box
from pad.codes import Level

SIZES = [(1280, 800), (1024, 600), (1920, 1080), (800, 1280), (600, 1024)]
FINGER = 36
"""Pixels a target must have each way, on the smallest of the windows too."""

every_size = pytest.mark.parametrize(("width", "height"), SIZES)


def assert_apart(boxes: dict[str, Box], window: Box) -> None:
    for name, box in boxes.items():
        assert box.width > 0, name
        assert box.height > 0, name
        assert box.left >= window.left - 0.5, name
        assert box.top >= window.top - 0.5, name
        assert box.right <= window.right + 0.5, name
        assert box.bottom <= window.bottom + 0.5, name
    for (one, here), (other, there) in combinations(boxes.items(), 2):
        assert not here.overlaps(there), f"{one} over {other}"


def assert_touchable(boxes: dict[str, Box]) -> None:
    for name, box in boxes.items():
        assert min(box.width, box.height) >= FINGER, name


def head(width: int, height: int) -> dict[str, Box]:
    frame = layout.frame(width, height)
    return {"hall": frame.hall, "clock": frame.clock, "language": frame.language}


def faces(boxes: dict[Level, Box]) -> dict[str, Box]:
    return {f"face-{level.value}": box for level, box in boxes.items()}


@every_size
def test_the_head_keeps_clear_of_the_body(width: int, height: int) -> None:
    frame = layout.frame(width, height)
    assert_apart(head(width, height) | {"body": frame.body}, frame.window)
    assert_touchable({"language": frame.language})


@every_size
def test_the_invitation(width: int, height: int) -> None:
    boxes = layout.invitation(width, height)
    touched = faces(boxes.faces) | {"withdraw": boxes.withdraw}
    said = {"title": boxes.title, "matter": boxes.matter, "number": boxes.number, "staff": boxes.staff}
    assert_apart(
        head(width, height) | said | touched | {"ring": boxes.ring}, layout.frame(width, height).window
    )
    assert_touchable(touched)


@every_size
def test_five_faces_stand_from_very_satisfied_to_very_dissatisfied_and_none_is_favoured(
    width: int, height: int
) -> None:
    boxes = layout.invitation(width, height).faces
    assert list(boxes) == list(ORDER) == [Level(5), Level(4), Level(3), Level(2), Level(1)]
    lefts = [box.left for box in boxes.values()]
    assert lefts == sorted(lefts)
    assert len({(round(box.width, 6), box.height, box.top) for box in boxes.values()}) == 1


@every_size
@pytest.mark.parametrize(("indicators", "has_more"), [(0, False), (3, True), (3, False), (8, False)])
def test_the_reasons_page(width: int, height: int, indicators: int, has_more: bool) -> None:
    boxes = layout.reasons(width, height, indicators, has_more=has_more)
    touched = faces(boxes.faces) | {
        "comment": boxes.comment,
        "withdraw": boxes.withdraw,
        "decline": boxes.decline,
        "submit": boxes.submit,
        **{f"indicator-{n}": box for n, box in enumerate(boxes.indicators)},
    }
    if boxes.more is not None:
        touched["more"] = boxes.more
    said = {"chosen": boxes.chosen, "hint": boxes.hint, "counter": boxes.counter, "ring": boxes.ring}
    assert len(boxes.indicators) == indicators
    assert (boxes.more is not None) is has_more
    assert_apart(head(width, height) | said | touched, layout.frame(width, height).window)
    assert_touchable(touched)


@every_size
def test_a_message(width: int, height: int) -> None:
    boxes = layout.message(width, height)
    said = {"sign": boxes.sign, "title": boxes.title, "text": boxes.text}
    assert_apart(head(width, height) | said, layout.frame(width, height).window)


@every_size
@pytest.mark.parametrize("has_card", [True, False])
def test_the_window_at_rest(width: int, height: int, has_card: bool) -> None:
    boxes = layout.resting(width, height, has_card=has_card)
    said = faces(boxes.faces) | {"title": boxes.title, "text": boxes.text, "notice": boxes.notice}
    if has_card:
        said["card"] = boxes.card
        assert boxes.card.left <= boxes.photo.left
        assert boxes.photo.right <= boxes.card.right
        assert boxes.card.top <= boxes.photo.top
        assert boxes.photo.bottom <= boxes.card.bottom
    assert_apart(head(width, height) | said, layout.frame(width, height).window)
