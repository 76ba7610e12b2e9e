"""``padctl status``, judged: each thing that can be wrong is named with the right next step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pad.clock import Anchor, AnchorSource
from pad.ctl import words
from pad.ctl.devices import Device
from pad.ctl.facts import Facts, Stored
from pad.ctl.finding import Finding, Verdict, worst
from pad.ctl.judgement import REFUSED_SHOWN, judge, span
from pad.ctl.kiosk import KioskState
from pad.ledger.alerts import Backlog as Untold
from pad.ledger.outbox import Backlog
from pad.ledger.state import Line, Refusal, Standing
from pad.model import CHINA_TIME, Instant
from syncd import policy
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import Seen
from syncd.their_clock import TheirClock
from tests.syncd.pad_box import FixedClock

WALL = datetime(2026, 11, 24, 10, 0, tzinfo=CHINA_TIME)
NOW = Instant(WALL, "boot", 10_000 * 10**9, trusted=True)
WELL = Facts(
    now=NOW,
    stored=Stored(
        Standing(Backlog(0, None), 0, WALL - timedelta(minutes=2), WALL - timedelta(minutes=2), 7),
        Line((), None, ()),
        (),
        {},
    ),
    kiosk=KioskState("idle", {}),
    devices=(),
    addresses=None,
    syncd_runs=True,
    free_mib=5000,
    min_free_mib=64,
    retry_cap_s=3600,
    ntp=True,
    anchor=None,
    versions={"pad": "1"},
)
READER = Device("idcard", "/dev/pad/idcard", "/dev/ttyUSB0", "found", 0, 1.0, "")
GONE = Device("scanner", "usb:1", "", "lost", 0, None, "plug it in")


def words_of_a_slow_clock() -> str:
    """syncd's own."""
    theirs = TheirClock(PlatformClock(FixedClock(WALL)))
    theirs.hear(Seen(WALL - timedelta(hours=1), 0, 0))
    return theirs.why


SLOW = words_of_a_slow_clock()


def stored(**parts: Any) -> Facts:
    assert isinstance(WELL.stored, Stored)
    return replace(WELL, stored=replace(WELL.stored, **parts))


def waiting(seconds: float, error: str | None = None) -> Facts:
    oldest = Instant(WALL - timedelta(seconds=seconds), "boot", NOW.monotonic_ns - int(seconds * 1e9), True)
    assert isinstance(WELL.stored, Stored)
    return stored(
        standing=replace(WELL.stored.standing, backlog=Backlog(3, oldest)), line=Line((), error, ())
    )


def named(facts: Facts, name: str) -> Finding:
    return next(each for each in judge(facts) if each.name == name)


def test_a_pad_that_is_well_has_nothing_to_do() -> None:
    found = judge(WELL)
    assert worst(found) is Verdict.OK
    assert [each.name for each in found] == [
        "collecting", "sending", "waiting", "refused", "flagged", "clock",
    ]  # fmt: skip
    assert not any(each.next_step for each in found)


@pytest.mark.parametrize(
    ("facts", "name", "verdict", "found", "step"),
    [
        (replace(WELL, kiosk="the kiosk does not answer"), "collecting", Verdict.FAIL, "not answer", "kiosk"),
        (replace(WELL, kiosk=KioskState("cannot_store", {})), "collecting", Verdict.FAIL, "64 MiB", "room"),
        (replace(WELL, free_mib=63), "collecting", Verdict.FAIL, "63 MiB are free", "make room"),
        (replace(WELL, kiosk=KioskState("paused", {})), "collecting", Verdict.WARN, "paused", "opens it"),
        (replace(WELL, devices=(READER,)), "devices", Verdict.OK, "idcard", ""),
        (replace(WELL, devices=(READER, GONE)), "devices", Verdict.FAIL, "scanner: usb:1 lost", "plug it in"),
        (replace(WELL, devices=(replace(GONE, name="voice"),)), "devices", Verdict.WARN, "voice", "plug"),
        (replace(WELL, addresses=("eth0 10.0.0.7",)), "network", Verdict.OK, "eth0 10.0.0.7", ""),
        (replace(WELL, addresses=()), "network", Verdict.FAIL, "no interface that is up", "check the cable"),
        (replace(WELL, stored="it is damaged"), "ledger", Verdict.FAIL, "it is damaged", "kiosk"),
        (replace(WELL, syncd_runs=False), "sending", Verdict.FAIL, "does not run", "systemctl start syncd"),
        (waiting(10, "the connection was refused"), "sending", Verdict.FAIL, "was refused", "padctl doctor"),
        (waiting(10, "the platform refuses this pad's mark"), "sending", Verdict.FAIL, "mark", "app_word"),
        (waiting(10, "the platform's clock tells 1970"), "sending", Verdict.FAIL, "1970", "padctl doctor"),
        (waiting(7300, SLOW), "sending", Verdict.WARN, "60 min slow", "clock set"),
        (waiting(7300, SLOW), "waiting", Verdict.WARN, "2 h 1 min", "as the platform's clock comes"),
        (waiting(10, policy.EARLY), "sending", Verdict.WARN, "ahead", "nothing is lost"),
        (waiting(10), "waiting", Verdict.OK, "3; the oldest for 10 s", ""),
        (waiting(600), "waiting", Verdict.WARN, "10 min", "once the platform answers"),
        (waiting(7300), "waiting", Verdict.FAIL, "2 h 1 min", "padctl doctor"),
        (stored(line=Line((Refusal(7, "E1", "没有对应的服务数据"),), None, ())), "refused", Verdict.FAIL,
         "7: 没有对应的服务数据", "padctl retry 7"),
        (stored(untold=(Untold("smtp", 2, "away"),)), "alerts", Verdict.WARN,
         "2 bad ratings wait for smtp: away", "padctl alerts test"),
        (stored(flagged={"burst": 2}), "flagged", Verdict.OK, "burst 2; see: padctl flags", ""),
        (replace(WELL, ntp=False), "clock", Verdict.WARN, "nobody has told", "NTP"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_next_step(
    facts: Facts, name: str, verdict: Verdict, found: str, step: str
) -> None:
    told = named(facts, name)
    assert (told.verdict, found in told.found, step in told.next_step) == (verdict, True, True), told
    assert worst(judge(facts)) is (Verdict.OK if verdict is Verdict.OK else verdict)


def test_a_clock_the_platform_told_is_held_against_the_machines_own() -> None:
    anchor = Anchor(
        "boot", NOW.monotonic_ns, WALL + timedelta(hours=1), timedelta(hours=1), AnchorSource.PLATFORM
    )
    told = named(replace(WELL, ntp=False, anchor=anchor), "clock")
    assert "-3600 s off" in told.found
    assert told.verdict is Verdict.WARN
    assert "timesyncd.conf" in told.next_step
    right = replace(anchor, true_time=WALL, offset=timedelta(0))
    assert named(replace(WELL, ntp=False, anchor=right), "clock").verdict is Verdict.OK


def test_who_told_the_time_is_said_in_the_language_spoken() -> None:
    anchor = Anchor("boot", NOW.monotonic_ns, WALL, timedelta(0), AnchorSource.PLATFORM)
    words.speak("zh_CN")
    try:
        found = named(replace(WELL, ntp=False, anchor=anchor), "clock").found
    finally:
        words.speak("en")
    assert found == "由平台告知；本机时钟相差 +0 秒"


def test_of_many_refusals_the_first_are_shown_and_the_rest_counted() -> None:
    facts = stored(line=Line(tuple(Refusal(seq, "", "x") for seq in range(1, REFUSED_SHOWN + 6)), None, ()))
    told = [each for each in judge(facts) if each.name == "refused"]
    assert len(told) == REFUSED_SHOWN + 1
    assert "5 more" in told[-1].found


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59.9, "59 s"), (61, "1 min"), (3600, "1 h 0 min"), (90_000, "1 d 1 h")]
)
def test_a_while_is_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert span(seconds) == said
