"""The practice platform's start-up."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from pad.indicators import CatalogueError
from pad.settings import SettingsError
from sandbox import settings
from sandbox.platform import Platform
from sandbox.server import serve


def main() -> int:
    """Run the platform until it is told to stop; 0 then, 1 if it cannot start."""
    parser = argparse.ArgumentParser(prog="sandbox", description="A city platform to practise on.")
    parser.add_argument("--config", type=Path, default=settings.DEFAULT, metavar="FILE", help="settings")
    arguments = parser.parse_args()
    try:
        configured = settings.load(arguments.config)
        folder = settings.state_folder(configured)
        print(f"sandbox: store and keys are in {folder}", flush=True)
        asyncio.run(serve(Platform(configured, folder), lambda line: print(line, flush=True)))
    except (SettingsError, CatalogueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
