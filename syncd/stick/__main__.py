"""``python -m syncd.stick``: what ``padctl export --format bundle`` and ``padctl import`` run.

Tells in JSON, a line each, how far it is, and last what became of it. Exit codes: 0 done, 1 not or not all.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pad import memory, settings
from pad.clock import SystemClock
from pad.keys import SecretError, read_secret
from pad.ledger.connection import LedgerError
from pad.ledger.exporting import Choice
from pad.settings import Settings, SettingsError
from syncd.__main__ import LOTS
from syncd.alone import NotAlone
from syncd.platform_clock import PlatformClock
from syncd.platforms.choice import platform_for
from syncd.stick.feeding import feed, opened, write_receipts
from syncd.stick.packing import pack
from syncd.stick.pouch import PouchError
from syncd.stick.settling import settle


def main() -> None:
    """Run the program."""
    memory.keep_private()
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its warnings name addresses
    sys.exit(run(sys.argv[1:]))


def run(given_words: list[str]) -> int:
    """Run with a command line; the exit code."""
    parser = argparse.ArgumentParser(prog="syncd.stick", description="Carries ratings on a stick.")
    parser.add_argument("--config", type=Path, help="settings file (default: $PAD_CONFIG, /etc/pad/pad.toml)")
    does = parser.add_subparsers(dest="does", required=True)
    packs = does.add_parser("pack")
    packs.add_argument("file", type=Path)
    packs.add_argument("--from", dest="first", type=int, default=1)
    packs.add_argument("--to", dest="last", type=int)
    packs.add_argument("--refused", action="store_true")
    feeds = does.add_parser("feed")
    feeds.add_argument("file", type=Path)
    feeds.add_argument("receipts", type=Path)
    does.add_parser("settle").add_argument("file", type=Path)
    given = parser.parse_args(given_words)
    try:
        configured = settings.load(given.config)
        does_it: dict[str, Callable[[], Any]] = {
            "pack": lambda: pack(
                configured,
                _word(configured),
                Choice(given.first, given.last, given.refused),
                given.file,
                _Step(),
            ),
            "feed": lambda: _feed(configured, given.file, given.receipts),
            "settle": lambda: settle(given.file, configured, _word(configured)),
        }
        done = does_it[given.does]()
    except (SettingsError, SecretError, LedgerError, PouchError, NotAlone) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or given.file}: {error.strerror}", file=sys.stderr)
        return 1
    print(json.dumps({"result": asdict(done)}, ensure_ascii=False), flush=True)
    return 1 if getattr(done, "left", 0) or getattr(done, "refused", 0) else 0


class _Step:
    """Says how far it is."""

    def __init__(self) -> None:
        self._done = 0

    def __call__(self, total: int) -> None:
        """One more is done."""
        self._done += 1
        print(json.dumps({"done": self._done, "of": total}), flush=True)


def _feed(configured: Settings, file: Path, receipts: Path) -> object:
    word = _word(configured)
    label, parcels = opened(file, configured, word)
    if receipts.exists():
        raise PouchError(f"{receipts}: it is there already; name another with --out")
    # the platform is told whose ratings they are, not who carries them
    as_pad = replace(configured, pad=_named(configured, label.device))
    with closing(platform_for(as_pad, PlatformClock(SystemClock()).best)) as platform:
        fed, told = feed(platform, as_pad, parcels, LOTS, _Step())
    if told:
        write_receipts(receipts, label, word, told)
    return fed


def _named(configured: Settings, device: str) -> settings.Pad:
    found = {name: getattr(configured.pad, name) for name in configured.pad.__struct_fields__}
    return settings.Pad(**found | {"device_id": device})


def _word(configured: Settings) -> str:
    found = read_secret(configured.state_dir, "app_word")
    if not found:
        raise SecretError(
            f"{configured.state_dir / 'keys' / 'app_word'}: missing; what a stick carries is sealed with it"
        )
    return found


if __name__ == "__main__":
    main()
