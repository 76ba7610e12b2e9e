"""The settings' reference: current, complete in both languages, and true of the code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import polib
import pytest

from pad.settings.readers import Program, readers
from pad.settings.reading import type_at
from pad.settings.tables import PadFile
from pad.settings.wording import in_words
from pad.settings.writing import is_setting
from tools.settings_reference import CATALOGUE, PAGES, UNITS, Section, page, phrases, sections, whole
from tools.settings_words import CONFIG, Words, words_of

ROOT: Final = Path(__file__).parents[2]
ALL: Final = [each for found in whole().values() for section in found for each in section.settings]
OF_PAD: Final = [each.key for section in whole()["pad.toml"] for each in section.settings]
NUMBERS_OF_NOTHING: Final = {
    "counter.port", "counter.teller.port", "alerts.smtp.port", "sync.batch", "suspicion.burst_count",
    "suspicion.same_card_count", "suspicion.look_count", "suspicion.unlike_sigma", "suspicion.unlike_least",
    "suspicion.unlike_spread",
}  # fmt: skip


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_current(language: str) -> None:
    assert PAGES[language].read_text(encoding="utf-8") == page(language), "make settings"


def test_every_key_of_the_file_stands_in_it_once() -> None:
    def keys(table: dict[str, Any], prefix: str = "") -> list[str]:
        return [
            key
            for name, value in table.items()
            for key in (
                keys(value, f"{prefix}{name}.")
                if isinstance(value, dict) and not is_setting(prefix + name)
                else [prefix + name]
            )
        ]

    found = keys(tomllib.loads((CONFIG / "pad.toml").read_text(encoding="utf-8")))
    assert sorted(OF_PAD) == sorted(found)
    assert len(OF_PAD) > 110
    rows = re.findall(r"^\| `", page("en"), re.MULTILINE)
    assert len(rows) == len(ALL)


def parts(text: str) -> list[str]:
    """What no translation changes: gaps and paths."""
    return sorted(re.findall(r"{\w+}|(?<!\w)/[\w./-]+", text, re.ASCII))


def test_every_phrase_has_its_chinese_and_no_chinese_is_left_over() -> None:
    chinese = {each.msgid: each.msgstr for each in polib.pofile(str(CATALOGUE), encoding="utf-8")}
    assert set(chinese) == set(phrases())
    assert not [msgid for msgid, msgstr in chinese.items() if not msgstr]
    for msgid, msgstr in chinese.items():
        assert parts(msgid) == parts(msgstr)


@pytest.mark.parametrize("setting", ALL, ids=lambda each: each.key)
def test_what_is_said_of_a_key_is_what_the_code_holds(setting: Any) -> None:
    assert setting.words.told
    assert setting.words.must_be_set is (setting.default == "")
    allowed = in_words(setting.kind)
    assert "that matches" not in allowed, "a pattern is no word: give its Meta a description"
    if allowed.startswith(("a number", "a whole number")):
        bounds = allowed.removeprefix("a whole number").removeprefix("a number").strip()
        assert setting.words.range == bounds.removeprefix("from ")
        assert bool(setting.unit) is (setting.key not in NUMBERS_OF_NOTHING)
    else:
        assert setting.words.range == ""
    if setting.default:
        value = tomllib.loads(f"value = {setting.default}")["value"]
        default = msgspec.convert(value, setting.kind)
        assert msgspec.json.decode(msgspec.json.encode(default)) == value


class _Two(msgspec.Struct):
    one: int = 1
    other: int = 2


def test_a_key_of_which_nothing_is_said_is_an_error() -> None:
    assert sections(_Two, {"one": Words("x"), "other": Words("y")})[0].settings[1].words == Words("y")
    with pytest.raises(KeyError):
        sections(_Two, {"one": Words("x")})


def test_words_are_the_comment_behind_and_the_lines_above_and_those_of_a_table_may_go_on(
    tmp_path: Path,
) -> None:
    file = tmp_path / "file.toml"
    file.write_text(
        '# of the whole file\n\n# above\n# it\na = 1\nb = "#"   # must be set: behind; it; above 0 to 2.5\n'
        "# of no key\n\n[t]   # a table\n     # and more\nc = 3\n"
    )
    assert words_of(file) == {
        "a": Words("above it"),
        "b": Words("behind; it", "above 0 to 2.5", must_be_set=True),
        "t": Words("a table and more"),
        "t.c": Words(""),
    }


def test_every_unit_is_that_of_some_number() -> None:
    assert {each.unit for each in ALL if each.unit} == set(UNITS.values())
    assert isinstance(whole()["pad.toml"][0], Section)


# --- which program reads what ----------------------------------------------------------------

OF_A_PROGRAM: Final = {
    Program.KIOSK: ("kiosk",),
    Program.SYNCD: ("syncd", "pad/suspicion"),
    Program.HOUSEKEEPING: ("syncd/housekeeping.py",),
}
READ_AS: Final = {
    "pad.indicators": "indicators_path",
    "keypad.codes": "bytes_of",
    "pad.orgcode": "orgcode",
}
"""Settings that are read through a property of the settings."""
NOT_THIS_KEY: Final = {
    "url", "port", "enabled", "timeout_s", "ca_file", "levels", "parameters", "path", "keys", "host", "to",
    "user", "sender", "device", "encryption", "width", "height", "font", "language", "batch", "baud", "frame",
    "area_code", "dept_code", "orgcode", "org_name", "results", "profile", "retention_days",
    "rater_retention_days", "interval_s", "identity", "volume", "codes", "indicators", "address", "win_no",
}  # fmt: skip
"""Names that other things have too: what reads them no search for the name can say."""


def attributes(program: Program) -> set[str]:
    files = [
        file
        for place in OF_A_PROGRAM[program]
        for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
        if program is not Program.SYNCD or file.name != "housekeeping.py"
    ]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


ATTRIBUTES: Final = {program: attributes(program) for program in Program}


@pytest.mark.parametrize("key", OF_PAD)
def test_what_is_said_to_read_a_setting_does_and_nothing_else(key: str) -> None:
    name = READ_AS.get(key, key.rpartition(".")[2])
    found = {program for program in Program if name in ATTRIBUTES[program]}
    assert set(readers(key)) <= found
    if key.rpartition(".")[2] not in NOT_THIS_KEY:
        assert found == set(readers(key))
    assert type_at(PadFile, key) is not None
