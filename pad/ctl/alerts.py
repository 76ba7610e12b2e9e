"""``padctl alerts``: whom bad ratings are told to, whether that works, and by when each is to be handled."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click

from pad import settings
from pad.ctl.opening import for_programs, known, ledger, print_json
from pad.ctl.words import _
from pad.ledger.alerts import bad_ratings, told_of
from pad.model import CHINA_TIME, Rating, parse_iso_time
from pad.settings import Settings
from pad.working_days import UnknownYear, deadline


@click.group("alerts")
def alerts_group() -> None:
    """Whom bad ratings are told to (docs/alerts.md)."""


@alerts_group.command("test")
@for_programs
@click.pass_obj
def alerts_test(config: Path | None, *, as_json: bool) -> None:
    """Send everybody a test message; say how each answered."""
    sys.exit(test(settings.load(config).file, as_json=as_json))


@alerts_group.command("list")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@for_programs
@click.pass_obj
def alerts_list(config: Path | None, *, days: int, as_json: bool) -> None:
    """List bad ratings, by when each is to be handled, and who was told."""
    configured, _keys = known(config)
    with ledger(configured) as db:
        if as_json:
            print_json({"bad_ratings": list(for_each(db, configured, days))})
            return
        for line in listed(db, configured, days):
            click.echo(line)


def test(config: Path, *, as_json: bool) -> int:
    """Have everybody sent a test message; the exit code, 0 if all have it.

    syncd's own program does it: only that may speak to others, and it is the one that has to work.
    """
    words = [sys.executable, "-m", "syncd.alerting", "--config", str(config)]
    words += ["--json"] if as_json else []
    return subprocess.run(words, check=False).returncode


def listed(db: sqlite3.Connection, configured: Settings, days: int) -> Iterator[str]:
    """A line for each bad rating of the last days, without anything of a person."""
    found = bad_ratings(db, datetime.now(CHINA_TIME) - timedelta(days=days))
    told = told_of(db, [each.seq for each in found])
    for rating in found:
        to = ", ".join(f"{target} {_told(at)}" for target, at in told[rating.seq].items()) or _("nobody")
        window = rating.win_no or configured.pad.win_no or "-"
        yield _(
            "{seq}  {at}  level {level}  window {window}  handle by {by}  told to {to}  {id}"
        ).format(
            seq=rating.seq, at=rating.rated_at[:16].replace("T", " "), level=int(rating.level),
            window=window, by=_by(rating, configured), to=to, id=rating.id,
        )  # fmt: skip


def for_each(db: sqlite3.Connection, configured: Settings, days: int) -> Iterator[dict[str, object]]:
    """The same for programs: ``told`` has the moment by target, None where it waits."""
    found = bad_ratings(db, datetime.now(CHINA_TIME) - timedelta(days=days))
    told = told_of(db, [each.seq for each in found])
    for rating in found:
        yield {
            "seq": rating.seq,
            "id": rating.id,
            "rated_at": rating.rated_at,
            "level": int(rating.level),
            "win_no": rating.win_no or configured.pad.win_no,
            "handle_by": _by(rating, configured),
            "told": dict(told[rating.seq]),
        }


def _told(at: str | None) -> str:
    return _("waits") if at is None else at[:16].replace("T", " ")


def _by(rating: Rating, configured: Settings) -> str:
    working_days = configured.alerts.deadline_working_days
    if not rating.clock_trusted:
        said = _("{days} working days, by hand (the pad's clock was not known to be right)")
        return said.format(days=working_days)
    last = deadline(parse_iso_time(rating.rated_at).astimezone(CHINA_TIME).date(), working_days)
    if isinstance(last, UnknownYear):
        said = _(
            "{days} working days, by hand (the official calendar of {year} is not known to this version)"
        )
        return said.format(days=working_days, year=last.year)
    return f"{last:%Y-%m-%d}"
