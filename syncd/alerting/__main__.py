"""``python -m syncd.alerting``: sends everybody a test message and says how each answered.

What ``padctl alerts test`` runs. Exit codes: 0 all have it, 1 somebody has not, or nobody is on.
"""

from __future__ import annotations

import argparse
import json
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
    parser.add_argument("--json", dest="as_json", action="store_true", help="say it for programs")
    given = parser.parse_args()
    memory.keep_private()
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its warnings name addresses
    try:
        sys.exit(_test(settings.load(given.config), as_json=given.as_json))
    except (SettingsError, SecretError) as error:
        print(f"alerts: {error}", file=sys.stderr)
        sys.exit(1)


def _test(configured: Settings, *, as_json: bool) -> int:
    clock = _clock(configured)
    # before anybody knows the time the wall clock has to do: a technician stands here and sees it
    targets = targets_for(configured, clock.best, clock if clock.now() is not None else None)
    if not targets:
        if as_json:
            print(json.dumps({"targets": []}))
            return 1
        print(f"nobody is told: nothing is on in [alerts] of {configured.file} (docs/alerts.md)")
        return 1
    said = trial(configured.pad.hall_name, configured.pad.win_no)
    heard = []
    for target in targets:
        with closing(target):
            answer = target.tell(said.subject, said.text, f"test.{uuid.uuid4()}")
        heard.append({"name": target.name, "told": isinstance(answer, Told), "why": _why(answer)})
        if not as_json:
            print(f"{target.name:9} {_why(answer) or 'told'}")
    if as_json:
        print(json.dumps({"targets": heard}, ensure_ascii=False, indent=2))
    return 0 if all(each["told"] for each in heard) else 1


def _clock(configured: Settings) -> PlatformClock:
    """The true time, where the ledger says that syncd has learnt it in this boot."""
    clock = PlatformClock(SystemClock())
    ledger = LedgerFile(configured.state_dir, configured.ledger_path)
    with closing(ledger), suppress(LedgerError, SecretError):
        clock.learn(ledger.outbox().anchors())
    return clock


def _why(answer: Answer) -> str:
    return "" if isinstance(answer, Told) else answer.why


if __name__ == "__main__":
    main()
