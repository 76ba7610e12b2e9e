"""Which indicator list holds: the installed one, or the platform's where it is sound and newer."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.shelf import Shelf
from pad import indicators
from pad.indicators import Catalogue
from tests.kiosk.conftest import shut
from tests.pad.test_indicators import FILE, published

WITHIN_S = 60
INSTALLED = indicators.load(FILE)


def of(version: str) -> Catalogue:
    return indicators.parse_published(json.dumps(published(version)).encode(), INSTALLED)


def test_without_one_from_the_platform_the_installed_one_holds(tmp_path: Path) -> None:
    assert Shelf(tmp_path, INSTALLED).look() == INSTALLED


def test_a_newer_one_holds_from_the_start(tmp_path: Path) -> None:
    indicators.keep_pulled(tmp_path, of("2026-12-01"))
    assert Shelf(tmp_path, INSTALLED).look() == of("2026-12-01")


def test_an_older_one_does_not(tmp_path: Path) -> None:
    indicators.keep_pulled(tmp_path, of("2019-12-01"))
    assert Shelf(tmp_path, INSTALLED).look() == INSTALLED


@pytest.mark.parametrize("text", ["", "version =", 'version = "9"\nindicator = []\n', "\x00"])
def test_a_broken_one_at_the_start_leaves_the_installed_one(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / indicators.PULLED).write_text(text, encoding="utf-8")
    shelf = Shelf(tmp_path, INSTALLED)
    for _ in range(3):
        assert shelf.look() == INSTALLED
    assert len(caplog.records) == 1


def test_a_folder_nobody_may_look_into_for_a_while_leaves_the_one_that_held(tmp_path: Path) -> None:
    indicators.keep_pulled(tmp_path, of("2026-12-01"))
    shelf = Shelf(tmp_path, INSTALLED)
    assert shelf.look().version == "2026-12-01"
    with shut(tmp_path):
        assert shelf.look().version == "2026-12-01"
    indicators.keep_pulled(tmp_path, of("2026-12-02"))
    assert shelf.look().version == "2026-12-02"


@pytest.fixture
def shown() -> queue.SimpleQueue[Catalogue]:
    return queue.SimpleQueue()


@pytest.fixture
def shelf(tmp_path: Path, shown: queue.SimpleQueue[Catalogue]) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path, INSTALLED, shown.put, look_s=0.01)
    shelf.start()
    yield shelf
    shelf.stop()


def test_another_one_is_seen_a_broken_one_skipped_and_one_taken_away_gives_way(
    tmp_path: Path, shelf: Shelf, shown: queue.SimpleQueue[Catalogue]
) -> None:
    indicators.keep_pulled(tmp_path, of("2026-12-01"))
    assert shown.get(timeout=WITHIN_S).version == "2026-12-01"
    (tmp_path / indicators.PULLED).write_text("broken", encoding="utf-8")
    indicators.keep_pulled(tmp_path, replace(of("2026-12-02")))
    assert shown.get(timeout=WITHIN_S).version == "2026-12-02"
    (tmp_path / indicators.PULLED).unlink()
    assert shown.get(timeout=WITHIN_S) == INSTALLED
    assert shown.empty()
