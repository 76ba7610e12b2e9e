"""``sandbox devices``: every word does what it says, and what means nothing is told what is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import serial

from kiosk.drivers.idcard import is_number
from sandbox.devices.command import Desk, WordsError, run
from sandbox.devices.table import Table


def said(folder: Path, *typed: str) -> tuple[int, list[str]]:
    lines: list[str] = []
    outcome = run(folder / "dev", 1, typed, lines.append)
    return outcome, lines


def test_it_begins_with_what_belongs_into_the_settings(tmp_path: Path) -> None:
    outcome, lines = said(tmp_path)
    toml = lines[0].partition("\n\n")[2].rpartition("\nThen")[0]
    found = tomllib.loads(toml)
    ports = [found["keypad"], found["idcard"], found["scanner"], found["counter"]["line"]]
    assert [Path(each["port"]).name for each in ports] == ["keypad", "idcard", "scanner", "counter_line"]
    assert outcome == 0
    assert not list((tmp_path / "dev").iterdir())


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("key 5", "key 5 pressed"),
        ("bounce 3", "key 3 pressed; its contact bounced"),
        ("card 张三 11010519491231002X", "a card is on the reader: 张三 11010519491231002X"),
        ("lift", "the reader is empty"),
        ("fail read 41", "the next read fails with 41"),
        ("mute on", "the reader says nothing"),
        ("mute off", "the reader answers"),
        ("portions 7", "done"),
        ("scan https://x/?projectNo=1 2", "scanned"),
        ("scan-gbk 办件", "scanned, in GBK"),
        ("noise keypad 20", "noise on keypad's line"),
        ("unplug idcard", "idcard is out"),
    ],
)
def test_each_word_says_what_it_did(tmp_path: Path, word: str, answer: str) -> None:
    assert said(tmp_path, word) == (0, [said(tmp_path)[1][0], answer])


@pytest.mark.parametrize(
    "word",
    ["dance", "key", "key six", "key 9", "card", "fail", "fail write 41", "fail read 1FF", "fail read 0141",
     "mute", "scan", "unplug x",
     "lift it", "noise keypad", "call", 'card "'],
)  # fmt: skip
def test_what_means_nothing_is_told_what_is_allowed(tmp_path: Path, word: str) -> None:
    outcome, lines = said(tmp_path, word)
    assert outcome == 2
    assert "allowed" in lines[1]


def test_a_card_without_a_number_gets_one_of_nobodys(tmp_path: Path) -> None:
    with Table(tmp_path) as table:
        answer = Desk(table, 1).do("card 张三")
    number = answer.rpartition(" ")[2]
    assert number.startswith("999999")
    assert is_number(number)


def test_a_word_reaches_the_line(tmp_path: Path) -> None:
    with Table(tmp_path) as table, serial.Serial(str(tmp_path / "scanner"), timeout=60) as port:
        Desk(table, 1).do("scan a  b")
        assert port.read(6) == b"a  b\r\n"


def test_a_word_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    with Table(tmp_path) as table, pytest.raises(WordsError, match="unplug keypad"):
        Desk(table, 1).do("unplug everything")


def test_it_runs_as_a_command_and_leaves_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "devices"],
        input="key 5\nhelp\nquit\n",
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "key 5 pressed" in ended.stdout
    assert not list(tmp_path.iterdir())
