"""``padctl clock``: what the pad knows of the time, and a technician's word for it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pad.clock import Anchor, AnchorSource
from pad.ctl import clock as command
from pad.ctl.__main__ import padctl
from pad.ledger.outbox import Outbox
from pad.model import CHINA_TIME
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import FixedClock, PadBox, steps

TRUE = datetime(2026, 11, 24, 17, 30, tzinfo=CHINA_TIME)
DEAD = datetime(1970, 1, 1, 0, 5, tzinfo=CHINA_TIME)


@pytest.fixture
def clock(box: PadBox, online: CityServer, monkeypatch: pytest.MonkeyPatch) -> FixedClock:
    """A pad that starts in 1970, without NTP; its platform tells no time."""
    box.clock = made = FixedClock(DEAD, trusted=False)
    monkeypatch.setattr(command, "SystemClock", lambda: made)
    return made


def told(box: PadBox, *words: str, language: str = "en") -> Result:
    return CliRunner().invoke(padctl, ["--language", language, "clock", *words], env=box.environment)


def in_json(box: PadBox, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(box, *words, "--json").stdout)
    return found


def test_what_waits_for_a_time_goes_out_once_a_technician_tells_it(
    box: PadBox, city: City, clock: FixedClock
) -> None:
    city.tells_date = False
    box.rate("P0", trusted=False)
    clock.go_on(timedelta(minutes=10))
    uploader = box.uploader()
    steps(uploader, 2)
    assert box.states == ["untried"]
    shown = told(box)
    assert "nobody has told the time" in shown.stdout
    assert "padctl clock set" in shown.stdout

    done = told(box, "set", "2026-11-24T17:30:00+08:00")
    assert done.exit_code == 0, done.output
    assert "2026-11-24 17:30:00" in done.stdout
    steps(uploader)
    assert [each["assessTime"] for each in city.arrived] == ["2026-11-24 17:20:00"]
    (note,) = [json.loads(row["detail"]) for row in box.journal() if row["kind"] == "clock_set"]
    assert note["told"].startswith("2026-11-24T17:30:00")
    assert note["against"] == []
    clock.go_on(timedelta(minutes=5))
    found = in_json(box)
    assert (found["known"], found["by"], found["true_time"]) == (
        True, "technician", "2026-11-24T17:35:00.000+08:00",
    )  # fmt: skip
    assert found["off_s"] == round((DEAD - TRUE).total_seconds() + 600, 3)
    assert [(each["source"], each["this_boot"]) for each in found["anchors"]] == [("technician", True)]
    assert "a technician told it" in told(box).stdout
    clock.boot_id = "the next"
    assert in_json(box)["known"] is False, "it holds for one boot"


def test_what_it_may_not_be_is_refused_and_nothing_is_written(box: PadBox, clock: FixedClock) -> None:
    clock.trusted = True
    clock.wall = TRUE
    box.rate("P0")
    clock.trusted, clock.wall = False, DEAD
    for time, why in (("2023-01-01T00:00:00", "build"), ("2026-11-24T16:30:00", "last_trusted")):
        done = told(box, "set", time, "--json")
        assert done.exit_code == 1
        assert why in json.loads(done.stdout)["against"]
        assert "--force" in done.stderr
    assert told(box, "set", "half past five").exit_code == 2
    assert not Outbox(box.db, box.keys).anchors()
    assert [row["kind"] for row in box.journal()] == []


def test_forced_it_is_written_and_the_journal_says_against_what(box: PadBox, clock: FixedClock) -> None:
    known = Anchor(clock.boot_id, clock.monotonic_ns, TRUE, TRUE - DEAD, AnchorSource.PLATFORM)
    Outbox(box.db, box.keys).set_anchor(known)
    assert "by that it is 2026-11-24 17:30:00" in told(box, "set", "2026-11-24T18:30:00").stderr
    done = told(box, "set", "2026-11-24T18:30:00", "--force")
    assert done.exit_code == 0
    assert "restart syncd" in done.stdout
    (anchor,) = Outbox(box.db, box.keys).anchors().values()
    assert (anchor.source, anchor.true_time) == (AnchorSource.TECHNICIAN, TRUE + timedelta(hours=1))
    (note,) = [json.loads(row["detail"]) for row in box.journal()]
    assert note["against"] == ["platform"]


def test_who_knows_it_better_is_left_as_it_is(box: PadBox, clock: FixedClock) -> None:
    clock.trusted, clock.wall = True, TRUE
    assert in_json(box, "set", "2026-11-24T17:30:20") | {"set": False, "by": "ntp"} == in_json(
        box, "set", "2026-11-24T17:30:20"
    )
    assert not Outbox(box.db, box.keys).anchors()


def test_it_speaks_chinese(box: PadBox, clock: FixedClock) -> None:
    assert "本机时钟" in told(box, language="zh_CN").stdout
    assert "早于本程序" in told(box, "set", "2023-01-01", language="zh_CN").stderr
    told(box, language="en")
