"""``python -m syncd.alerting``: sends everybody a test message and says how each answered.

What ``padctl alerts test`` runs. Exit codes: 0 all have it, 1 somebody has not, or nobody is on.
"""

from __future__ import annotations

import argparse
import logging
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path

from pad import memory, settings
from pad.clock import SystemClock
from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from pad.settings import Settings, SettingsError
from syncd.alerting.base import Answer, Told
from syncd.alerting.choice import targets_for
from syncd.alerting.message import trial
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="syncd.alerting", description="Sends everybody a test message.")
    parser.add_argument("--config", type=Path, help="settings file (default: $PAD_CONFIG, /etc/pad/pad.toml)")
    given = parser.parse_args()
    memory.keep_private()
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its warnings name addresses
    try:
        sys.exit(_test(settings.load(given.config)))
    except (SettingsError, SecretError) as error:
        print(f"alerts: {error}", file=sys.stderr)
        sys.exit(1)


def _test(configured: Settings) -> int:
    clock = _clock(configured)
    # before anybody knows the time the wall clock has to do: a technician stands here and sees it
    targets = targets_for(configured, clock.best, clock if clock.now() is not None else None)
    if not targets:
        print(f"nobody is told: nothing is on in [alerts] of {configured.file} (docs/alerts.md)")
        return 1
    said = trial(configured.pad.hall_name, configured.pad.win_no)
    failed = 0
    for target in targets:
        with closing(target):
            answer = target.tell(said.subject, said.text, f"test.{uuid.uuid4()}")
        failed += not isinstance(answer, Told)
        print(f"{target.name:9} {_words(answer)}")
    return 1 if failed else 0


def _clock(configured: Settings) -> PlatformClock:
    """The true time, where the ledger says that syncd has learnt it in this boot."""
    clock = PlatformClock(SystemClock())
    ledger = LedgerFile(configured.state_dir, configured.ledger_path)
    with closing(ledger), suppress(LedgerError, SecretError):
        clock.learn(ledger.outbox().anchors())
    return clock


def _words(answer: Answer) -> str:
    return "told" if isinstance(answer, Told) else answer.why


if __name__ == "__main__":
    main()
