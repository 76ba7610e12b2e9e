"""What each setting does, in the words of the commented files: ``config/pad.toml`` and the profiles.

A key's words are the lines right above it and the comment behind it; those behind a table's name may go on in
indented lines. They may end in the range ("; 1 to 65535"), which the page takes from the code instead, and
begin with "must be set: " where the code has no default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.items import Comment, Table, Whitespace

CONFIG: Final = Path(__file__).parents[1] / "config"
_MUST: Final = "must be set: "
_RANGE: Final = re.compile(r"(?:^|; )(?P<range>(?:above )?[\d.]+ to [\d.]+)$")


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one key or table."""

    told: str
    range: str = ""
    must_be_set: bool = False


def words_of(file: Path) -> dict[str, Words]:
    """The words of every key and table of a commented file, by key such as ``screen.width``."""
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    return {key: _words(" ".join(lines)) for key, lines in _commented("", document.body)}


def _commented(prefix: str, body: list[tuple[Any, Any]]) -> Iterator[tuple[str, list[str]]]:
    above: list[str] = []
    for key, item in body:
        if isinstance(item, Comment):
            above.append(_plain(item.trivia.comment))
        elif isinstance(item, Whitespace):
            above = []
        else:
            name = prefix + key.key
            lines = [*above, *([_plain(item.trivia.comment)] if item.trivia.comment else [])]
            above = []
            if isinstance(item, Table):
                inner = list(item.value.body)
                while inner and isinstance(inner[0][1], Comment) and inner[0][1].trivia.indent:
                    lines.append(_plain(inner.pop(0)[1].trivia.comment))
                yield name, lines
                yield from _commented(f"{name}.", inner)
            else:
                yield name, lines


def _plain(comment: str) -> str:
    return comment.lstrip("# ").strip()


def _words(said: str) -> Words:
    must = said.startswith(_MUST)
    told = said.removeprefix(_MUST)
    if match := _RANGE.search(told):
        return Words(told[: match.start()], match["range"], must)
    return Words(told, "", must)
