"""The demo's start-up: with a display for you to use, without one as a scripted play."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from pad.settings import Dialect
from sandbox.demo.by_hand import by_hand
from sandbox.demo.play import PLAN, play


def main() -> int:
    """Run the demo; 0 if every rating arrived once."""
    parser = argparse.ArgumentParser(
        prog="demo", description="See ratings go from the glass to the platform."
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("demo"), help="where settings, state and pictures go"
    )
    parser.add_argument(
        "--dialect",
        type=Dialect,
        choices=list(Dialect),
        help="default: itemised on your screen, for its pages show more then; national as a play",
    )
    parser.add_argument(
        "--scripted", action="store_true", help="play the script even where there is a display"
    )
    parser.add_argument(
        "--counter-port",
        type=int,
        default=27100,
        metavar="PORT",
        help="the pad's counter service",
    )
    arguments = parser.parse_args()
    display = "" if arguments.scripted else os.environ.get("DISPLAY", "")
    dialect = arguments.dialect or (Dialect.ITEMISED if display else Dialect.NATIONAL)
    plan = replace(PLAN, dialect=dialect, counter_port=arguments.counter_port)
    if display:
        return by_hand(arguments.folder.absolute(), plan, display)
    return play(arguments.folder.absolute(), plan)


if __name__ == "__main__":
    sys.exit(main())
