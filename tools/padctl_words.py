"""Every sentence padctl can say: those marked in its code, and the help of every command."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click

from pad.ctl.__main__ import padctl

FOLDER = Path(__file__).parents[1] / "pad" / "ctl"
_MARKS = ("_", "marked")


def sentences() -> tuple[str, ...]:
    """All of them, each once, sorted."""
    found = {text for file in sorted(FOLDER.rglob("*.py")) for text in _marked(file)}
    return tuple(sorted(found | set(_help(padctl))))


def _marked(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS):
            continue
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            yield node.args[0].value


def _help(command: click.Command) -> Iterator[str]:
    for each in (command, *command.params):
        if isinstance(each, click.Command | click.Option) and each.help:
            yield each.help
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _help(below)


if __name__ == "__main__":
    print("\n".join(map(repr, sentences())))
