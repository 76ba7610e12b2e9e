"""Changes settings in a file and leaves everything else in it as it was: comments, order, owner, mode."""

from __future__ import annotations

import fcntl
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from pad import settings
from pad.settings.reading import SettingsError, type_at
from pad.settings.tables import PadFile
from pad.settings.wording import in_words

Value = str | int | float | bool | list[Any] | dict[str, Any]
"""What a setting may be."""


def value_of(key: str, text: str) -> Value:
    """A setting's value as a person writes it: TOML where it is that, else the text itself.

    :param key: as ``screen.width``
    :raises SettingsError: if there is no such key, or it may not be this
    """
    kind = type_at(PadFile, key)
    if not is_setting(key):
        raise SettingsError(f"{key}: no such setting; every key there is stands in config/pad.toml")
    for value in _readings(text):
        with suppress(msgspec.ValidationError):
            msgspec.convert(value, kind)
            return value
    raise SettingsError(f"{key}: found {text!r}; allowed is {in_words(kind)}")


def is_setting(key: str) -> bool:
    """Whether there is a setting of that name (a table is none)."""
    kind = type_at(PadFile, key)
    return kind is not None and not (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _readings(text: str) -> Iterator[Value]:
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        yield tomllib.loads(f"value = {text}")["value"]
    yield text


def change(file: Path, changes: Mapping[str, Value]) -> tuple[str, ...]:
    """Set keys, such as ``pad.win_no``; those that were another before. The file is there whole at any time.

    :raises SettingsError: if the file would not be one that kiosk and syncd take, or cannot be written;
        it then is as it was
    """
    path = file.resolve()  # a link stays a link
    try:
        with _alone(path.parent):
            # newline="": a file written on Windows keeps its line ends
            with path.open(encoding="utf-8-sig", newline="") as opened:
                before = opened.read()
            after = changed(file, before, changes)
            if after != before:
                _replace(path, after.encode())
    except FileNotFoundError as error:
        raise SettingsError(f"{file}: not found; name the settings file with --config") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be changed ({error}); try it as root (sudo)") from error
    was = tomllib.loads(before)
    return tuple(key for key, value in changes.items() if _at(was, key) != value)


def changed(file: Path, text: str, changes: Mapping[str, Value]) -> str:
    """The file's text with keys set, and checked as a whole.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    try:
        document = tomlkit.parse(text)
        wanted = tomllib.loads(text)
        for key, value in changes.items():
            if _at(wanted, key) != value:
                _set(document, key, value)
                _set(wanted, key, value)
        after = tomlkit.dumps(document)
        whole = tomllib.loads(after) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from error
    if not whole:  # more than was asked for would change
        raise SettingsError(
            f"{file}: written in a way that cannot be changed here; set by hand {', '.join(changes)}"
        )
    settings.parse(file, after)
    return after


def _set(table: Any, key: str, value: Value) -> None:
    *tables, name = key.split(".")
    for each in tables:
        table = table.setdefault(each, {})
    table[name] = value


def _at(table: Any, key: str) -> object:
    for name in key.split("."):
        table = table.get(name) if isinstance(table, Mapping) else None
    return table


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two programs that change settings do so one after the other."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes) -> None:
    """Put a file in a file's place, with its owner and mode, whole or not at all; alone."""
    there = path.stat()
    for left in path.parent.glob(f".{path.name}.*"):  # by a power cut
        left.unlink()
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), there.st_uid, there.st_gid)
            os.fchmod(file.fileno(), there.st_mode & 0o777)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
