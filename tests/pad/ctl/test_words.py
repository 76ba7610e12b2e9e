"""padctl's Chinese: every sentence has it, with the same parts; and the language is the technician's."""

from __future__ import annotations

from string import Formatter

import polib
import pytest

from pad.ctl import words
from pad.ctl.words import language_of
from tests.pad.ctl.command import padctl
from tests.syncd.pad_box import PadBox
from tools.padctl_words import sentences

CHINESE = {
    entry.msgid: entry.msgstr for entry in polib.pofile(str(words.FOLDER / "zh_CN.po"), encoding="utf-8")
}


def test_every_sentence_has_its_chinese_and_no_chinese_is_left_over() -> None:
    assert len(sentences()) > 150
    assert set(CHINESE) == set(sentences())
    assert not [msgid for msgid, msgstr in CHINESE.items() if not msgstr]


def test_a_translation_has_the_parts_of_its_sentence() -> None:
    def parts(text: str) -> set[tuple[str, str | None]]:
        return {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None}

    assert not [msgid for msgid, msgstr in CHINESE.items() if parts(msgid) != parts(msgstr)]


@pytest.mark.parametrize(
    ("given", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ([], {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_HK.UTF-8"}, "zh_CN"),
        (["--language", "zh", "status"], {"LC_ALL": "C"}, "zh_CN"),
        (["--language=en", "status"], {"LC_ALL": "zh_CN.UTF-8"}, "en"),
        (["--language"], {}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_locales(
    given: list[str], environment: dict[str, str], language: str
) -> None:
    assert language_of(given, environment) == language


def test_status_and_help_speak_chinese(box: PadBox) -> None:
    said = padctl(box.environment | {"LC_ALL": "zh_CN.UTF-8"}, "status").stdout
    assert "待上报" in said
    assert "没有积压" in said
    helped = padctl(box.environment, "--language", "zh_CN", "export", "--help").stdout
    assert "用法：" in helped
    assert "起始行号" in helped
    assert "显示本帮助" in helped
    assert "Usage" not in helped
    assert "Usage: " in padctl(box.environment, "export", "--help").stdout


def test_what_programs_read_has_the_same_names_in_every_language(box: PadBox) -> None:
    done = padctl(box.environment, "--language", "zh_CN", "status", "--json")
    assert '"name": "waiting"' in done.stdout
    assert "没有积压" in done.stdout
