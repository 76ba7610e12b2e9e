"""A clerk's photo as the screen needs it: small, so that drawing it holds up no finger."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

SIDE_MAX: Final = 480
"""Pixels; more than any card shows."""
PIXELS_MAX: Final = 50_000_000
"""A picture that unpacks to more is no photo."""

_DAMAGED: Final = (
    UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError,
    SyntaxError, ValueError, EOFError,
)  # fmt: skip
"""What Pillow raises on pictures that are none, or too many."""


def small(photo: bytes) -> bytes:
    """The photo at most ``SIDE_MAX`` wide and high, as PNG; nothing if it cannot be read.

    A card without a photo is still a card, so a damaged one is no error. Not for the UI thread.
    """
    if not photo:
        return b""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(photo), formats=("JPEG", "PNG")) as image:
                if image.width * image.height > PIXELS_MAX:
                    return b""
                image.draft("RGB", (SIDE_MAX, SIDE_MAX))
                image.thumbnail((SIDE_MAX, SIDE_MAX))
                out = BytesIO()
                image.convert("RGB").save(out, "PNG", compress_level=1)
                return out.getvalue()
    except _DAMAGED:
        return b""
