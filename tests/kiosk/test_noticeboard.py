"""The noticeboard sees another bulletin within seconds, and never takes a broken one."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kiosk.noticeboard import Noticeboard
from pad import bulletin
from pad.bulletin import Bulletin

WITHIN_S = 60
FIRST, SECOND = b'{"version": "1"}', b'{"version": "2"}'


class Window:
    """A window whose noticeboard looks often."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.shown: queue.SimpleQueue[Bulletin] = queue.SimpleQueue()
        self.board = Noticeboard(state_dir, self.shown.put, look_s=0.01)

    def next(self) -> str:
        return self.shown.get(timeout=WITHIN_S).version


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    window = Window(tmp_path)
    window.board.start()
    yield window
    window.board.stop()


def test_another_bulletin_is_shown(window: Window) -> None:
    bulletin.write(window.state_dir, FIRST)
    assert window.next() == "1"
    bulletin.write(window.state_dir, SECOND)
    assert window.next() == "2"
    assert window.board.version == "2"


def test_one_that_is_there_already_is_shown_at_the_start(tmp_path: Path) -> None:
    bulletin.write(tmp_path, FIRST)
    window = Window(tmp_path)
    window.board.look()
    assert window.next() == "1"


def test_a_broken_one_is_left_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    window = Window(tmp_path)
    bulletin.write(tmp_path, FIRST)
    window.board.look()
    (tmp_path / bulletin.NAME).write_bytes(b"<html>")
    for _ in range(5):
        window.board.look()
    assert window.board.version == "1"
    assert window.shown.qsize() == 1
    assert len(caplog.records) == 1
    bulletin.write(tmp_path, SECOND)
    window.board.look()
    assert window.board.version == "2"


def test_the_same_words_in_another_file_change_nothing(tmp_path: Path) -> None:
    window = Window(tmp_path)
    for _ in range(3):
        bulletin.write(tmp_path, FIRST)
        window.board.look()
    assert window.shown.qsize() == 1


def test_one_that_is_taken_away_is_taken_down(tmp_path: Path) -> None:
    window = Window(tmp_path)
    bulletin.write(tmp_path, FIRST)
    window.board.look()
    (tmp_path / bulletin.NAME).unlink()
    window.board.look()
    assert [window.next(), window.next()] == ["1", ""]


def test_a_notice_goes_when_its_last_day_is_over(tmp_path: Path) -> None:
    days = [date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 1)]
    shown: list[int] = []
    board = Noticeboard(
        tmp_path, lambda hanging: shown.append(len(hanging.notices)), today=iter(days).__next__
    )
    bulletin.write(
        tmp_path,
        b'{"notices": [{"text": {"zh_CN": "x"}, "until": "2026-12-31"}, {"text": {"zh_CN": "y"}}]}',
    )
    for _ in days:
        board.look()
    assert shown == [2, 1]


def test_nesting_past_all_measure_is_only_a_broken_bulletin(tmp_path: Path) -> None:
    window = Window(tmp_path)
    (tmp_path / bulletin.NAME).write_bytes(b'{"x": ' + b"[" * 100_000)
    window.board.look()
    assert window.shown.empty()


def test_it_stops_at_once_however_seldom_it_looks(tmp_path: Path) -> None:
    board = Noticeboard(tmp_path, print, look_s=3600)
    board.start()
    board.stop()
