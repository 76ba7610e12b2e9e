"""The bulletin's way from the real practice platform over HTTP to the pad's disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from pad import bulletin, indicators, keys
from pad.bulletin import Bulletin, Figures
from sandbox.hall import partners
from sandbox.hall.processes import Program
from syncd.bulletin import Messenger
from syncd.indicator_list import IndicatorList
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Publishing, Unchanged
from syncd.platforms.choice import platform_for
from tests.pad.test_indicators import FILE
from tests.syncd.pad_box import PadBox

FIGURES = {
    "period": {"zh_CN": "2026年10月"}, "ratings": 1, "satisfied_percent": 99.2, "bad": 7, "bad_handled": 7,
}  # fmt: skip


class Practice:
    """The practice platform as a process."""

    def __init__(self, folder: Path) -> None:
        configuration = folder / "sandbox.toml"
        configuration.write_text(
            f'port = 0\ncontrol_port = 0\nstate = "{folder}"\napp_mark = "mark"\napp_word = "word"\n',
            encoding="utf-8",
        )
        words = [sys.executable, "-m", "sandbox", "--config", str(configuration)]
        self._program = Program(words, folder / "log")
        ready = json.loads(self._program.line(lambda line: line.startswith("{"), 60))
        self.url: str = ready["platform"]
        self.control = partners.Platform(ready["control"])
        self._at_first = self.control.call("GET", "/control/bulletin")

    def forget(self) -> None:
        """Publish what it published at first."""
        self.publish(notices=self._at_first["notices"], figures=self._at_first["figures"])

    def publish(self, **told: object) -> str:
        """Publish this; the version it goes under."""
        version: str = self.control.call("PUT", "/control/bulletin", told)["version"]
        return version

    def close(self) -> None:
        self._program.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with closing(Practice(tmp_path_factory.mktemp("practice"))) as practice:
        yield practice


@pytest.fixture
def practice(running: Practice, box: PadBox) -> Practice:
    running.forget()
    keys.write_secret(box.state / "keys" / "app_word", "word")
    box.configure(f"{running.url}/itemised", "itemised")
    return running


@pytest.fixture
def sent(box: PadBox, practice: Practice) -> Iterator[Messenger]:
    platform = platform_for(box.settings(), lambda: box.clock.read().wall)
    assert isinstance(platform, Publishing)
    yield Messenger(box.state, platform)
    platform.close()


def test_the_practice_platforms_figures_and_notices_arrive(box: PadBox, sent: Messenger) -> None:
    sent.go()
    hanging = bulletin.read(box.state)
    assert hanging.figures == Figures({"zh_CN": "2026年10月", "en": "October 2026"}, 12345, 99.2, 7, 7)
    assert all(set(notice.text) == {"zh_CN", "en"} for notice in hanging.notices)
    assert len(hanging.notices) == 2


def test_what_it_publishes_next_takes_the_place_of_that(
    box: PadBox, practice: Practice, sent: Messenger
) -> None:
    sent.go()
    before = bulletin.read(box.state).version
    version = practice.publish(notices=[{"text": {"zh_CN": "今日17点闭馆"}, "until": "2026-12-31"}])
    sent.go()
    hanging = bulletin.read(box.state)
    assert before != hanging.version == version
    assert [(notice.text["zh_CN"], notice.until) for notice in hanging.notices] == [
        ("今日17点闭馆", "2026-12-31")
    ]
    assert hanging.figures is None


def test_the_same_content_has_the_same_version_and_is_304(
    box: PadBox, practice: Practice, sent: Messenger
) -> None:
    version = practice.publish(figures=FIGURES)
    assert practice.publish(figures=FIGURES | {"bad": 8}) != version
    assert practice.publish(figures=FIGURES) == version
    sent.go()
    platform = platform_for(box.settings(), lambda: box.clock.read().wall)
    assert isinstance(platform, Publishing)
    assert isinstance(platform.catalogue(version), Unchanged)
    platform.close()


def test_who_signs_with_another_word_gets_nothing(box: PadBox, practice: Practice) -> None:
    keys.write_secret(box.state / "keys" / "app_word", "another", replace=True)
    platform = platform_for(box.settings(), lambda: box.clock.read().wall)
    assert isinstance(platform, Publishing)
    Messenger(box.state, platform).go()
    platform.close()
    assert bulletin.read(box.state) == Bulletin()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"notices": [{"text": {"en": "no Chinese"}}]}, "zh_CN"),
        ({"figures": FIGURES | {"satisfied_percent": 101}}, "satisfied_percent"),
        ({"version": "7"}, "version"),
    ],
)
def test_it_publishes_nothing_a_pad_would_refuse(practice: Practice, told: object, field: str) -> None:
    with pytest.raises(requests.HTTPError, match="400") as refused:
        practice.control.call("PUT", "/control/bulletin", told)
    assert field in refused.value.response.json()["error"]["message"]


# --- indicators -------------------------------------------------------------------------


def test_a_list_published_in_practice_is_taken_and_a_broken_one_refused(
    box: PadBox, practice: Practice
) -> None:
    (box.folder / "indicators").mkdir()
    (box.folder / "indicators" / FILE.name).write_bytes(FILE.read_bytes())
    platform = platform_for(box.settings(), lambda: box.clock.read().wall)
    assert isinstance(platform, Publishing)
    ledger = LedgerFile(box.state, box.state / "ledger.db")
    listed = IndicatorList(box.settings(), ledger, PlatformClock(box.clock))
    messenger = Messenger(box.state, platform, listed)
    before = practice.control.call("GET", "/control/indicators")
    first, *rest = before["indicator"]
    changed = {"version": "2026-12-01", "indicator": [first | {"text": "新"}, *rest]}
    practice.control.call("PUT", "/control/indicators", changed)
    messenger.go()
    kept = indicators.pulled(box.state)
    assert kept is not None
    assert (kept.version, kept.text(first["code"])) == ("2026-12-01", "新")
    broken = {"version": "2026-12-02", "indicator": rest}
    with pytest.raises(requests.HTTPError, match="400"):
        practice.control.call("PUT", "/control/indicators", broken | {"indicator": rest[10:]})
    practice.control.call("PUT", "/control/indicators?unchecked=1", broken | {"indicator": rest[10:]})
    messenger.go()
    assert listed.is_refused
    assert indicators.pulled(box.state) == kept
    practice.control.call("PUT", "/control/indicators", before)
    platform.close()
    ledger.close()
