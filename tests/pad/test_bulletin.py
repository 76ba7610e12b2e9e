"""Notices and published figures: read strictly where they are used, kept when a new one is broken."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pad import bulletin
from pad.bulletin import Bulletin, BulletinError, Figures, Notice, parse

FIGURES = {
    "period": {"zh_CN": "2026年10月"}, "ratings": 12345, "satisfied_percent": 99.2, "bad": 7,
    "bad_handled": 7,
}  # fmt: skip
WHOLE = {
    "version": "7",
    "notices": [{"text": {"zh_CN": "今日17点闭馆", "en": "Closes at 5 pm"}, "until": "2026-12-31"}],
    "figures": FIGURES,
}

DEEP = b'{"x": ' + b"[" * 100_000


def raw(**changed: Any) -> bytes:
    return json.dumps(WHOLE | changed, ensure_ascii=False).encode()


def test_a_bulletin_is_read() -> None:
    assert parse(raw()) == Bulletin(
        "7",
        (Notice({"zh_CN": "今日17点闭馆", "en": "Closes at 5 pm"}, "2026-12-31"),),
        Figures({"zh_CN": "2026年10月"}, 12345, 99.2, 7, 7),
    )


def test_what_it_does_not_know_is_left_aside_and_what_is_not_there_is_empty() -> None:
    assert parse(raw(indicator=[1, 2], theme={"x": 1})) == parse(raw())
    assert parse(b"{}") == Bulletin()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"notices": [{"text": {"zh_CN": "x" * 201}}]}, "notices"),
        ({"notices": [{"text": {"zh_CN": "a\nb"}}]}, "notices"),
        ({"notices": [{"text": {"中文": "x"}}]}, "notices"),
        ({"notices": [{"text": {"zh_CN": "x"}}] * 21}, "notices"),
        ({"notices": "今日闭馆"}, "notices"),
        ({"notices": [{"text": {"zh_CN": "x"}, "until": "tomorrow"}]}, "until"),
        ({"figures": FIGURES | {"satisfied_percent": 100.1}}, "satisfied_percent"),
        ({"figures": FIGURES | {"ratings": -1}}, "ratings"),
        ({"figures": FIGURES | {"bad": "7"}}, "bad"),
        ({"notices": [{"text": {"zh_CN": "abc\u202edef"}}]}, "text"),
        ({"notices": [{"text": {"zh_CN": "a\x85b"}}]}, "text"),
        ({"notices": [{"text": {"zh_CN": " "}}]}, "text"),
        ({"notices": [{"text": {"en": "x"}}]}, "zh_CN"),
        ({"notices": [{"text": {"zh_CN": "x"}, "until": "2026-02-30"}]}, "2026-02-30"),
        ({"figures": FIGURES | {"period": {}}}, "period"),
        ({"figures": FIGURES | {"bad": True}}, "bad"),
        ({"version": 7}, "version"),
        ({"version": "7\n"}, "version"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BulletinError, match=field):
        parse(raw(**changed))


@pytest.mark.parametrize(
    "given", [b"", b"<html>login</html>", b"[]", b"\xff\xfe", b"{" * 10_000, b" " * 2_000_000, DEEP]
)
def test_what_is_no_bulletin_at_all_is_refused(given: bytes) -> None:
    with pytest.raises(BulletinError):
        parse(given)


def test_a_broken_one_leaves_the_one_before(tmp_path: Path) -> None:
    bulletin.write(tmp_path, raw())
    with pytest.raises(BulletinError):
        bulletin.write(tmp_path, b"<html>login</html>")
    assert bulletin.read(tmp_path) == parse(raw())
    assert [file.name for file in tmp_path.iterdir()] == [bulletin.NAME]


def test_where_there_is_none_it_is_empty(tmp_path: Path) -> None:
    assert bulletin.read(tmp_path) == Bulletin()


def test_a_notice_is_shown_until_the_end_of_its_last_day() -> None:
    whole = parse(raw())
    assert whole.on(date(2026, 12, 31)) == whole
    assert whole.on(date(2027, 1, 1)) == Bulletin("7", (), whole.figures)
    for_ever = parse(raw(notices=[{"text": {"zh_CN": "x"}}]))
    assert for_ever.on(date(2099, 1, 1)) == for_ever


def test_a_file_past_all_measure_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / bulletin.NAME).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BulletinError, match="bytes"):
        bulletin.read(tmp_path)


def test_where_it_cannot_be_written_nothing_unfinished_is_left(tmp_path: Path) -> None:
    (tmp_path / bulletin.NAME).mkdir()
    with pytest.raises(OSError, match="directory"):
        bulletin.write(tmp_path, raw())
    assert [file.name for file in tmp_path.iterdir()] == [bulletin.NAME]
