"""The indicator list's way to the pad's disk: nothing broken gets there, and it holds up no notice."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pad import bulletin, indicators
from pad.settings import Settings
from syncd.bulletin import Messenger
from syncd.indicator_list import REFUSED, IndicatorList
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Publishing
from tests.pad.test_indicators import FILE, broken, published
from tests.syncd.city import CityServer, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import Connect
from tests.syncd.test_bulletin import Publisher, log_of

NOTICES: dict[str, object] = {"notices": [{"text": {"zh_CN": "甲"}}]}


@pytest.fixture
def city() -> Publisher:
    return Publisher()


@pytest.fixture
def settings(box: PadBox, itemised: CityServer) -> Settings:
    (box.folder / "indicators").mkdir()
    (box.folder / "indicators" / FILE.name).write_bytes(FILE.read_bytes())
    return box.settings()


@pytest.fixture
def listed(box: PadBox, settings: Settings) -> Iterator[IndicatorList]:
    ledger = LedgerFile(settings.state_dir, settings.ledger_path)
    yield IndicatorList(settings, ledger, PlatformClock(box.clock))
    ledger.close()


@pytest.fixture
def messenger(box: PadBox, listed: IndicatorList, connect: Connect) -> Messenger:
    platform = connect()
    assert isinstance(platform, Publishing)
    return Messenger(box.state, platform, listed)


def refused(box: PadBox) -> list[dict[str, str]]:
    return [json.loads(row["detail"]) for row in box.journal() if row["kind"] == REFUSED]


def test_list_and_notices_come_in_one_answer(box: PadBox, city: Publisher, messenger: Messenger) -> None:
    city.published = says(200, published() | NOTICES)
    messenger.go()
    kept = indicators.pulled(box.state)
    assert kept is not None
    assert (kept.version, len(kept.in_force), len(kept.retired)) == ("2026-12-01", 40, 32)
    assert bulletin.read(box.state).version == "of-the-whole"


def test_a_broken_list_is_refused_noted_once_and_the_notices_hang_all_the_same(
    box: PadBox,
    city: Publisher,
    messenger: Messenger,
    listed: IndicatorList,
    caplog: pytest.LogCaptureFixture,
) -> None:
    city.published = says(200, published())
    messenger.go()
    city.published = says(200, broken(level=1) | {"version": "2", "indicators_version": "2027"} | NOTICES)
    for _ in range(3):
        messenger.go()
    kept = indicators.pulled(box.state)
    assert kept is not None
    assert kept.version == "2026-12-01"
    assert listed.is_refused
    assert len(bulletin.read(box.state).notices) == 1
    (noted,) = refused(box)
    assert noted["version"] == "2027"
    assert "first digit says 5" in noted["why"]
    assert [line for line in log_of(caplog) if "refused" in line] == [
        "indicators: version '2027' is refused, the one before stays: the platform's list: indicator 510 "
        "is given level 1; its first digit says 5"
    ]


def test_a_restart_does_not_note_the_same_version_again(
    box: PadBox, settings: Settings, city: Publisher, messenger: Messenger
) -> None:
    city.published = says(200, broken(text=""))
    messenger.go()
    ledger = LedgerFile(settings.state_dir, settings.ledger_path)
    again = IndicatorList(settings, ledger, PlatformClock(box.clock))
    again.take(json.dumps(broken(text="")).encode())
    assert again.is_refused
    assert len(refused(box)) == 1
    again.take(json.dumps(broken(text="") | {"indicators_version": "another"}).encode())
    assert len(refused(box)) == 2
    ledger.close()


def test_a_sound_one_after_a_broken_one_is_taken(
    box: PadBox, city: Publisher, messenger: Messenger, listed: IndicatorList
) -> None:
    city.published = says(200, broken(text=""))
    messenger.go()
    assert indicators.pulled(box.state) is None
    city.published = says(200, published("2026-12-02"))
    messenger.go()
    assert not listed.is_refused
    assert listed.is_kept


def test_until_a_list_is_kept_the_whole_answer_is_asked_for(
    box: PadBox, city: Publisher, messenger: Messenger
) -> None:
    city.published = says(200, {"version": "1"} | NOTICES)
    messenger.go()
    messenger.go()
    city.published = says(200, published())
    messenger.go()
    messenger.go()
    assert [request.path.partition("?")[2] for request in city.requests] == [
        "",
        "",
        "",
        "version=of-the-whole",
    ]


def test_another_version_of_the_whole_writes_the_same_list_no_second_time(
    box: PadBox, city: Publisher, messenger: Messenger
) -> None:
    city.published = says(200, published(indicators_version=""))
    messenger.go()
    before = (box.state / indicators.PULLED).stat().st_ino
    city.published = says(200, published(indicators_version="", version="other notices") | NOTICES)
    messenger.go()
    assert (box.state / indicators.PULLED).stat().st_ino == before
    assert bulletin.read(box.state).version == "other notices"


@pytest.mark.parametrize(
    "body",
    ["<!doctype html><title>上网认证</title>", {"error": "log in first"}, b"\xff", published(indicator=[])],
)
def test_what_holds_no_list_is_nothing_to_refuse(
    box: PadBox, city: Publisher, messenger: Messenger, listed: IndicatorList, body: object
) -> None:
    city.published = says(200, body)
    messenger.go()
    assert not listed.is_refused
    assert refused(box) == []


def test_a_disk_that_does_not_take_it_keeps_the_one_before_and_asks_again(
    box: PadBox, city: Publisher, messenger: Messenger
) -> None:
    city.published = says(200, published())
    messenger.go()
    (box.state / f"{indicators.PULLED}.part").mkdir()  # root may write everywhere, but not into a folder
    city.published = says(200, broken(text="新") | {"version": "next", "indicators_version": "2027-01-01"})
    messenger.go()
    kept = indicators.pulled(box.state)
    assert kept is not None
    assert kept.version == "2026-12-01"
    assert bulletin.read(box.state).version == "of-the-whole"  # so the next time asks for it again
    (box.state / f"{indicators.PULLED}.part").rmdir()
    messenger.go()
    kept = indicators.pulled(box.state)
    assert kept is not None
    assert kept.version == "2027-01-01"
