"""``make suspicion``: precision and recall of each pattern over a made-up year of a hall, several times."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from bench.suspicion import at_size
from bench.suspicion.hall_year import HONEST, OPENING_HOURS, hall
from bench.suspicion.judging import ROWS, Count, count
from pad.settings import Suspicion
from pad.suspicion.signs import RatingSeen

FIRST_DAY: Final = date(2025, 1, 1)
SEEDS: Final = (1, 2, 3)


@dataclass
class Outcome:
    """Counts by kind, over so many ratings and dishonest events."""

    counts: dict[str, Count]
    ratings: int = 0
    dishonest: int = 0


def run(limits: Suspicion, seed: int, *, windows: int = 12, days: int = 365) -> Outcome:
    """Make a hall's time by its seed, judge it, count."""
    outcome = Outcome({row: Count() for row in ROWS})
    for window in hall(seed, windows):
        events = [event for day in window.days(FIRST_DAY, days) for event in day]
        outcome.ratings += sum(isinstance(event.what, RatingSeen) for event in events)
        outcome.dishonest += sum(event.act not in HONEST for event in events)
        for kind, found in count(window, events, limits).items():
            outcome.counts[kind].add(found)
    return outcome


def main() -> None:
    """Print the table; ``--set name=value`` tries another threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--no-size", dest="size", action="store_false", help="leave out the large ledger")
    given = parser.parse_args()
    tried = {name: msgspec.json.decode(value) for name, value in (each.split("=") for each in given.set)}
    limits = msgspec.convert({"opening_hours": OPENING_HOURS} | tried, Suspicion)
    total = Outcome({row: Count() for row in ROWS})
    for seed in given.seeds:
        outcome = run(limits, seed)
        total.ratings += outcome.ratings
        total.dishonest += outcome.dishonest
        for kind, found in outcome.counts.items():
            total.counts[kind].add(found)
    made = f"{total.ratings} ratings, {total.dishonest} dishonest events"
    table = Table(title=f"{len(given.seeds)} made-up years of 12 windows: {made}")
    for column in ("pattern", "marked", "precision", "to be found", "recall", "honest ones marked"):
        table.add_column(column)
    for kind, found in total.counts.items():
        mistaken = ", ".join(f"{act} {number}" for act, number in sorted(found.mistaken_for.items()))
        table.add_row(
            kind, str(found.marked), _share(found.precision), str(found.meant), _share(found.recall), mistaken
        )
    console = Console(width=130)
    console.print(table)
    if given.size:
        for row in at_size.measure(Path(__file__).parent):
            against = (
                "" if row.ratio is None else f"; {row.against} {row.base:.3g}: {row.ratio:.2f} × ({row.aim})"
            )
            console.print(f"{row.what}: {row.figure:.3g} {row.unit}{against}")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
