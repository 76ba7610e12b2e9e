"""``padctl verify``: does the integrity chain hold, and what does not."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from pad import told_head
from pad.ctl.opening import for_programs, known, ledger, print_json
from pad.ctl.progress import progress
from pad.ctl.words import _, marked, said
from pad.ledger import verification

FINDINGS_SHOWN: Final = 40
_ROWS: Final = {
    "ratings": marked("row"), "visits": marked("visit"), "deliveries": marked("delivery of row"),
    "checkpoints": marked("checkpoint"), "rater": marked("rater"), "table": marked("table"),
    "trigger": marked("trigger"), "view": marked("view"), "changed table": marked("changed table"),
    "changed trigger": marked("changed trigger"),
}  # fmt: skip
SENTENCES: Final = (
    marked("is not as the pad makes it"),
    marked("is not there"),
    marked("the pad has no such thing"),
    marked("its mark is not this pad's"),
    marked("it bears no mark of this pad's: an older version wrote it, or not the pad"),
    marked("the rater's sealed data are not the ones it was written with"),
    marked("card_mark is another card's"),
    marked("its visit is not there, ended otherwise, or tells another matter, clerk or time"),
    marked("it was rated, and its rating is not there"),
    marked("there is no such rating"),
    marked("missing, so that its rating would never be sent"),
    marked("acknowledged, and never sent"),
    marked("missing, though its rating is not delivered"),
    marked("row {row} is gone, or this is an older copy: the chain had row {told} when its head was told"),
    marked(
        "rows {first} to {last} are gone, or this is an older copy: the chain had row {told} when its head "
        "was told"
    ),
    marked("row {row}, or one before it, is not the one whose hash was told"),
    marked("seq is {seq}, a whole number is needed"),
    marked("the key was changed here, after another row than the one before it"),
    marked("prev_hash is not the hash of the row before"),
    marked("the row was changed after it was written"),
    marked("it is missing; the key was changed after row {row}"),
    marked("the key was changed after another row than this"),
    marked("row {row} is missing; row {after} follows {before}"),
    marked("rows {first} to {last} are missing; row {after} follows {before}"),
    marked("the key from here on was not brought in by the one before it"),
)
"""What an examination can find, as it says it."""
_OF_RATING: Final = marked("of rating {seq}")


@click.command()
@for_programs
@click.pass_obj
def verify(config: Path | None, *, as_json: bool) -> None:
    """Follow the integrity chain, and hold every table against it; name each row that does not hold."""
    configured, device_keys = known(config)
    told = told_head.read(configured.state_dir)
    with ledger(configured) as db:
        total = db.execute("SELECT COUNT(*) FROM ratings").fetchone()[0]
        with progress(_("verifying"), total, quiet=as_json) as step:
            found = verification.examine(db, device_keys, told, step)
        while (later := device_keys.current()) is not device_keys:  # changed meanwhile
            device_keys = later
            found = verification.examine(db, device_keys, told)
    if as_json:
        findings = [asdict(each) | {"what": said(each.what, SENTENCES)} for each in found.findings]
        print_json(asdict(found) | {"findings": findings, "holds": not found.findings})
        sys.exit(1 if found.findings else 0)
    if found.findings:
        for each in found.findings[:FINDINGS_SHOWN]:
            row = said(each.row, (_OF_RATING,))
            what = said(each.what, SENTENCES)
            click.echo(f"{_(_ROWS.get(each.table, each.table))} {row}: {what}", err=True)
        if (more := len(found.findings) - FINDINGS_SHOWN) > 0:
            click.echo(_("and {more} more").format(more=more), err=True)
        click.echo(_("keep this ledger as evidence and tell the city"), err=True)
        sys.exit(1)
    holds = _("the chain holds from row {first} to row {last}; head {hash}")
    click.echo(holds.format(first=found.start.seq + 1, last=found.head.seq, hash=found.head.hash))
    for change in device_keys.changes:
        click.echo(_("its key was changed at row {start}").format(start=change.start))
    if told is not None and told.hash and told.seq >= found.start.seq:
        click.echo(_("and goes on from row {seq}, the head told last").format(seq=told.seq))
