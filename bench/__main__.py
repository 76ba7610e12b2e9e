"""``make bench``: every measurement as a ratio of one run, as a table and as ``bench/result.json``.

``BENCH=append,delivery`` measures these parts alone and leaves the others' rows in the result as they
are. ``python -m bench --write-docs`` measures nothing: it writes the last result into
``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from bench import (
    alerts,
    append,
    breakdown,
    delivery,
    devices,
    drain,
    frames,
    machine,
    page,
    scale,
    sm2,
    wear,
    window,
)
from bench.table import Row, on_screen

RESULT: Final = Path(__file__).with_name("result.json")
PARTS: Final[Mapping[str, Callable[[Path], list[Row]]]] = {
    "append": append.measure,
    "frames": frames.measure,
    "window": window.measure,
    "delivery": delivery.measure,
    "drain": drain.measure,
    "wear": wear.measure,
    "breakdown": breakdown.measure,
    "scale": scale.measure,
    "alerts": alerts.measure,
    "devices": devices.measure,
    "sm2": sm2.measure,
}
_TITLE: Final = "One run on this machine; compare the ratios, not the figures"


def main(words: Sequence[str] = sys.argv[1:]) -> int:
    """Measure what is asked for, one part after the other; 0, or 2 for a part there is not."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="the last result into docs/performance.md")
    if parser.parse_args(words).write_docs:
        page.write(RESULT)
        return 0
    asked = [name.strip() for name in os.environ.get("BENCH", "").split(",") if name.strip()] or list(PARTS)
    if unknown := set(asked) - set(PARTS):
        print(f"BENCH: no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    _compile()
    here = asdict(machine.look(RESULT.parent))
    parts = _kept() if len(asked) < len(PARTS) else {}
    for name in asked:
        started = time.monotonic()
        load = round(os.getloadavg()[0], 2)
        rows = PARTS[name](RESULT.parent)
        took_s = time.monotonic() - started
        print(f"bench: {name} took {took_s:.0f} s (load average before: {load})", file=sys.stderr)
        parts[name] = {
            "commit": here["commit"],
            "load_before": load,
            "took_s": round(took_s),
            "rows": [_told(row) for row in rows],
        }
        Console(width=150).print(on_screen(rows, _TITLE))
    ordered = {name: parts[name] for name in PARTS if name in parts}
    RESULT.write_text(
        json.dumps({"machine": here, "parts": ordered}, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    if len(asked) > 1:
        Console(width=150).print(on_screen(page.rows_of(ordered), _TITLE))
    return 0


def _compile() -> None:
    """An installed pad has its bytecode; without it every start would be measured with a compilation."""
    for package in ("bench", "kiosk", "pad", "sandbox", "syncd"):
        compileall.compile_dir(RESULT.parents[1] / package, quiet=1)


def _kept() -> dict[str, Any]:
    """What an earlier run has measured."""
    if not RESULT.exists():
        return {}
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["parts"]
    return found


def _told(row: Row) -> dict[str, object]:
    return asdict(row) | {"ratio": row.ratio, "met": row.met}


if __name__ == "__main__":
    sys.exit(main())
