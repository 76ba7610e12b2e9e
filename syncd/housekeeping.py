"""Housekeeping: what has been kept long enough leaves the ledger, once a day."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from pad import keys
from pad.keys import SecretError
from pad.ledger import retention, rotation
from pad.ledger.connection import LedgerError
from pad.settings import LedgerRules
from syncd import times
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.housekeeping")


def keep_house(state_dir: Path, ledger_path: Path, rules: LedgerRules, clock: PlatformClock) -> None:
    """Purge raters' data and prune old ratings and visits; not while the true time is unknown.

    A clock gone wild must not be able to age a whole ledger past its retention.
    """
    now = clock.now()
    if now is None:
        return
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
            retention.forget_in_log(db)
            spent = rotation.drop_spent(db, state_dir)
        except (LedgerError, SecretError) as error:
            _log.warning("%s; housekeeping is done another day", error)
            return
        except Exception as error:
            # a fault of ours, and no reason to end: the delivery does not need this
            _log.error("unexpected %s; housekeeping is done another day", type(error).__name__)
            return
    if raters or ratings or visits:
        _log.info("left the ledger: data of %d raters, %d ratings, %d visits", raters, ratings, visits)
    if spent:
        _log.info("removed %d sealing keys under which nothing is sealed any more", spent)
