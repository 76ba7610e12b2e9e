"""``make man``: the manual page of padctl from its own tree of commands: it says what --help says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

import pad
from pad.ctl import words
from pad.ctl.__main__ import padctl

PAGE: Final = Path(__file__).parents[1] / "docs" / "padctl.1"
_EXIT: Final = (("0", "done"), ("1", "something wrong was found"), ("2", "used wrongly"))
_ENVIRONMENT: Final = (
    ("PAD_CONFIG", "the settings file; default /etc/pad/pad.toml"),
    ("PAD_STATE", "the state folder; default /var/lib/pad"),
    (
        "LC_ALL, LC_MESSAGES, LANG",
        "the language, where --language names none",
    ),
)


def page() -> str:
    """The page, in the man(7) macros."""
    words.speak("en")
    context = padctl.make_context("padctl", ["status"])
    return "\n".join(_lines(context)) + "\n"


def _lines(context: click.Context) -> Iterator[str]:
    yield f'.TH PADCTL 1 "" "window-rating-pad {pad.__version__}" "Window rating pad"'
    yield ".SH NAME"
    yield f"padctl \\- {_text('look after a rating pad')}"
    yield ".SH SYNOPSIS"
    yield f".B padctl\n{_text(' '.join(padctl.collect_usage_pieces(context)))}"
    yield ".SH OPTIONS"
    yield from _options(padctl, context)
    yield ".SH COMMANDS"
    yield from _commands(padctl, context, "padctl")
    for title, entries in (("EXIT STATUS", _EXIT), ("ENVIRONMENT", _ENVIRONMENT)):
        yield f".SH {title}"
        for name, told in entries:
            yield from (".TP", f".B {_text(name)}", _text(told))


def _commands(group: click.Group, parent: click.Context, called: str) -> Iterator[str]:
    for name in group.list_commands(parent):
        command = group.commands[name]
        context = click.Context(command, info_name=name, parent=parent)
        if isinstance(command, click.Group):
            yield from _commands(command, context, f"{called} {name}")
            continue
        usage = " ".join(command.collect_usage_pieces(context))
        yield f".SS {_text(f'{called} {name} {usage}')}"
        yield _text(command.help or "")
        yield from _options(command, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for each in command.get_params(context):
        if isinstance(each, click.Option) and (record := each.get_help_record(context)):
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _text(told: str) -> str:
    """As troff takes it literally."""
    escaped = told.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in escaped.splitlines())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
