"""What a setting may be, in a technician's words: from its type, its bounds, and its own description.

Each phrase goes through ``say``, so that the settings' reference can have it in another language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

_NAMES: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
Say = Callable[[str], str]


def in_words(kind: Any, say: Say = str) -> str:
    """What is allowed; ``kind`` is the type as it stands in the table."""
    metas = [each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Meta)]
    plain = get_args(kind)[0] if metas else kind
    for meta in metas:
        if meta.description:
            return say(meta.description)
    return _of_type(plain, say) + "".join(_bounds(meta, say) for meta in metas)


def _of_type(plain: Any, say: Say) -> str:
    arguments = get_args(plain)
    if get_origin(plain) in (Union, UnionType):
        return say(" or ").join(in_words(each, say) for each in arguments if each is not NoneType)
    if get_origin(plain) is Literal:
        return _one_of(arguments, say)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return _one_of(tuple(plain), say)
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return say("a table")
    if get_origin(plain) in (list, tuple):
        return say("a list; each {entry}").format(entry=in_words(arguments[0], say))
    if isinstance(get_origin(plain), type) and issubclass(get_origin(plain), Mapping):
        return say("a table; each {entry}").format(entry=in_words(arguments[1], say))
    return say(_NAMES.get(plain, "another kind of value"))


def _one_of(values: tuple[object, ...], say: Say) -> str:
    return say("one of {values}").format(values=say(", ").join(f'"{each}"' for each in values))


def _bounds(meta: Meta, say: Say) -> str:
    if meta.pattern is not None:
        return say(" that matches {pattern}").format(pattern=meta.pattern)
    if meta.max_length is not None:
        low, high = meta.min_length or 0, meta.max_length
        return say(" of {low} to {high} characters").format(low=low, high=high)
    said = [
        say(phrase).format(bound=_number(bound))
        for phrase, bound in (
            (" from {bound}", meta.ge),
            (" above {bound}", meta.gt),
            (" to {bound}", meta.le),
            (" below {bound}", meta.lt),
        )
        if bound is not None
    ]
    return "".join(said)


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
