"""The screens as they were looked at and approved (``python -m tools.screenshots --approve``)."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from tools.screenshots import APPROVED, COMPARED, photograph_apart, small

pytestmark = pytest.mark.window

ALIKE = 24
"""Of 255: what two blurred pictures may differ in a place without anybody seeing it."""
SHARE = 0.002
"""The share of places that may differ more: edges of letters, drawn by another graphics driver."""


def difference(one: Image.Image, other: Image.Image) -> float:
    """The share of a picture's places in which somebody sees a difference."""
    if one.size != other.size:
        return 1.0
    blurred = [image.convert("RGB").filter(ImageFilter.GaussianBlur(1.2)) for image in (one, other)]
    differs = ImageChops.difference(*blurred)
    worst = ImageChops.lighter(ImageChops.lighter(*differs.split()[:2]), differs.split()[2])
    seen = worst.point(lambda value: 255 * (value > ALIKE)).histogram()[255]
    return seen / (one.width * one.height)


@pytest.mark.parametrize(("size", "variant"), COMPARED)
def test_every_screen_is_as_it_was_approved(
    tmp_path: Path, size: tuple[int, int, float], variant: str
) -> None:
    photograph_apart(size, tmp_path, [variant])
    approved = APPROVED / f"{size[0]}x{size[1]}.{variant}"
    names = {file.stem for file in approved.glob("*.png")}
    assert {file.name.split(".")[1] for file in tmp_path.glob("*.png")} == names
    assert len(names) == 27
    differing = {}
    for name in sorted(names):
        with Image.open(approved / f"{name}.png") as before:
            share = difference(small(tmp_path / f"{variant}.{name}.png"), before)
        if share > SHARE:
            differing[name] = f"{share:.2%}"
    assert not differing, "look at them, and approve them if they are right"


@pytest.mark.parametrize(("size", "variant"), COMPARED)
def test_the_codes_are_read_off_the_glass_also_with_half_the_pixels(
    tmp_path: Path, size: tuple[int, int, float], variant: str
) -> None:
    """As a telephone sees them from afar, and not quite sharp."""
    photograph_apart(size, tmp_path, [variant])
    for name in ("invitation", "invitation-long", "idle", "serving"):
        with Image.open(tmp_path / f"{variant}.{name}.png") as picture:
            half = picture.resize((picture.width // 2, picture.height // 2)).filter(
                ImageFilter.GaussianBlur(0.5)
            )
            for seen in (picture, half):
                (code,) = zxingcpp.read_barcodes(seen)
                assert code.text.startswith("https://hcp.example.gov.cn/r/"), name


def test_a_word_less_or_another_face_is_seen() -> None:
    folder = APPROVED / "1280x800.zh_CN"
    with Image.open(folder / "invitation.png") as image:
        right = image.convert("RGB")
    column = right.width // 5
    wordless = right.copy()
    wordless.paste((255, 255, 255), (8, 153, column - 4, 166))
    assert difference(wordless, right) > SHARE
    swapped = right.copy()
    swapped.paste(right.crop((2, 96, column - 2, 150)), (column + 2, 96))
    assert difference(swapped, right) > SHARE
    assert difference(right, right) == 0
