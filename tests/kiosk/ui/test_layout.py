"""Where things stand: nothing overlaps or leaves the window, whatever the glass and however it is worn."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import TOUCH_MM, Form
from kiosk.ui.layout.frame import frame
from kiosk.ui.layout.invitation import ORDER, FaceBox, invitation
from kiosk.ui.layout.reasons import page_of, reasons
from kiosk.ui.layout.resting import Shown, message, resting, technician
from kiosk.ui.layout.typing import keyboard, number_page
from pad.codes import Level

GLASSES = [(1280, 800, 10.1), (1024, 600, 10.1), (1920, 1080, 15.6), (800, 1280, 10.1), (600, 1024, 10.1)]
FORMS = [
    Form(width, height, inches, big, low)
    for (width, height, inches), big, low in product(GLASSES, (False, True), (False, True))
]
every_form = pytest.mark.parametrize("form", FORMS, ids=str)


def assert_apart(form: Form, boxes: dict[str, Box]) -> None:
    window = Box(0, 0, form.width, form.height)
    for name, box in boxes.items():
        assert box.width > 0, name
        assert box.height > 0, name
        assert window.holds(box), name
    for (one, here), (other, there) in combinations(boxes.items(), 2):
        assert not here.overlaps(there), f"{one} over {other}"


def assert_touchable(form: Form, boxes: dict[str, Box]) -> None:
    least = TOUCH_MM * form.pixels_per_mm - 0.5
    for name, box in boxes.items():
        assert min(box.width, box.height) >= least, name


def assert_within_reach(form: Form, boxes: dict[str, Box]) -> None:
    if form.low:
        for name, box in boxes.items():
            assert box.top >= form.height / 3 - 0.5, name


def around(form: Form) -> dict[str, Box]:
    boxes = frame(form)
    return {"head": boxes.head, "language": boxes.language, "big": boxes.big, "low": boxes.low}


def buttons(boxes: dict[Level, FaceBox]) -> dict[str, Box]:
    return {f"face-{level.value}": box.button for level, box in boxes.items()}


@every_form
def test_head_body_and_foot_keep_apart(form: Form) -> None:
    boxes = frame(form)
    assert_apart(form, around(form) | {"body": boxes.body, "actions": boxes.actions})
    assert_apart(form, {"hall": boxes.hall, "clock": boxes.clock})
    modes = {"language": boxes.language, "big": boxes.big, "low": boxes.low}
    assert_touchable(form, modes)
    assert_within_reach(form, modes)


@every_form
@pytest.mark.parametrize("has_code", [True, False])
def test_the_invitation(form: Form, has_code: bool) -> None:
    boxes = invitation(form, has_code=has_code)
    touched = buttons(boxes.faces) | {"withdraw": boxes.withdraw}
    said = {"title": boxes.title, "card": boxes.card, "ring": boxes.ring}
    if boxes.qr is not None and boxes.caption is not None:
        said |= {"qr": boxes.qr, "caption": boxes.caption}
    assert (boxes.qr is not None) is has_code
    assert_apart(form, around(form) | said | touched)
    assert_apart(form, {"matter": boxes.matter, "staff": boxes.staff, "number": boxes.number})
    assert all(boxes.card.holds(box) for box in (boxes.matter, boxes.staff, boxes.number))
    assert_touchable(form, touched)
    assert_within_reach(form, touched)


@every_form
def test_the_code_is_forty_millimetres_wide_or_as_much_as_its_place_allows(form: Form) -> None:
    boxes = invitation(form, has_code=True)
    assert boxes.qr is not None
    assert boxes.qr.width >= min(40 * form.pixels_per_mm, 32 * form.unit)
    assert boxes.qr.width == pytest.approx(boxes.qr.height)


@every_form
def test_a_face_and_its_word_stand_in_their_button(form: Form) -> None:
    for each in (invitation(form, has_code=True).faces, reasons(form, 6).faces):
        for box in each.values():
            assert box.button.holds(box.face)
            assert box.button.holds(box.word)
            assert not box.face.overlaps(box.word)


@every_form
def test_five_faces_stand_from_very_satisfied_to_very_dissatisfied_and_none_is_favoured(form: Form) -> None:
    boxes = invitation(form, has_code=True).faces
    assert list(boxes) == list(ORDER) == [Level(5), Level(4), Level(3), Level(2), Level(1)]
    places = [(round(box.button.top), round(box.button.left)) for box in boxes.values()]
    assert places == sorted(places)
    assert len({(round(box.button.width, 4), round(box.button.height, 4)) for box in boxes.values()}) == 1
    assert len({(round(box.face.width, 4), round(box.face.height, 4)) for box in boxes.values()}) == 1


@every_form
@pytest.mark.parametrize("entries", [1, 2, 6, 10])
def test_the_reasons_page(form: Form, entries: int) -> None:
    boxes = reasons(form, entries)
    touched = buttons(boxes.faces) | {
        "withdraw": boxes.withdraw,
        "decline": boxes.decline,
        "submit": boxes.submit,
        **{f"cell-{n}": box for n, box in enumerate(boxes.cells)},
    }
    said = {"chosen": boxes.chosen, "hint": boxes.hint, "ring": boxes.ring}
    assert_apart(form, around(form) | said | touched)
    assert_touchable(form, touched)
    assert_within_reach(form, touched)
    assert len(boxes.cells) == entries or len(boxes.cells) >= 3, "three reasons are seen at once, or paged"


@pytest.mark.parametrize("room", [2, 3, 4, 6, 9])
def test_every_entry_is_on_some_page_and_none_on_two(room: int) -> None:
    entries = list(range(10))
    seen: list[int] = []
    for number in range(20):
        shown, turns = page_of(entries, room, number)
        assert turns
        assert len(shown) <= room - 1
        seen.extend(shown)
        if len(seen) >= len(entries):
            break
    assert seen == entries


def test_what_fits_on_one_page_has_no_other() -> None:
    assert page_of("abc", 3, 0) == (("a", "b", "c"), False)


@every_form
def test_the_keyboard(form: Form) -> None:
    boxes = keyboard(form)
    keys = {f"key-{letter}": box for letter, box in boxes.letters.items()} | {
        "script": boxes.script, "comma": boxes.comma, "space": boxes.space, "stop": boxes.stop,
        "erase": boxes.erase, "previous": boxes.previous, "following": boxes.following,
    }  # fmt: skip
    assert sorted(boxes.letters) == sorted("abcdefghijklmnopqrstuvwxyz")
    said = {"text": boxes.text, "count": boxes.count, "offered": boxes.offered, "ring": boxes.ring}
    assert_apart(form, around(form) | keys | said | {"done": boxes.done})
    assert_within_reach(form, keys)
    assert_touchable(form, {"done": boxes.done})
    # a keyboard has more rows than the smallest glass has room for at 15 mm
    assert min(min(box.width, box.height) for box in keys.values()) >= 12 * form.pixels_per_mm


@every_form
def test_the_number_pad(form: Form) -> None:
    boxes = number_page(form, 3)
    touched = {f"digit-{key}": box for key, box in boxes.digits.items()}
    touched |= {f"action-{at}": box for at, box in enumerate(boxes.actions)}
    said = {
        "title": boxes.title, "text": boxes.text, "given": boxes.given, "shown": boxes.shown,
        "ring": boxes.ring,
    }  # fmt: skip
    assert_apart(form, around(form) | touched | said)
    assert_touchable(form, touched)
    assert_within_reach(form, touched)


@every_form
def test_a_message(form: Form) -> None:
    boxes = message(form)
    assert_apart(form, around(form) | {"sign": boxes.sign, "title": boxes.title, "text": boxes.text})


@every_form
@pytest.mark.parametrize("shown", [Shown(*each) for each in product((False, True), repeat=4)], ids=str)
def test_the_window_at_rest(form: Form, shown: Shown) -> None:
    boxes = resting(form, shown)
    named = {
        "panel": boxes.panel, "card": boxes.card, "code": boxes.code, "figures": boxes.figures,
        "notice": boxes.notice,
    }  # fmt: skip
    there = {name: box for name, box in named.items() if box is not None}
    assert set(there) - {"panel"} == {
        name for name in ("card", "code", "figures", "notice") if getattr(shown, name)
    }
    assert_apart(form, around(form) | there)
    inside = {"title": boxes.title, "text": boxes.text} | ({"faces": boxes.faces} if boxes.faces else {})
    assert_apart(form, inside)
    assert all(boxes.panel.holds(box) for box in inside.values())
    if boxes.code is not None and boxes.qr is not None and boxes.caption is not None:
        assert boxes.code.holds(boxes.qr)
        assert boxes.code.holds(boxes.caption)
        assert not boxes.qr.overlaps(boxes.caption)


@every_form
def test_the_technicians_page(form: Form) -> None:
    boxes = technician(form)
    named = {f"column-{at}": box for at, box in enumerate(boxes.columns)}
    touched = {f"action-{at}": box for at, box in enumerate(boxes.actions)}
    assert_apart(form, around(form) | named | touched | {"title": boxes.title})
    assert_touchable(form, touched)


def test_what_is_touched_is_15_mm_on_the_real_glass() -> None:
    form = Form(1280, 800, 10.1)
    assert form.pixels_per_mm == pytest.approx(5.88, abs=0.01)
    assert form.tap / form.pixels_per_mm >= 15
