"""What a technician wants to know first, judged from the facts alone, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from pad.clock import WALL_AGREES_S, AnchorSource
from pad.ctl.devices import VOICE
from pad.ctl.facts import Facts, Stored
from pad.ctl.finding import Finding, Verdict
from pad.ctl.words import _, marked
from pad.ledger.state import age_s
from pad.model import CHINA_TIME

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL
REFUSED_SHOWN: Final = 10
WHO: Final = {AnchorSource.PLATFORM: marked("platform"), AnchorSource.TECHNICIAN: marked("technician")}
"""Who told the time, in words."""
NO_NETWORK: Final = marked("no interface that is up has an address")
CHECK_CABLE: Final = marked("check the cable at both ends and the switch, then: ip address")
_SOON: Final = 120.0
"""Seconds. Whatever waits for less has not even had the second attempt of an ordinary back-off."""
_CREDENTIALS: Final = ("refuses this pad", "signature", "credentials", "401", "403")
"""By which syncd's own words for a platform that does not know the pad are told from a dead line."""
_THEIR_CLOCK: Final = ("slow; ratings wait", "ahead of what the platform's clock shows")
"""By which its words for a platform whose clock is slow are."""


def judge(facts: Facts) -> tuple[Finding, ...]:
    """Every finding, in the order a technician reads them."""
    return tuple(_all(facts))


def _all(facts: Facts) -> Iterator[Finding]:
    yield _collecting(facts)
    yield from _devices(facts)
    yield from _network(facts)
    if isinstance(facts.stored, str):
        yield Finding(
            "ledger", FAIL, facts.stored, _("start the kiosk, which makes, mends or migrates the ledger")
        )
        return
    yield _sending(facts, facts.stored)
    yield _waiting(facts, facts.stored)
    yield from _refused(facts.stored)
    for each in facts.stored.untold:
        why = f": {each.why}" if each.why else ""
        found = _("{waiting} bad ratings wait for {target}{why}").format(
            waiting=each.waiting, target=each.target, why=why
        )
        yield Finding("alerts", WARN, found, _("see padctl alerts test"))
    yield _flagged(facts.stored)
    yield _clock(facts)


def _collecting(facts: Facts) -> Finding:
    last = _last_rating(facts)
    if isinstance(facts.kiosk, str):
        return Finding("collecting", FAIL, facts.kiosk, _("systemctl status kiosk, then padctl logs"))
    if facts.kiosk.state == "cannot_store" or (
        facts.free_mib is not None and facts.free_mib < facts.min_free_mib
    ):
        found = _("the kiosk takes no ratings: {free} MiB are free, {needed} MiB must be").format(
            free="?" if facts.free_mib is None else facts.free_mib, needed=facts.min_free_mib
        )
        return Finding("collecting", FAIL, found, _("make room or replace the disk; it goes on by itself"))
    if facts.kiosk.state in ("paused", "closed"):
        found = _("the window is {state}; {last}").format(state=facts.kiosk.state, last=last)
        return Finding("collecting", WARN, found, _("the clerk's system opens it again"))
    return Finding("collecting", OK, _("yes ({state}); {last}").format(state=facts.kiosk.state, last=last))


def _last_rating(facts: Facts) -> str:
    if isinstance(facts.stored, str) or facts.stored.standing.rated_at is None:
        return _("no rating yet")
    return _("last rating {moment}").format(moment=moment(facts.stored.standing.rated_at))


def _devices(facts: Facts) -> Iterator[Finding]:
    for each in facts.devices:
        if not each.is_well:
            said = f"{each.name}: {each.port or each.setting} {each.state}".rstrip()
            # a pad that is mute takes ratings all the same
            yield Finding("devices", WARN if each.name == VOICE else FAIL, said, each.todo)
    if facts.devices and all(each.is_well for each in facts.devices):
        yield Finding("devices", OK, ", ".join(each.name for each in facts.devices))


def _network(facts: Facts) -> Iterator[Finding]:
    if facts.addresses:
        yield Finding("network", OK, ", ".join(facts.addresses))
    elif facts.addresses is not None:
        yield Finding("network", FAIL, _(NO_NETWORK), _(CHECK_CABLE))


def _sending(facts: Facts, stored: Stored) -> Finding:
    acknowledged = stored.standing.acknowledged_at
    last = (
        _("nothing was acknowledged yet")
        if acknowledged is None
        else _("last acknowledged {moment}").format(moment=moment(acknowledged))
    )
    if not facts.syncd_runs:
        return Finding(
            "sending", FAIL, _("syncd does not run; {last}").format(last=last),
            _("systemctl start syncd; if it does not stay up: padctl logs"),
        )  # fmt: skip
    error = stored.line.last_error
    if error is None:
        return Finding("sending", OK, _("yes; {last}").format(last=last))
    if any(words in error for words in _THEIR_CLOCK):
        return Finding(
            "sending", WARN, f"{error}; {last}", _("have the platform's clock set; nothing is lost")
        )
    if any(words in error for words in _CREDENTIALS):
        return Finding(
            "sending", FAIL, f"{error}; {last}",
            _("check platform.app_mark, keys/app_word, keys/platform_sm2.pub and the clock: padctl doctor"),
        )  # fmt: skip
    return Finding(
        "sending", FAIL, f"{error}; {last}", _("padctl doctor says where the line breaks; nothing is lost")
    )


def _waiting(facts: Facts, stored: Stored) -> Finding:
    backlog = stored.standing.backlog
    if backlog.oldest is None:
        return Finding("waiting", OK, _("nothing waits"))
    waited_s = age_s(backlog.oldest, facts.now)
    found = _("{count}; the oldest for {span}, since {moment} by the pad's clock").format(
        count=backlog.pending, span=span(waited_s), moment=moment(backlog.oldest.wall)
    )
    if any(words in (stored.line.last_error or "") for words in _THEIR_CLOCK):
        step = _("they go out as the platform's clock comes to their times")
        return Finding("waiting", WARN, found, step)
    if waited_s > facts.retry_cap_s:
        return Finding("waiting", FAIL, found, _("no pause of syncd's own is that long: padctl doctor"))
    if waited_s > _SOON:
        return Finding("waiting", WARN, found, _("they go out once the platform answers"))
    return Finding("waiting", OK, found)


def _refused(stored: Stored) -> Iterator[Finding]:
    if not stored.line.refusals:
        yield Finding("refused", OK, _("none"))
    for each in stored.line.refusals[:REFUSED_SHOWN]:
        yield Finding(
            "refused", FAIL, f"{each.seq}: {each.message or each.code}",
            _("after mending: padctl retry {seq}").format(seq=each.seq),
        )  # fmt: skip
    if (more := len(stored.line.refusals) - REFUSED_SHOWN) > 0:
        yield Finding("refused", FAIL, _("and {more} more").format(more=more), _("padctl status --json: all"))


def _flagged(stored: Stored) -> Finding:
    if not stored.flagged:
        return Finding("flagged", OK, _("nothing"))
    each = ", ".join(f"{kind} {count}" for kind, count in stored.flagged.items())
    return Finding("flagged", OK, _("{kinds}; see: padctl flags").format(kinds=each))


def _clock(facts: Facts) -> Finding:
    if facts.ntp:
        return Finding("clock", OK, _("right, by NTP"))
    if facts.anchor is not None:
        off_s = (facts.now.wall - facts.anchor.at(facts.now.monotonic_ns)).total_seconds()
        found = _("told by the {source}; the machine's own is {off} s off").format(
            source=_(WHO[facts.anchor.source]), off=f"{off_s:+.0f}"
        )
        if abs(off_s) > WALL_AGREES_S:
            step = _(
                "name a time server in /etc/systemd/timesyncd.conf; times sent follow the platform's clock"
            )
            return Finding("clock", WARN, found, step)
        return Finding("clock", OK, found)
    return Finding(
        "clock", WARN, _("nobody has told the time since the start; ratings wait for it"),
        _("let the pad reach NTP or the platform, or tell it: padctl clock set TIME"),
    )  # fmt: skip


def moment(wall: datetime) -> str:
    """A moment for people, China time."""
    return f"{wall.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """A while for people: 3 d 4 h, 2 h 5 min, 40 s."""
    whole = timedelta(seconds=int(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    minutes, left = divmod(rest, 60)
    if whole.days:
        return f"{whole.days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{left} s"
