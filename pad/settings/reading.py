"""Reads a TOML table into frozen values, and says in our words what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar, get_args

import msgspec
from msgspec import Meta

from pad.settings.wording import in_words


class SettingsError(Exception):
    """Settings cannot be used; the message names file, key, what was found and what is allowed."""


Hours = Annotated[
    str,
    Meta(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z",
        description='hours such as "08:30-12:00"',
    ),
]
"""From when to when, of a day."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML table: immutable, and closed to keys it does not know."""


_T = TypeVar("_T")


def read_table(
    path: Path, kind: type[_T], if_missing: str = "name the settings file with --config or PAD_CONFIG"
) -> _T:
    """Read a TOML file into a struct that is closed to unknown keys.

    :param if_missing: what to do if it is not there
    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    try:
        # some editors put a byte order mark before UTF-8
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: not found; {if_missing}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); a TOML file in UTF-8 is needed") from error
    return parse_table(path, text, kind)


def parse_table(path: Path, text: str, kind: type[_T]) -> _T:
    """The same of a text that is, or is to be, the file's.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {explained(error, found, kind)}") from error


_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<key>[^`]*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>[^`]+)`")
_MISSING: Final = re.compile(r"missing required field `(?P<name>[^`]+)`")
_SOME_ENTRY: Final = "[...]"
_SECRETIVE: Final = re.compile(r"word|key|secret|token", re.IGNORECASE)


def explained(error: msgspec.ValidationError, found: Mapping[str, Any], kind: type) -> str:
    """Turn msgspec's message into: the key, what was found, what is allowed."""
    message = str(error)
    match = _PLACE.match(message)
    what, key = (match["what"], (match["key"] or "").lstrip(".")) if match else (message, "")
    if unknown := _UNKNOWN.search(what):
        allowed = ", ".join(_keys_of(kind, key))
        return f"{_join(key, unknown['name'])}: unknown key; allowed here are {allowed}"
    if missing := _MISSING.search(what):
        return f"{_join(key, missing['name'])}: missing; this key has no default and must be set"
    if key.endswith(_SOME_ENTRY):
        key = _wrong_entry(found, kind, key.removesuffix(_SOME_ENTRY))
    value = _value_at(found, key)
    return f"{key}: found {_shown(key, value)}; allowed is {in_words(type_at(kind, key))}"


def _shown(key: str, value: object) -> str:
    """A value as it may be printed: no secret, nor an address with a password in it."""
    hidden = _SECRETIVE.search(key.rsplit(".", 1)[-1]) or "@" in str(value)
    return "a value that is not shown" if hidden else repr(value)


def _wrong_entry(found: Mapping[str, Any], kind: type, key: str) -> str:
    """msgspec does not say which entry of a free table is wrong: the first that is so by itself."""
    table = _value_at(found, key)
    for name, value in table.items() if isinstance(table, Mapping) else ():
        try:
            msgspec.convert({name: value}, type_at(kind, key))
        except msgspec.ValidationError:
            return _join(key, name)
    return key


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _keys_of(kind: type, key: str) -> list[str]:
    """The keys a table may have."""
    return [field.name for field in msgspec.structs.fields(type_at(kind, key))]


def type_at(kind: type, key: str) -> Any:
    """The type of a key, following ``a.b[0]`` from the file's own; None where there is none."""
    here: Any = kind
    for part in re.findall(r"[^.\[\]]+", key):
        if isinstance(here, type) and issubclass(here, msgspec.Struct):
            here = next((field.type for field in msgspec.structs.fields(here) if field.name == part), None)
        else:
            # the entries of a list, or of a free table, are all of one type
            here = next((each for each in reversed(get_args(here)) if each is not Ellipsis), None)
    return here


def _value_at(found: Mapping[str, Any], key: str) -> object:
    here: Any = found
    for part in re.findall(r"[^.\[\]]+", key):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdigit():
            here = here[int(part)]
        else:
            return here
    return here
