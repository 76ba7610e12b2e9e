"""Every word on the screen is in the catalogues, none is left over, and the next person starts afresh."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import polib
import pytest

from kiosk import readiness
from kiosk.ui import words
from kiosk.ui.words import Catalogues, LanguageError
from kiosk.voice import prompts
from pad.codes import Level

CODE = Path(words.__file__).parent
LEVELS = ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]


def messages_in_code() -> set[str]:
    """What ``say`` and ``own_name`` are asked for, and the texts of levels, messages and prompts."""
    found = set(words.LEVELS.values()) | set(prompts.SENTENCES.values()) | {"English"} | set(readiness.NAMES)
    for file in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            match node.func:
                case ast.Name(id="say") | ast.Attribute(attr="say"):
                    asked: list[ast.expr] = node.args[:1]
                case ast.Name(id="Message"):
                    asked = node.args[1:]
                case _:
                    continue
            for each in asked:
                for part in ast.walk(each):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found.add(part.value)
    return found


def chinese() -> polib.POFile:
    return polib.pofile(str(words.FOLDER / "zh_CN.po"), encoding="utf-8")


def test_every_message_of_the_screens_has_its_chinese() -> None:
    translated = {entry.msgid for entry in chinese() if entry.msgstr}
    assert messages_in_code() - translated == set()


def test_no_translation_is_left_over() -> None:
    assert {entry.msgid for entry in chinese()} - messages_in_code() == set()


@pytest.mark.parametrize("entry", list(chinese()), ids=lambda entry: entry.msgid)
def test_a_translation_has_the_parts_of_its_message(entry: polib.POEntry) -> None:
    def parts(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert parts(entry.msgstr) == parts(entry.msgid)


def test_the_five_levels_have_the_words_of_the_rules() -> None:
    catalogues = Catalogues("zh_CN")
    assert [catalogues.level(Level(code)) for code in (5, 4, 3, 2, 1)] == LEVELS


def test_another_language_is_there_at_once_and_gone_for_the_next_person() -> None:
    catalogues = Catalogues("zh_CN")
    assert catalogues.own_name(catalogues.following()) == "English"
    catalogues.switch()
    assert catalogues.say("Submit") == "Submit"
    assert catalogues.own_name(catalogues.following()) == "中文"
    catalogues.reset()
    assert catalogues.say("Submit") == "提交"


def test_a_language_is_added_by_dropping_its_catalogue_in(tmp_path: Path) -> None:
    (tmp_path / "fr.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "English"\nmsgstr "Français"\n\nmsgid "Submit"\nmsgstr "Envoyer"\n',
        encoding="utf-8",
    )
    catalogues = Catalogues("fr", tmp_path)
    assert catalogues.say("Submit") == "Envoyer"
    assert catalogues.say("Starting") == "Starting"
    assert catalogues.own_name("fr") == "Français"


def test_beside_the_settings_that_are_shipped_no_catalogue_takes_the_place_of_ours() -> None:
    config = Path(__file__).parents[3] / "config"
    catalogues = Catalogues("zh_CN", words.FOLDER, config / "locale")
    assert catalogues.level(Level.VERY_SATISFIED) == "非常满意"


def test_a_language_without_catalogue_names_the_setting_and_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match=r"^screen\.language: found 'de'; there are catalogues for en$"):
        Catalogues("de", tmp_path)


def test_what_is_filled_in_is_never_read_as_a_pattern() -> None:
    number = "{0.__class__} %s"
    assert Catalogues("zh_CN").say("No. {number}", number=number) == f"办件编号：{number}"
