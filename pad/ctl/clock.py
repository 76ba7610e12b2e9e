"""``padctl clock``: what the pad knows of the time, and a technician's word where nobody else tells it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from pad import doorbell
from pad.clock import Anchor, AnchorSource, Clock, SystemClock
from pad.ctl.judgement import moment, span
from pad.ctl.opening import for_programs, known, ledger, print_json
from pad.ctl.words import _, marked
from pad.ledger.connection import transaction
from pad.ledger.journal import write_note
from pad.ledger.outbox import Outbox
from pad.ledger.rows import anchor_row, insert
from pad.model import CHINA_TIME, Instant, iso_time
from pad.told_time import Against, Contradiction, contradictions, is_known_better

NOTE: Final = "clock_set"
_BY: Final = {
    "ntp": marked("right, by NTP"),
    str(AnchorSource.PLATFORM): marked("the platform told it"),
    str(AnchorSource.TECHNICIAN): marked("a technician told it"),
}
_AGAINST: Final = {
    Against.NTP: marked("NTP keeps this clock, and it is {tells}"),
    Against.PLATFORM: marked("the platform told the time in this boot; by that it is {tells}"),
    Against.LAST_TRUSTED: marked("the last rating whose time is certain was given at {tells}"),
    Against.BUILD: marked("this program is younger: {tells}"),
    Against.CENTURY: marked("no pad lives until {tells}"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the pad knows of the time at one moment."""

    now: Instant
    anchors: dict[str, Anchor]
    last_trusted: datetime | None

    @property
    def anchor(self) -> Anchor | None:
        """What was told in this boot."""
        return self.anchors.get(self.now.boot_id)

    @property
    def by(self) -> str | None:
        """Who tells the time; None if nobody does."""
        if self.now.trusted:
            return "ntp"
        return None if self.anchor is None else str(self.anchor.source)

    @property
    def true_time(self) -> datetime | None:
        """What time it truly is, as far as it is known."""
        if self.now.trusted:
            return self.now.wall
        return None if self.anchor is None else self.anchor.at(self.now.monotonic_ns)

    @property
    def off_s(self) -> float | None:
        """How far the machine's clock is ahead of that, in seconds."""
        if self.true_time is None:
            return None
        return round((self.now.wall - self.true_time).total_seconds(), 3)


@click.group("clock", invoke_without_command=True)
@for_programs
@click.pass_context
def clock_group(context: click.Context, *, as_json: bool) -> None:
    """Say what the pad knows of the time and who told it; or tell it."""
    if context.invoked_subcommand is not None:
        return
    found = _look(context.obj, SystemClock())
    if as_json:
        print_json(in_json(found))
        return
    for line in in_words(found):
        click.echo(line)


@clock_group.command("set")
@click.argument("time")
@click.option("--force", is_flag=True, help="Also a time that contradicts what is known.")
@for_programs
@click.pass_obj
def clock_set(config: Path | None, time: str, *, force: bool, as_json: bool) -> None:
    """Tell what time it is now, such as 2026-11-24T17:30:00+08:00, where neither NTP nor platform does."""
    clock = SystemClock()
    now = clock.read()
    try:
        told = datetime.fromisoformat(time)
    except ValueError:
        raise click.UsageError(
            _("TIME: found {found}; allowed is a time such as 2026-11-24T17:30:00+08:00").format(found=time)
        ) from None
    told = (told if told.tzinfo is not None else told.replace(tzinfo=CHINA_TIME)).astimezone(CHINA_TIME)
    found = _look(config, clock, now)
    against = contradictions(told, now, found.anchor, found.last_trusted)
    if against and not force:
        _refuse(told, against, as_json=as_json)
        sys.exit(1)
    is_new = force or not is_known_better(now, found.anchor)
    if is_new:
        _write(config, found, told, against)
    if as_json:
        after = _look(config, clock)
        print_json({"set": is_new, "against": [str(each.against) for each in against]} | in_json(after))
    elif is_new:
        click.echo(_("noted for this boot: it is {moment}").format(moment=moment(told)))
        click.echo(
            _("syncd knew another time: systemctl restart syncd")
            if found.anchor is not None
            else _("ratings that waited for a time go out now; see: padctl status")
        )
    else:
        said = _("nothing to set: {by}, more finely than it can be typed")
        click.echo(said.format(by=_(_BY[str(found.by)])))


def in_json(found: Known) -> dict[str, Any]:
    """For programs; docs/padctl.md says what is stable."""
    now = found.now
    return {
        "version": 1,
        "known": found.by is not None,
        "by": found.by,
        "true_time": found.true_time and iso_time(found.true_time),
        "machine_time": iso_time(now.wall),
        "off_s": found.off_s,
        "boot_id": now.boot_id,
        "up_s": round(now.monotonic_ns / 1e9, 1),
        "last_trusted_rating_at": found.last_trusted and iso_time(found.last_trusted),
        "anchors": [
            {
                "boot_id": each.boot_id,
                "this_boot": each.boot_id == now.boot_id,
                "source": str(each.source),
                "true_time": iso_time(each.true_time),
                "up_s": round(each.monotonic_ns / 1e9, 1),
                "offset_s": round(each.offset.total_seconds(), 3),
            }
            for each in found.anchors.values()
        ],
    }


def in_words(found: Known) -> list[str]:
    """For people."""
    if found.true_time is None:
        lines = [_("nobody has told the time since the start; ratings wait for it")]
    else:
        lines = [_("it is {moment}: {by}").format(moment=moment(found.true_time), by=_(_BY[str(found.by)]))]
    off = "" if found.off_s is None else _(", {off} s off").format(off=f"{found.off_s:+.0f}")
    lines.append(_("the machine's own clock: {moment}{off}").format(moment=moment(found.now.wall), off=off))
    if found.anchor is not None:
        ago = span((found.now.monotonic_ns - found.anchor.monotonic_ns) / 1e9)
        lines.append(
            _("told in this boot: {moment}, {ago} ago, by the {source}").format(
                moment=moment(found.anchor.true_time), ago=ago, source=_(found.anchor.source)
            )
        )
    if found.last_trusted is not None:
        lines.append(
            _("the last rating whose time is certain: {moment}").format(moment=moment(found.last_trusted))
        )
    if found.true_time is None:
        lines.append("→ " + _("let the pad reach NTP or the platform, or tell it: padctl clock set TIME"))
    return lines


_SOURCES: Final = (marked("platform"), marked("technician"))


def _look(config: Path | None, clock: Clock, now: Instant | None = None) -> Known:
    configured, device_keys = known(config)
    with ledger(configured) as db:
        outbox = Outbox(db, device_keys)
        return Known(now or clock.read(), outbox.anchors(), outbox.last_trusted())


def _refuse(told: datetime, against: tuple[Contradiction, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"set": False, "against": [str(each.against) for each in against]})
    for each in against:
        why = _(_AGAINST[each.against]).format(tells=moment(each.tells))
        click.echo(f"padctl: {moment(told)}: {why}", err=True)
    click.echo("→ " + _("is the time right, the day too? --force sets it all the same"), err=True)


def _write(config: Path | None, found: Known, told: datetime, against: tuple[Contradiction, ...]) -> None:
    configured, _keys = known(config)
    now = found.now
    anchor = Anchor(now.boot_id, now.monotonic_ns, told, told - now.wall, AnchorSource.TECHNICIAN)
    detail = {
        "told": iso_time(told),
        "off_s": round(anchor.offset.total_seconds(), 3),
        "against": [str(each.against) for each in against],
    }
    with ledger(configured) as db, transaction(db):
        db.execute(*insert("anchors", anchor_row(anchor), "INSERT OR REPLACE"))
        write_note(db, NOTE, now, detail)
    doorbell.ring(configured.state_dir)
