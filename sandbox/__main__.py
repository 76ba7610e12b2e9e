"""The sandbox's start-up: the practice platform or, with ``devices``, a window's devices."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from pad.indicators import CatalogueError
from pad.settings import SettingsError
from sandbox import settings
from sandbox.devices import command
from sandbox.platform import Platform
from sandbox.server import serve


def main() -> int:
    """Run the platform until it is told to stop; 0 then, 1 if it cannot start, 2 if used wrongly."""
    parser = argparse.ArgumentParser(prog="sandbox", description="A city platform to practise on.")
    parser.add_argument("--config", type=Path, default=settings.DEFAULT, metavar="FILE", help="settings")
    commands = parser.add_subparsers(dest="command", title="instead of the platform")
    devices = commands.add_parser(
        "devices", help="a window's devices to practise on", description="A window's devices to practise on."
    )
    devices.add_argument(
        "--folder", type=Path, metavar="DIR", help="where their lines go (default: a new one)"
    )
    devices.add_argument("--seed", type=int, default=1, metavar="N", help="of noise and made-up numbers")
    arguments = parser.parse_args()
    if arguments.command == "devices":
        if arguments.folder is not None:
            return command.main(arguments.folder.absolute(), arguments.seed)
        with tempfile.TemporaryDirectory(prefix="pad-devices-") as folder:
            return command.main(Path(folder), arguments.seed)
    return _platform(arguments.config)


def _platform(config: Path) -> int:
    try:
        configured = settings.load(config)
        folder = settings.state_folder(configured)
        print(f"sandbox: store and keys are in {folder}", flush=True)
        asyncio.run(serve(Platform(configured, folder), lambda line: print(line, flush=True)))
    except (SettingsError, CatalogueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
