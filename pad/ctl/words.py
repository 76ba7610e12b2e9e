"""padctl's words in the technician's language: English stands in the code, Chinese in ``locale/zh_CN.po``.

The language is ``--language``, else that of the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``); any Chinese
locale gets Chinese, everything else English, on an installed pad as well: a console without a Chinese font
shows boxes, and such a console has no Chinese locale. What a program reads (``--json``) has English names
and its sentences in this language.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

import click

FOLDER: Final = Path(__file__).with_name("locale")
LANGUAGES: Final = ("en", "zh_CN")
_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_SWITCH: Final = "--language"
_spoken: dict[str, str] = {}
_english_help: dict[int, str | None] = {}


def _(text: str) -> str:
    """A sentence in the language spoken; one that has no translation stays English."""
    return _spoken.get(text, text)


def marked(text: str) -> str:
    """Mark a sentence for the catalogue that is translated only when it is printed."""
    return text


def said(text: str, templates: Iterable[str]) -> str:
    """A sentence of another part of the product, which speaks English alone, in the language spoken.

    :param templates: the marked sentences it may be, with ``{parts}`` where it has numbers or names
    """
    for template in templates if _spoken else ():
        if found := _pattern(template).fullmatch(text):
            return _(template).format_map(found.groupdict())
    return text


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = Formatter().parse(template)
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, *_ in parts)
    )


def language_of(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Which of :data:`LANGUAGES` a command line and a locale ask for."""
    asked = ""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == _SWITCH:
            asked = following
        elif word.startswith(f"{_SWITCH}="):
            asked = word.removeprefix(f"{_SWITCH}=")
    if not asked:
        asked = next((environ[name] for name in _LOCALE if environ.get(name)), "")
    return "zh_CN" if asked.lower().startswith("zh") else "en"


def speak(language: str) -> None:
    """Print in this language from now on."""
    _spoken.clear()
    if language != "en":
        _spoken.update(_catalogue(FOLDER / f"{language}.po"))


@cache
def _catalogue(file: Path) -> dict[str, str]:
    import polib  # a Chinese technician pays for it, nobody else

    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(file), encoding="utf-8") if entry.msgstr}


class Speaking(click.Group):
    """The whole command, which settles the language before anything is printed, ``--help`` too."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Begin."""
        speak(language_of(args, os.environ))
        _translate_help(self)
        return super().make_context(info_name, args, parent, **extra)


class _Formatter(click.HelpFormatter):
    """Help with its headings in the language spoken."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(_(heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().write_dl([(term, _(told)) for term, told in rows], *args, **options)


class _Context(click.Context):
    formatter_class = _Formatter


_HEADINGS: Final = (
    marked("Usage: "), marked("Options"), marked("Commands"), marked("Show this message and exit."),
)  # fmt: skip


def _translate_help(command: click.Command) -> None:
    """Put the help of a command and of all below it into the language spoken."""
    command.context_class = _Context
    for each in (command, *command.params):
        if isinstance(each, click.Command | click.Option):
            english = _english_help.setdefault(id(each), each.help)
            each.help = None if english is None else _(english)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _translate_help(below)
