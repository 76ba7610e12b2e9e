"""The real engine: the words of a service hall come first, and nothing that is typed is kept."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.typing import pinyin as engine
from kiosk.typing.pinyin import Candidate, Pinyin, PinyinUnavailable

PHRASES = {
    "fuwu": "服务", "taidu": "态度", "banli": "办理", "chuangkou": "窗口", "shijian": "时间",
    "cailiao": "材料", "gongzuorenyuan": "工作人员", "xiexie": "谢谢", "manyi": "满意", "naixin": "耐心",
    "xiaolv": "效率", "zixun": "咨询", "liucheng": "流程", "jieshi": "解释", "qingchu": "清楚",
    "reqing": "热情",
    "fuwutaiduhenhao": "服务态度很好", "dengle": "等了", "fangbian": "方便", "nihao": "你好",
}  # fmt: skip


@pytest.fixture(scope="module")
def pinyin() -> Iterator[Pinyin]:
    pinyin = Pinyin()
    yield pinyin
    pinyin.close()


@pytest.mark.parametrize(("letters", "meant"), PHRASES.items())
def test_the_words_of_a_service_hall_come_among_the_first(pinyin: Pinyin, letters: str, meant: str) -> None:
    assert Candidate(meant, len(letters)) in pinyin.candidates(letters)[:3]


@pytest.mark.parametrize("letters", ["fuwu", "banli", "chuangkou", "fuwutaiduhenhao"])
def test_the_commonest_come_first(pinyin: Pinyin, letters: str) -> None:
    assert pinyin.candidates(letters)[0].text == PHRASES[letters]


def test_shorter_words_and_single_characters_follow_with_the_letters_they_use(pinyin: Pinyin) -> None:
    offered = pinyin.candidates("fuwutaidu")
    assert Candidate("服务", 4) in offered
    assert any(len(each.text) == 1 and each.letters == 2 for each in offered)


def test_first_letters_are_enough_for_a_common_word(pinyin: Pinyin) -> None:
    assert pinyin.candidates("fw")[0] == Candidate("服务", 2)


def test_a_mark_parts_syllables(pinyin: Pinyin) -> None:
    assert pinyin.candidates("xi'an")[0] == Candidate("西安", 5)


def test_what_was_asked_before_does_not_matter(pinyin: Pinyin) -> None:
    alone = pinyin.candidates("paidui")
    for other in ("banli", "fuwutaidu", "zzz", "paidui"):
        pinyin.candidates(other)
    assert pinyin.candidates("paidui") == alone


@pytest.mark.parametrize("letters", ["", "A", "fu wu", "服务", "1", "\x00", "a" * 500])
def test_what_is_no_pinyin_is_no_trouble(pinyin: Pinyin, letters: str) -> None:
    for each in pinyin.candidates(letters):
        assert 0 < each.letters <= engine.LETTERS_MAX


@given(st.text("abcdefghijklmnopqrstuvwxyz'", max_size=30))
def test_every_candidate_uses_some_of_the_letters(pinyin: Pinyin, letters: str) -> None:
    offered = pinyin.candidates(letters, limit=10)
    assert len(offered) <= 10
    for each in offered:
        assert each.text
        assert 0 < each.letters <= len(letters)


def test_nothing_that_is_typed_is_kept_anywhere(tmp_path: Path) -> None:
    """No file is made in the home, which cannot even be written, nor left among the temporary ones."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    program = (
        "from kiosk.typing.pinyin import Pinyin\n"
        "asked = Pinyin()\n"
        "before = asked.candidates('paidui')\n"
        "for _ in range(200): asked.candidates('paidui'); asked.candidates('zhangsan')\n"
        "assert asked.candidates('paidui') == before\n"
        "asked.close()\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary)},
        check=True,
    )
    assert not list(home.rglob("*"))
    assert not list(temporary.rglob("*"))


def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LIBRARY", "libpinyin.so.0-none")
    with pytest.raises(PinyinUnavailable, match="install Debian's libpinyin15"):
        Pinyin()


def test_data_that_are_not_installed_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "DATA", ())
    with pytest.raises(PinyinUnavailable, match="install Debian's libpinyin-data"):
        Pinyin()
