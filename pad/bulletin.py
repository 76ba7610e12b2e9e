"""The bulletin: the platform's notices and the figures it publishes (art. 15), for the idle screen.

It comes with the platform's catalogue, or a technician puts the same JSON at
``$PAD_STATE/bulletin.json``. A broken one is refused and the one before stays.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

NAME: Final = "bulletin.json"
BYTES_MAX: Final = 1024 * 1024

_Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
_Texts = dict[Annotated[str, Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?\Z")], _Words]
_Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class BulletinError(ValueError):
    """A bulletin cannot be used; the message names the field and what is allowed."""


class _NoticeIn(msgspec.Struct, frozen=True):
    text: _Texts
    until: Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?\Z")] = ""


class _FiguresIn(msgspec.Struct, frozen=True):
    period: _Texts
    ratings: _Count
    satisfied_percent: Annotated[float, Meta(ge=0, le=100)]
    bad: _Count
    bad_handled: _Count


class _BulletinIn(msgspec.Struct, frozen=True):
    version: Annotated[str, Meta(max_length=64)] = ""
    notices: Annotated[list[_NoticeIn], Meta(max_length=20)] = []
    figures: _FiguresIn | None = None


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


def parse(raw: bytes) -> Bulletin:
    """A bulletin from JSON; what it does not know is left aside, the platform may add.

    :raises BulletinError: naming the field and what is allowed
    """
    if len(raw) > BYTES_MAX:
        raise BulletinError(f"found {len(raw)} bytes; at most {BYTES_MAX} are allowed")
    try:
        told = msgspec.json.decode(raw, type=_BulletinIn)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulletinError(str(error)) from error
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
    try:
        raw = (state_dir / NAME).read_bytes()
    except FileNotFoundError:
        return Bulletin()
    except OSError as error:
        raise BulletinError(f"{state_dir / NAME}: {error.strerror}") from error
    return parse(raw)


def write(state_dir: Path, raw: bytes) -> Bulletin:
    """Put a bulletin in the place of the one before, whole or not at all.

    :raises BulletinError: if it is broken; the one before stays
    """
    bulletin = parse(raw)
    unfinished = state_dir / f"{NAME}.part"
    with unfinished.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(state_dir / NAME)
    return bulletin
