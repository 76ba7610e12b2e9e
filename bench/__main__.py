"""``make bench``: every measurement as a ratio of one run, as a table and as ``bench/result.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import alerts, append, delivery, devices, frames, scale, sm2, window

RESULT = Path(__file__).with_name("result.json")


def main() -> None:
    """Measure everything, one after the other."""
    folder = RESULT.parent
    rows = [
        row
        for part in (append, delivery, alerts, scale, devices, window, frames)
        for row in part.measure(folder)
    ]
    table = Table(title="One run on this machine; compare the ratios, not the figures")
    for column in ("what", "figure", "against", "ratio", "aim"):
        table.add_column(column)
    for row in rows:
        base = "" if row.base is None else f"{row.against}: {row.base:.3g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
        table.add_row(row.what, f"{row.figure:.3g} {row.unit}", base, ratio, row.aim)
    Console(width=130).print(table)
    sm2.main()
    RESULT.write_text(
        json.dumps([asdict(row) | {"ratio": row.ratio} for row in rows], ensure_ascii=False, indent=1),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
