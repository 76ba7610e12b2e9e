"""The indicator catalogue: the national list as it was served, and what a broken file is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pad import indicators
from pad.codes import Level
from pad.indicators import Catalogue, CatalogueError

FILE = Path(__file__).parents[2] / "config/indicators/national-2020-05-22.toml"


def test_the_national_list_has_40_in_force_and_32_retired() -> None:
    catalogue = indicators.load(FILE)
    assert (catalogue.version, len(catalogue.in_force), len(catalogue.retired)) == ("2020-05-22", 40, 32)


@pytest.mark.parametrize("level", list(Level))
def test_each_level_shows_three_at_once_and_five_behind_more(level: Level) -> None:
    of_level = indicators.load(FILE).of_level(level)
    assert [each.more for each in of_level] == [False] * 3 + [True] * 5
    assert all(each.code[0] == str(level.value) for each in of_level)


def test_retired_indicators_have_words_but_are_not_known() -> None:
    catalogue = indicators.load(FILE)
    assert catalogue.text("501")
    assert not catalogue.knows("501")
    assert catalogue.knows("510")
    assert catalogue.text("999") is None


def row(code: str, level: int) -> str:
    return f'[[indicator]]\ncode = "{code}"\nlevel = {level}\ntext = "x"\nmore = false\n'


WHOLE = 'version = "1"\n' + "".join(row(f"{level}10", level) for level in (1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version = ", "Invalid value"),
        (WHOLE.replace('version = "1"', ""), "version"),
        (WHOLE + row("211", 5), "first digit says 2"),
        (WHOLE + row("510", 5), "stands twice"),
        (WHOLE + row("x10", 5), "digits"),
        ('version = "1"\n' + row("510", 5), "no indicator for level 1"),
        (WHOLE + row("511", 5) + 'colour = "red"\n', "colour"),
    ],
)
def test_a_broken_list_is_refused_with_its_file_and_fault(text: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words) as refused:
        indicators.parse(text, "list.toml")
    assert str(refused.value).startswith("list.toml")


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        indicators.load(tmp_path / "none.toml")


# --- the platform's own list ------------------------------------------------------------


def published(of_list: str = "2026-12-01", **changed: object) -> dict[str, object]:
    """A platform's answer: the national list, under another version."""
    national = indicators.load(FILE)
    rows = [
        {"code": each.code, "level": each.level.value, "text": each.text, "more": each.more}
        for each in national.in_force
    ]
    return {"version": "of-the-whole", "indicators_version": of_list, "indicator": rows} | changed


def rows_of(answer: dict[str, object]) -> list[dict[str, object]]:
    rows = answer["indicator"]
    assert isinstance(rows, list)
    return rows


def taken(answer: object, held: Catalogue | None = None) -> Catalogue:
    return indicators.parse_published(json.dumps(answer).encode(), held)


def test_a_published_list_is_taken_whole_in_its_order() -> None:
    catalogue = taken(published())
    assert catalogue.version == "2026-12-01"
    assert catalogue.in_force == indicators.load(FILE).in_force


def test_a_platform_that_counts_no_lists_gives_them_the_answers_version() -> None:
    assert taken(published(indicators_version="")).version == "of-the-whole"


def test_what_leaves_the_list_keeps_its_words_for_old_ratings() -> None:
    held = indicators.load(FILE)
    answer = published()
    rows_of(answer)[0] |= {"code": "599", "text": "新的"}
    catalogue = taken(answer, held)
    assert not catalogue.knows("510")
    assert catalogue.text("510") == held.text("510")
    assert catalogue.text("599") == "新的"
    assert len(catalogue.retired) == len(held.retired) + 1


def test_a_code_that_comes_back_is_retired_no_more() -> None:
    held = indicators.load(FILE)
    answer = published()
    rows_of(answer).append({"code": "501", "level": 5, "text": "又有了", "more": True})
    catalogue = taken(answer, held)
    assert catalogue.text("501") == "又有了"
    assert "501" not in {each.code for each in catalogue.retired}


def broken(number: int = 0, **changed: object) -> dict[str, object]:
    answer = published()
    rows_of(answer)[number] |= changed
    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (broken(code="410"), "first digit says 4"),
        (broken(level=4), "first digit says 5"),
        (broken(level=6), "level|6"),
        (broken(code="911"), "first of them 1 to 5"),
        (broken(code=""), "must be digits"),
        (broken(code=510), "str"),
        (broken(text=""), "length"),
        (broken(text="  "), "regex|pattern"),
        (broken(text="一\n二"), "regex|pattern"),
        (broken(text="\u202e一"), "regex|pattern"),
        (broken(text="长" * 101), "length"),
        (broken(code="511"), "stands twice"),
        (published(indicator=rows_of(published())[:32]), "no indicator for level 1"),
        (published(indicator=rows_of(published())[8:]), "no indicator for level 5"),
        (
            published(
                indicator=rows_of(published())
                + [{"code": f"5{n}", "level": 5, "text": "多", "more": True} for n in range(60, 69)]
            ),
            "17 indicators for level 5",
        ),
        (published(indicator=[]), "no indicator"),
        (published(indicator=["510"]), "object"),
        (published("v" * 65), "length"),
        (published("1\n2"), "regex|pattern"),
        (["nothing", "of", "the", "kind"], "object"),
    ],
)
def test_a_broken_list_is_refused_whole(answer: object, says: str) -> None:
    with pytest.raises(CatalogueError, match=says):
        taken(answer)


def test_a_list_that_changes_under_its_version_is_refused() -> None:
    held = indicators.load(FILE)
    with pytest.raises(CatalogueError, match="a change needs a new one"):
        taken(broken(text="改了") | {"indicators_version": held.version}, held)
    assert taken(published(held.version), held).in_force == held.in_force


@pytest.mark.parametrize("raw", [b"<!doctype html>", b"[]", b"\xff", b"[" * 100_000, b'{"version": "1"}'])
def test_what_is_no_catalogue_holds_no_list(raw: bytes) -> None:
    assert indicators.published_version(raw) is None


def test_a_list_is_the_same_after_its_way_over_the_disk(tmp_path: Path) -> None:
    answer = broken(text='带"引号"和\\反斜线的 # 指标')
    first = taken(answer, indicators.load(FILE))
    indicators.keep_pulled(tmp_path, first)
    assert indicators.pulled(tmp_path) == first
    second = taken(published("2027-01-01"), first)
    indicators.keep_pulled(tmp_path, second)
    assert indicators.pulled(tmp_path) == second
    assert indicators.load(tmp_path / indicators.BEFORE) == first
    assert sorted(file.name for file in tmp_path.iterdir()) == [indicators.BEFORE, indicators.PULLED]


@pytest.mark.parametrize(
    ("pulled", "installed", "newer"),
    [
        ("2026-12-01", "2020-05-22", True),
        ("2020-05-22", "2026-12-01", False),
        ("2020-05-22", "2020-05-22", False),
        ("2026-12-01.2", "2026-12-01", True),
        ("v7", "2020-05-22", True),
        ("2020-05-22", "v7", True),
    ],
)
def test_the_later_day_holds_and_where_there_is_none_the_platforms_word(
    pulled: str, installed: str, newer: bool
) -> None:
    one, other = taken(published(pulled)), taken(published(installed))
    assert indicators.is_newer(one, other) is newer
