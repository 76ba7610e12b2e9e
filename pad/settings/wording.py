"""What a setting may be, in a technician's words: from its type, its bounds, and its own description."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import Meta

_NAMES: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def in_words(kind: Any) -> str:
    """What is allowed; ``kind`` is the type as it stands in the table."""
    metas = [each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Meta)]
    plain = get_args(kind)[0] if metas else kind
    for meta in metas:
        if meta.description:
            return meta.description
    if get_origin(plain) in (Union, UnionType):
        return " or ".join(in_words(each) for each in get_args(plain) if each is not NoneType)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return "one of " + ", ".join(f'"{each}"' for each in plain)
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return "a table"
    if get_origin(plain) in (list, tuple):
        return "a list"
    if isinstance(get_origin(plain), type) and issubclass(get_origin(plain), Mapping):
        return "a table"
    return _NAMES.get(plain, "another kind of value") + "".join(map(_bounds, metas))


def _bounds(meta: Meta) -> str:
    if meta.pattern is not None:
        return f" that matches {meta.pattern}"
    if meta.min_length is not None or meta.max_length is not None:
        return f" of {_number(meta.min_length or 0)} to {_number(meta.max_length)} characters"
    said = [
        f" {word} {_number(bound)}"
        for word, bound in (("from", meta.ge), ("above", meta.gt), ("to", meta.le), ("below", meta.lt))
        if bound is not None
    ]
    return "".join(said)


def _number(bound: float | None) -> str:
    if bound is None:
        return "any number of"
    return str(int(bound)) if bound == int(bound) else str(bound)
