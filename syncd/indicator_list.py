"""Takes the platform's indicator list into the state folder; a broken one is refused, the one before stays.

The kiosk sees the new file by itself, and turns to it while nobody is asked anything.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Final

from pad import indicators
from pad.indicators import Catalogue, CatalogueError
from pad.keys import SecretError
from pad.ledger.connection import LedgerError, translated
from pad.settings import Settings
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock

_log = logging.getLogger("syncd.indicators")

REFUSED: Final = "catalogue_refused"
"""The journal's word for a list that was not taken."""
WHY_MAX: Final = 300
"""Characters kept of what was wrong with it."""


class IndicatorList:
    """Holds what the platform gives against what every list has to keep to.

    ``is_refused`` says whether the last one given did not.
    """

    def __init__(self, settings: Settings, ledger: LedgerFile, clock: PlatformClock) -> None:
        self._state_dir = settings.state_dir
        self._configured = settings.indicators_path
        self._ledger = ledger
        self._clock = clock
        self._told: tuple[str, str] | None = None
        self.is_refused = False

    @property
    def is_kept(self) -> bool:
        """Whether a sound list of the platform's is there; if not, one is wanted whatever the version."""
        return self._pulled() is not None

    def take(self, body: bytes) -> None:
        """Take the list of an answer, if there is one and it is another than before.

        :raises OSError: if it cannot be kept; the one before stays
        """
        version = indicators.published_version(body)
        if version is None:
            return
        try:
            self._keep(indicators.parse_published(body, self._pulled() or self._of_settings()))
            self.is_refused = False
        except CatalogueError as error:
            self._refuse(version, str(error))

    def _keep(self, given: Catalogue) -> None:
        held = self._pulled()
        if held is not None and held.in_force == given.in_force:
            return
        indicators.keep_pulled(self._state_dir, given)
        _log.info("indicators: version %s, %d in force", given.version, len(given.in_force))
        configured = self._of_settings()
        if configured is not None and indicators.is_newer(configured, given):
            _log.info("indicators: the installed %s is newer, and is shown", configured.version)

    def _pulled(self) -> Catalogue | None:
        try:
            return indicators.pulled(self._state_dir)
        except CatalogueError:
            return None

    def _of_settings(self) -> Catalogue | None:
        try:
            return indicators.load(self._configured)
        except CatalogueError:
            return None  # the kiosk says so, and does not start

    def _refuse(self, version: str, why: str) -> None:
        """Say it once of each version, in the log and in the journal."""
        self.is_refused = True
        detail = {"version": version[:64], "why": why[:WHY_MAX]}
        if self._told == (detail["version"], detail["why"]):
            return
        self._told = (detail["version"], detail["why"])
        _log.warning("indicators: version %r is refused, the one before stays: %s", version[:64], why)
        try:
            if not self._is_noted(detail["version"]):
                self._ledger.outbox().note(REFUSED, self._clock.read(), dict(detail))
        except (LedgerError, SecretError) as error:
            _log.warning("%s; the journal does not say it", error)
            self._told = None
        finally:
            with suppress(LedgerError):
                self._ledger.close()  # hourly work holds no ledger in between

    def _is_noted(self, version: str) -> bool:
        db = self._ledger.connection()
        with translated(db):
            rows = db.execute("SELECT detail FROM journal WHERE kind = ?", (REFUSED,)).fetchall()
        return any(json.loads(row["detail"]).get("version") == version for row in rows)
