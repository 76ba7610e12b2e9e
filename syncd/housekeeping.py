"""Housekeeping: what has been kept long enough leaves the ledger, once a day (``syncd --housekeeping``).

A timer of systemd's starts it (``systemd/pad-housekeeping.timer``), also for a pad that is switched off
every night. It runs beside the daemon and takes its turns at the ledger as everybody does.
"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pad import keys, whole_file
from pad.clock import SystemClock
from pad.keys import SecretError
from pad.ledger import retention, rotation
from pad.ledger.connection import LedgerError
from pad.model import iso_time, parse_iso_time
from pad.settings import LedgerRules, Settings
from syncd import times
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.housekeeping")

DONE: Final = "housekeeping.done"
"""Holds when it was last done."""


def run(settings: Settings) -> int:
    """Do it once; two at a time are one too many.

    :returns: 0 done, or being done; 1 it cannot be done now and is worth another try
    """
    state_dir = settings.state_dir
    lock = os.open(state_dir / "housekeeping.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _log.info("housekeeping is being done already")
        return 0
    else:
        clock = PlatformClock(SystemClock())
        with closing(LedgerFile(state_dir, settings.ledger_path)) as ledger:
            clock.learn(ledger.outbox().anchors())
        if clock.now() is None:
            _log.warning("the true time is not known yet: nothing is deleted by a clock that may be wrong")
            return 1
        return 0 if keep_house(state_dir, settings.ledger_path, settings.ledger, clock) else 1
    finally:
        os.close(lock)


def last_done(state_dir: Path) -> datetime | None:
    """When it was last done; None if it never was."""
    with suppress(OSError, ValueError):
        return parse_iso_time((state_dir / DONE).read_text(encoding="ascii").strip())
    return None


def keep_house(state_dir: Path, ledger_path: Path, rules: LedgerRules, clock: PlatformClock) -> bool:
    """Purge raters' data and prune old ratings and visits; not while the true time is unknown.

    A clock gone wild must not be able to age a whole ledger past its retention.

    :returns: whether it was done
    """
    now = clock.now()
    if now is None:
        return False
    old = now - timedelta(days=rules.retention_days)
    with closing(LedgerFile(state_dir, ledger_path)) as ledger:
        try:
            db = ledger.connection()
            retention.bring_back_from_the_future(db, now)
            raters = retention.purge_raters(db, now - timedelta(days=rules.rater_retention_days))
            ratings = retention.prune_ratings(db, old, now, keys.sealing_keys(state_dir).sealing)
            visits = retention.prune_visits(
                db, old, times.known_boots(clock.read(), ledger.outbox().anchors())
            )
            retention.prune_hearsay(db, old, now)
            retention.forget_in_log(db)
            spent = rotation.drop_spent(db, state_dir)
        except (LedgerError, SecretError) as error:
            _log.warning("%s; housekeeping is done another time", error)
            return False
        except Exception as error:
            # a fault of ours, and no reason to end: the delivery does not need this
            _log.error("unexpected %s; housekeeping is done another time", type(error).__name__)
            return False
    if raters or ratings or visits:
        _log.info("left the ledger: data of %d raters, %d ratings, %d visits", raters, ratings, visits)
    if spent:
        _log.info("removed %d sealing keys under which nothing is sealed any more", spent)
    whole_file.put(state_dir / DONE, iso_time(now).encode("ascii"), durable=False)
    return True
