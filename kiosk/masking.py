"""Personal data as a screen may show them (art. 13): enough to recognise as one's own, no more."""

from __future__ import annotations

from typing import Final

_HIDDEN: Final = "•"
_SHOWN_AT_FRONT: Final = 3
_SHOWN_AT_END: Final = 4


def masked_phone(digits: str) -> str:
    """A phone number, also while it is being typed: the first three and the last four digits show.

    >>> masked_phone("13812345678"), masked_phone("13812")
    ('138••••5678', '138••')
    """
    end = max(_SHOWN_AT_FRONT, 11 - _SHOWN_AT_END)
    return "".join(_HIDDEN if _SHOWN_AT_FRONT <= place < end else digit for place, digit in enumerate(digits))


def masked_name(name: str) -> str:
    """A name: its first character, and that there are more.

    >>> masked_name("欧阳明月")
    '欧•••'
    """
    return name[:1] + _HIDDEN * (len(name) - 1)
