"""The bulletin: the platform's notices and the figures it publishes (art. 15), for the idle screen.

It comes with the platform's catalogue, or a technician puts the same JSON at
``$PAD_STATE/bulletin.json``. A broken one is refused and the one before stays. What is used is
read strictly and within bounds; keys that are not known are left aside, the platform may add.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pad import whole_file

NAME: Final = "bulletin.json"
BYTES_MAX: Final = 1024 * 1024

CHINESE: Final = "zh_CN"
"""The language every text has to be there in: others fall back to it."""

# neither control characters nor those that break a line or turn the direction of what follows
_Words = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]*\Z",
    ),
]
_Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?\Z")]
_Texts = Annotated[dict[_Language, _Words], Meta(min_length=1, max_length=20)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class BulletinError(ValueError):
    """A bulletin cannot be used; the message names the field and what is allowed."""


class _NoticeIn(msgspec.Struct, frozen=True):
    text: _Texts
    until: Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")] = ""

    def __post_init__(self) -> None:
        _check_chinese("text", self.text)
        try:
            _ = self.until and date.fromisoformat(self.until)
        except ValueError:
            raise ValueError(f"until: found {self.until!r}; a day that exists is allowed") from None


class _FiguresIn(msgspec.Struct, frozen=True):
    period: _Texts
    ratings: _Count
    satisfied_percent: Annotated[float, Meta(ge=0, le=100)]
    bad: _Count
    bad_handled: _Count

    def __post_init__(self) -> None:
        _check_chinese("period", self.period)


class _BulletinIn(msgspec.Struct, frozen=True):
    version: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")] = ""
    notices: Annotated[list[_NoticeIn], Meta(max_length=20)] = []
    figures: _FiguresIn | None = None


def _check_chinese(field: str, texts: Mapping[str, str]) -> None:
    if CHINESE not in texts:
        raise ValueError(f"{field}: found no {CHINESE}; that language has to be there")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice by language; ``until`` is the last day it is shown (``yyyy-MM-dd``), empty for no end."""

    text: Mapping[str, str]
    until: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is published of a period: how many ratings, how content, how many bad ones and handled."""

    period: Mapping[str, str]
    ratings: int
    satisfied_percent: float
    bad: int
    bad_handled: int


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What the idle screen shows; empty until the platform has told."""

    version: str = ""
    notices: tuple[Notice, ...] = ()
    figures: Figures | None = None

    def on(self, day: date) -> Bulletin:
        """The same without the notices whose last day is over."""
        still = tuple(each for each in self.notices if not each.until or each.until >= day.isoformat())
        return replace(self, notices=still)


def parse(raw: bytes) -> Bulletin:
    """A bulletin from JSON.

    :raises BulletinError: naming the field and what is allowed
    """
    if len(raw) > BYTES_MAX:
        raise BulletinError(f"found more than {BYTES_MAX} bytes; at most so many are allowed")
    try:
        told = msgspec.json.decode(raw, type=_BulletinIn)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulletinError(str(error)) from error
    except RecursionError as error:
        raise BulletinError("nested too deep; a JSON object of the catalogue's form is allowed") from error
    figures = told.figures
    return Bulletin(
        version=told.version,
        notices=tuple(Notice(each.text, each.until) for each in told.notices),
        figures=None
        if figures is None
        else Figures(
            figures.period, figures.ratings, figures.satisfied_percent, figures.bad, figures.bad_handled
        ),
    )


def read(state_dir: Path) -> Bulletin:
    """The bulletin on disk; an empty one if there is none.

    :raises BulletinError: if it is broken
    """
    path = state_dir / NAME
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return Bulletin()
    except OSError as error:
        raise BulletinError(f"{path}: {error.strerror}; a file that can be read is allowed") from error
    return parse(raw)


def write(state_dir: Path, raw: bytes) -> Bulletin:
    """Put a bulletin in the place of the one before, whole or not at all.

    :raises BulletinError: if it is broken; the one before stays
    :raises OSError: if there is no room or no right to write; the one before stays
    """
    bulletin = parse(raw)
    whole_file.put(state_dir / NAME, raw)
    return bulletin
