"""Bytes cut into portions as a line might bring them: what every codec is fed with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from hypothesis import strategies as st

from kiosk.drivers.codec import Codec

E = TypeVar("E")


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """``data`` in portions of these sizes, over and over; whole if there are none."""
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)] if sizes else len(data)
        yield data[at : at + size]
        at, turn = at + size, turn + 1


SIZES = st.lists(st.integers(1, 40), max_size=6)


def heard(codec: Codec[E], data: bytes, sizes: list[int] | None = None, at_ns: int = 0) -> list[E]:
    """The events of bytes that come in portions, all at one moment."""
    return [event for part in cut(data, sizes or []) for event in codec.feed(part, at_ns).events]


def errors(codec: Codec[E], data: bytes) -> int:
    """How many errors bytes are."""
    return codec.feed(data, 0).errors
