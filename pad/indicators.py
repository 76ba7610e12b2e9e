"""The indicator catalogue (评价指标): versioned data from the platform, never edited here.

One list is installed with the settings, and the platform may give another, which is kept in
``$PAD_STATE``. A list is taken whole or refused whole; nobody adds to it or leaves anything out of it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pad import codes, whole_file
from pad.codes import Level


class CatalogueError(ValueError):
    """An indicator file cannot be used; the message says which file, what and what is allowed."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator; ``more`` is true for those behind 更多."""

    code: str
    level: Level
    text: str
    more: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A version of the indicator list; the retired ones only serve to show old records."""

    version: str
    in_force: tuple[Indicator, ...]
    retired: tuple[Indicator, ...] = ()

    def of_level(self, level: Level) -> tuple[Indicator, ...]:
        """The indicators in force of one level, in the platform's order."""
        return tuple(each for each in self.in_force if each.level is level)

    def knows(self, code: str) -> bool:
        """Whether a code is in force."""
        return any(each.code == code for each in self.in_force)

    def text(self, code: str) -> str | None:
        """The platform's words for a code, retired ones included."""
        for each in (*self.in_force, *self.retired):
            if each.code == code:
                return each.text
        return None


PULLED: Final = "indicators.toml"
"""The list the platform gave, in the state folder."""
BEFORE: Final = "indicators.before.toml"
"""And the one before it."""
LEVEL_MAX: Final = 16
"""Indicators of one level: twice what the national list has; more of them nobody reads at a window."""
RETIRED_MAX: Final = 1000

# neither control characters nor those that break a line or turn the direction of what follows
_UNSEEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
_SEEN: Final = rf"^(?=.*\S)[^{_UNSEEN}]*\Z"
_Text = Annotated[str, Meta(min_length=1, max_length=100, pattern=_SEEN)]
_Version = Annotated[str, Meta(min_length=1, max_length=64, pattern=_SEEN)]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    level: Level
    text: _Text
    more: bool = True


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: _Version
    indicator: list[_Row]
    retired: Annotated[list[_Row], Meta(max_length=RETIRED_MAX)] = []


class _Published(msgspec.Struct, frozen=True):
    """A platform's answer: it may say more than is known here."""

    version: str = ""
    indicators_version: str = ""
    indicator: list[msgspec.Raw] | None = None


class _PublishedRow(msgspec.Struct, frozen=True):
    code: str
    level: Level
    text: _Text
    more: bool = True


def parse(text: str, source: str) -> Catalogue:
    """Read a catalogue from TOML.

    :raises CatalogueError: if it is not TOML, lacks a level or has too many of one, repeats a code,
        or breaks the rule that a code's first digit is its level
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{source}: {error}") from error
    catalogue = Catalogue(file.version, _indicators(file.indicator), _indicators(file.retired))
    _check(catalogue, source)
    return catalogue


def published_version(raw: bytes) -> str | None:
    """The version of the list a platform's answer holds; None if it holds none, or is none of a platform's.

    A platform that counts its lists says ``indicators_version``; else the answer's version is the list's.
    """
    try:
        told = _published(raw)
    except CatalogueError:
        return None
    return (told.indicators_version or told.version or None) if told.indicator else None


def parse_published(raw: bytes, held: Catalogue | None = None) -> Catalogue:
    """The list in a platform's answer (``GET /v1/catalogue``).

    :param held: the list held so far: what it had and the new one has not is kept as retired, so that
        old ratings can still be shown in words
    :raises CatalogueError: as :func:`parse`; and if it changes under the version that is held
    """
    told = _published(raw)
    source = "the platform's list"
    try:
        rows = [msgspec.json.decode(each, type=_PublishedRow) for each in told.indicator or ()]
        version = msgspec.convert(told.indicators_version or told.version, _Version)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{source}: {error}") from error
    in_force = _indicators(rows)
    codes_now = {each.code for each in in_force}
    earlier = () if held is None else (*held.in_force, *held.retired)
    retired = {each.code: each for each in reversed(earlier) if each.code not in codes_now}
    catalogue = Catalogue(version, in_force, tuple(sorted(retired.values(), key=lambda each: each.code)))
    _check(catalogue, source)
    if held is not None and held.version == version and held.in_force != in_force:
        raise CatalogueError(
            f"{source}: another than before under version {version}; a change needs a new one"
        )
    return catalogue


def _published(raw: bytes) -> _Published:
    try:
        return msgspec.json.decode(raw, type=_Published)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"the platform's list: {error}") from error
    except RecursionError as error:
        raise CatalogueError("the platform's list: nested too deep") from error


def _indicators(rows: Iterable[_Row | _PublishedRow]) -> tuple[Indicator, ...]:
    return tuple(Indicator(row.code, row.level, row.text, row.more) for row in rows)


def _check(catalogue: Catalogue, source: str) -> None:
    """What holds of every list (domain §3)."""
    seen: set[str] = set()
    for each in (*catalogue.in_force, *catalogue.retired):
        try:
            by_code = codes.indicator_level(each.code)
        except ValueError as error:
            raise CatalogueError(f"{source}: {error}") from error
        if by_code is not each.level:
            raise CatalogueError(
                f"{source}: indicator {each.code} is given level {each.level.value}; "
                f"its first digit says {by_code.value}"
            )
        if each.code in seen:
            raise CatalogueError(f"{source}: indicator {each.code} stands twice; once is allowed")
        seen.add(each.code)
    for level in Level:
        of_level = catalogue.of_level(level)
        if not of_level:
            raise CatalogueError(f"{source}: no indicator for level {level.value}; each of 1 to 5 needs one")
        if len(of_level) > LEVEL_MAX:
            raise CatalogueError(
                f"{source}: {len(of_level)} indicators for level {level.value}; "
                f"at most {LEVEL_MAX} are allowed"
            )


def in_toml(catalogue: Catalogue) -> str:
    """The text of a catalogue file; :func:`parse` reads it."""
    lines = [f"version = {_quoted(catalogue.version)}"]
    for table, rows in (("indicator", catalogue.in_force), ("retired", catalogue.retired)):
        for each in rows:
            lines += [
                "", f"[[{table}]]", f"code = {_quoted(each.code)}", f"level = {each.level.value}",
                f"text = {_quoted(each.text)}", f"more = {str(each.more).lower()}",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, for text without control characters."""
    return json.dumps(text, ensure_ascii=False)


def keep_pulled(state_dir: Path, catalogue: Catalogue) -> None:
    """Put the platform's list in the place of the one before, which is kept beside it.

    :raises OSError: if there is no room or no right to write; the one before stays
    """
    path = state_dir / PULLED
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = None
    if before is not None:
        whole_file.put(state_dir / BEFORE, before)
    whole_file.put(path, in_toml(catalogue).encode())


def pulled(state_dir: Path) -> Catalogue | None:
    """The list the platform gave; None if it gave none.

    :raises CatalogueError: if what is there cannot be used
    """
    path = state_dir / PULLED
    try:
        is_there = path.exists()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error})") from error
    return load(path) if is_there else None


_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_newer(pulled: Catalogue, configured: Catalogue) -> bool:
    """Whether the platform's list goes before the one that was installed with the settings.

    Versions that begin with a day are compared by it; where one does not, the platform's word counts.
    """
    if pulled.version == configured.version:
        return False
    both = (pulled.version, configured.version)
    return not all(_DATED.match(each) for each in both) or pulled.version > configured.version


def load(path: Path) -> Catalogue:
    """Read a catalogue file.

    :raises CatalogueError: as :func:`parse`, and if the file cannot be read
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: cannot be read ({error})") from error
    return parse(text, str(path))
