"""Every word on the pages is there in Chinese, none is left over, and the language is the reader's."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from jinja2 import Environment, nodes

from sandbox.misbehaviour import KINDS
from sandbox.pages import overview, traces, words
from sandbox.pages.words import Words, wanted

FOLDER = Path(words.__file__).parent


def said_by(call: nodes.Call, loops: dict[str, list[str]]) -> Iterator[str]:
    """What one call of ``say`` in a template may be asked for."""
    for part in (call.args[0], *call.args[0].find_all(nodes.Node)):
        if isinstance(part, nodes.Const) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, nodes.Name):
            yield from loops.get(part.name, ())


def columns_of(loop: nodes.For) -> dict[str, list[str]]:
    """The texts a loop over a written list gives to each of its names."""
    if not isinstance(loop.iter, nodes.List) or not isinstance(loop.target, nodes.Tuple):
        return {}
    found: dict[str, list[str]] = {}
    for at, name in enumerate(loop.target.items):
        assert isinstance(name, nodes.Name)
        cells = [row.items[at] for row in loop.iter.items if isinstance(row, nodes.Tuple)]
        found[name.name] = [cell.value for cell in cells if isinstance(cell, nodes.Const)]
    return found


def messages_in_templates() -> set[str]:
    found: set[str] = set()
    environment = Environment()
    for file in sorted((FOLDER / "templates").glob("*.html")):
        tree = environment.parse(file.read_text(encoding="utf-8"))
        loops: dict[str, list[str]] = {}
        for loop in tree.find_all(nodes.For):
            for name, texts in columns_of(loop).items():
                loops.setdefault(name, []).extend(texts)
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                found |= set(said_by(call, loops))
    return found


def messages_in_code() -> set[str]:
    return (
        set(words.LEVELS.values())
        | set(overview.CHANNELS.values())
        | set(traces.COMPLETIONS.values())
        | set(traces.DEVICES.values())
        | {kind.does for kind in KINDS.values()}
        | {message for _, message in words.DURATIONS}
        | set(words.Said)
    )


def chinese() -> polib.POFile:
    return polib.pofile(str(words.FOLDER / "zh_CN.po"), encoding="utf-8")


def wanted_messages() -> set[str]:
    return messages_in_templates() | messages_in_code()


def test_every_message_of_the_pages_has_its_chinese() -> None:
    assert wanted_messages() - {entry.msgid for entry in chinese() if entry.msgstr} == set()


def test_no_translation_is_left_over() -> None:
    assert {entry.msgid for entry in chinese()} - wanted_messages() == set()


@pytest.mark.parametrize("entry", list(chinese()), ids=lambda entry: entry.msgid)
def test_a_translation_has_the_parts_of_its_message(entry: polib.POEntry) -> None:
    def parts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert parts(entry.msgstr) == parts(entry.msgid)


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        (None, None, "", "zh_CN"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "fr,zh-TW;q=0.7,en;q=0.3", "zh_CN"),
        (None, None, "fr", "zh_CN"),
        (None, "en", "zh-CN", "en"),
        ("zh_CN", "en", "en", "zh_CN"),
        ("xx", "yy", "en", "en"),
    ],
)
def test_the_language_is_what_was_asked_for_then_kept_then_the_browsers(
    asked: str | None, kept: str | None, accepted: str, language: str
) -> None:
    assert wanted(asked, kept, accepted) == language


def test_a_level_is_said_in_the_words_of_the_scheme() -> None:
    chinese_words = Words("zh_CN")
    assert [chinese_words.level(level) for level in (5, 4, 3, 2, 1)] == [
        "非常满意", "满意", "基本满意", "不满意", "非常不满意",
    ]  # fmt: skip
