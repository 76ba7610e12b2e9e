"""The indicator catalogue (评价指标): versioned data from the platform, never edited here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pad import codes
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


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    level: Level
    text: str
    more: bool = True


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    indicator: list[_Row]
    retired: list[_Row] = []


def parse(text: str, source: str) -> Catalogue:
    """Read a catalogue from TOML.

    :raises CatalogueError: if it is not TOML, lacks a level, repeats a code, or breaks the
        rule that a code's first digit is its level
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CatalogueError(f"{source}: {error}") from error
    seen: set[str] = set()
    for row in (*file.indicator, *file.retired):
        try:
            by_code = codes.indicator_level(row.code)
        except ValueError as error:
            raise CatalogueError(f"{source}: {error}") from error
        if by_code is not row.level:
            raise CatalogueError(
                f"{source}: indicator {row.code} is given level {row.level.value}; "
                f"its first digit says {by_code.value}"
            )
        if row.code in seen:
            raise CatalogueError(f"{source}: indicator {row.code} stands twice; once is allowed")
        seen.add(row.code)
    catalogue = Catalogue(
        version=file.version,
        in_force=tuple(Indicator(r.code, r.level, r.text, r.more) for r in file.indicator),
        retired=tuple(Indicator(r.code, r.level, r.text, r.more) for r in file.retired),
    )
    for level in Level:
        if not catalogue.of_level(level):
            raise CatalogueError(f"{source}: no indicator for level {level.value}; each of 1 to 5 needs one")
    return catalogue


def load(path: Path) -> Catalogue:
    """Read a catalogue file.

    :raises CatalogueError: as :func:`parse`, and if the file cannot be read
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: cannot be read ({error})") from error
    return parse(text, str(path))
