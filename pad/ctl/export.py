"""``padctl export``: ratings into a file, as a table for people, or as a sealed bundle for a stick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from pad import settings, whole_file
from pad.clock import SystemClock
from pad.ctl import courier
from pad.ctl.opening import for_programs, ledger, print_json
from pad.ctl.progress import progress
from pad.ctl.tables import WRITERS
from pad.ctl.words import _
from pad.ledger import exporting
from pad.ledger.exporting import Choice
from pad.settings import Settings


@click.command()
@click.option(
    "--format", "kind", type=click.Choice([*WRITERS, "bundle"]), required=True,
    help="csv, jsonl: tables, nothing of who rated; bundle: what waits, sealed, for padctl import.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file; it must be new."
)
@click.option("--from", "first", type=click.IntRange(min=1), default=1, help="The first row.")
@click.option("--to", "last", type=click.IntRange(min=1), help="The last row.")
@click.option("--refused", is_flag=True, help="Only what the platform refused; it may be pruned afterwards.")
@for_programs
@click.pass_obj
def export(config: Path | None, kind: str, out: Path, first: int, last: int | None, *,
           refused: bool, as_json: bool) -> None:  # fmt: skip
    """Write ratings to a file: with what people wrote, without who they are (in a bundle: sealed)."""
    configured = settings.load(config)
    choice = Choice(first, last, refused)
    if kind == "bundle":
        told = courier.pack(configured, choice, out, quiet=as_json)
        count, skipped = told["count"], told["without_time"]
    else:
        count, skipped = _table(configured, choice, kind, out, quiet=as_json), 0
    if as_json:
        print_json({"file": str(out), "format": kind, "ratings": count, "without_time": skipped})
        return
    click.echo(_("{count} ratings in {file}").format(count=count, file=out))
    if skipped:
        click.echo(_("{count} are not in it: their time is not known yet").format(count=skipped))
    if kind == "bundle":
        click.echo(_("on a machine that reaches the platform: padctl import {file}").format(file=out.name))


def _table(configured: Settings, choice: Choice, kind: str, out: Path, *, quiet: bool) -> int:
    with ledger(configured) as db:
        db.execute("BEGIN")  # one moment of it
        total = exporting.count(db, choice)
        seqs: list[int] = []
        with whole_file.new(out) as file, progress(_("exporting"), total, quiet=quiet) as step:
            for part in WRITERS[kind](_noted(exporting.rows(db, choice), seqs, step)):
                file.write(part)
        db.execute("ROLLBACK")
        if choice.refused:
            exporting.mark_exported(db, seqs, SystemClock().read(), out.name)
    return len(seqs)


def _noted(
    rows: Iterator[dict[str, object]], seqs: list[int], step: Callable[[], None]
) -> Iterator[Mapping[str, object]]:
    for row in rows:
        yield row
        seqs.append(int(str(row["seq"])))
        step()
