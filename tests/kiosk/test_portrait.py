"""A clerk's photo, whatever a business system sends."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image

from kiosk.portrait import SIDE_MAX, small


def photo(kind: str, width: int, height: int, mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot((width, height), (-2, -1, 1, 1), 50).convert(mode).save(out, kind)
    return out.getvalue()


def size_of(picture: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(picture)) as image:
        return image.size


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photo_becomes_small_and_keeps_its_shape(kind: str) -> None:
    assert size_of(small(photo(kind, 2400, 3000))) == (384, SIDE_MAX)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_a_small_one_stays_as_large_as_it_is_whatever_its_colours(mode: str) -> None:
    assert size_of(small(photo("PNG", 90, 120, mode))) == (90, 120)


def test_none_stays_none() -> None:
    assert small(b"") == b""


def test_a_damaged_one_or_another_kind_is_none() -> None:
    whole = photo("JPEG", 300, 400)
    assert small(whole[:200]) == b""
    assert small(b"\xff\xd8\xff" + b"no picture" * 50) == b""
    assert small(photo("GIF", 30, 40)) == b""


def test_one_that_would_fill_the_memory_is_none() -> None:
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 1_000_000
    assert small(out.getvalue()) == b""


def test_no_damage_raises() -> None:
    whole = bytearray(photo("PNG", 60, 80))
    for seed in range(300):
        chance = random.Random(seed)
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        small(bytes(broken[: chance.randrange(8, len(broken) + 1)]))
