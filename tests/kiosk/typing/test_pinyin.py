"""The real engine: the words of a service hall come first, and nothing that is typed is kept."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.typing import pinyin as engine
from kiosk.typing import words
from kiosk.typing.pinyin import Candidate, Pinyin, PinyinUnavailable

ROOT = Path(__file__).parents[3]

FIRST = {
    "fuwu": "服务", "taidu": "态度", "banli": "办理", "paidui": "排队", "chuangkou": "窗口",
    "shijiantaichang": "时间太长", "paiduishijiantaichang": "排队时间太长", "cailiao": "材料",
    "gongzuorenyuan": "工作人员", "xiexie": "谢谢", "manyi": "满意", "naixin": "耐心", "xiaolv": "效率",
    "zixun": "咨询", "liucheng": "流程", "jieshibuqingchu": "解释不清楚", "qingchu": "清楚", "reqing": "热情",
    "fuwutaiduhenhao": "服务态度很好", "dengle": "等了", "fangbian": "方便", "yuyue": "预约", "fuyin": "复印",
    "nihao": "你好", "wangshangbanli": "网上办理", "taiduhenhao": "态度很好", "paolesantang": "跑了三趟",
}  # fmt: skip


@pytest.fixture(scope="module")
def pinyin() -> Iterator[Pinyin]:
    pinyin = Pinyin(lists=(words.SHIPPED,))
    yield pinyin
    pinyin.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[Pinyin]:
    """The dictionary alone, without any list of words."""
    pinyin = Pinyin(lists=())
    yield pinyin
    pinyin.close()


@pytest.mark.parametrize(("letters", "meant"), FIRST.items())
def test_the_words_of_a_service_hall_come_first(pinyin: Pinyin, letters: str, meant: str) -> None:
    assert pinyin.candidates(letters)[0] == Candidate(meant, len(letters))


@pytest.mark.parametrize(("word", "syllables"), words.read(words.SHIPPED).items())
def test_each_listed_word_comes_first_and_is_read_as_written(
    pinyin: Pinyin, plain: Pinyin, word: str, syllables: str
) -> None:
    assert pinyin.candidates(syllables.replace("'", ""))[0].text == word
    for char, syllable in zip(word, syllables.split("'"), strict=True):
        assert char in [each.text for each in plain.candidates(syllable, limit=500)]


def test_a_word_of_the_halls_own_comes_before_a_listed_one(tmp_path: Path) -> None:
    own = tmp_path / "words.toml"
    own.write_text('"太原" = "tai\'yuan"\n"榕城新村" = "rong\'cheng\'xin\'cun"\n', encoding="utf-8")
    pinyin = Pinyin((words.SHIPPED, own))
    assert pinyin.candidates("taiyuan")[0].text == "太原"
    assert pinyin.candidates("rongchengxincun")[0].text == "榕城新村"
    pinyin.close()


def test_syllables_that_do_not_exist_leave_their_word_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = tmp_path / "words.toml"
    own.write_text('"好好" = "zzq\'xx"\n', encoding="utf-8")
    pinyin = Pinyin((own,))
    assert "好好 (zzq'xx) is left out" in caplog.text
    assert pinyin.candidates("nihao")[0].text == "你好"
    pinyin.close()


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


@pytest.mark.parametrize(
    "letters", ["", "A", "fu wu", "服务", "1", "\x00", "'", "iuv", "zzzz", "f" * 60, "a" * 500]
)
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


def test_sixty_letters_are_one_sentence(pinyin: Pinyin) -> None:
    letters = "banshixiaolvhendipaiduishijiantaichanggongzuorenyuanbunaifan"
    assert len(letters) == 60
    assert pinyin.candidates(letters)[0] == Candidate("办事效率很低排队时间太长工作人员不耐烦", 60)


ASKS = """
import resource, signal
from kiosk.typing.pinyin import Pinyin
asked = Pinyin()
# from here on a single byte in any file is this program's end
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
before = asked.candidates("zhangsan")
for _ in range(100):
    for letters in ("paidui", "zhangsan", "zhangsandianhua", "zs"):
        asked.candidates(letters)
assert asked.candidates("zhangsan") == before
asked.close()
"""


@pytest.mark.parametrize("home", ["a folder", "/proc/none", None])
def test_nothing_that_is_typed_is_kept_anywhere(tmp_path: Path, home: str | None) -> None:
    """Not in the home, writable or not or unknown, not among the temporary files, not where it runs."""
    folders = [tmp_path / name for name in ("home", "tmp", "work")]
    for folder in folders:
        folder.mkdir()
    environment = {"TMPDIR": str(folders[1]), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    if home is not None:
        environment["HOME"] = str(folders[0]) if home == "a folder" else home
    ended = subprocess.run(
        [sys.executable, "-c", ASKS], env=environment, cwd=folders[2], capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    assert not [file for folder in folders for file in folder.rglob("*")]


def test_without_any_folder_for_temporary_files_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    with pytest.raises(PinyinUnavailable, match="give it a TMPDIR"):
        Pinyin()


def test_an_engine_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LIBRARY", "libpinyin.so.0-none")
    with pytest.raises(PinyinUnavailable, match="install Debian's libpinyin15"):
        Pinyin()


def test_data_that_are_not_installed_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "DATA", ())
    with pytest.raises(PinyinUnavailable, match="install Debian's libpinyin-data"):
        Pinyin()
