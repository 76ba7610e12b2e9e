"""JSON as a strict platform reads it: UTF-8, no lone surrogates, no NaN, not nested past measure."""

from __future__ import annotations

import json


def loads(data: bytes) -> object:
    """The value, which can be written as UTF-8 again.

    :raises ValueError: if it is no such JSON
    """
    try:
        value: object = json.loads(data.decode(), parse_constant=_refuse)
        if b"\\u" in data:  # only an escape can name half of a surrogate pair
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
