"""All who are told of bad ratings, each by a thread of its own; where nobody is, nothing of this runs."""

from __future__ import annotations

import random
import threading
import time
from typing import Final

from pad import indicators
from pad.indicators import CatalogueError
from pad.settings import Settings, SettingsError
from syncd.alerting.choice import targets_for
from syncd.alerting.teller import Teller
from syncd.platform_clock import PlatformClock

END_WITHIN_S: Final = 1.0


class Alerting:
    """Whoever the settings want told."""

    def __init__(self, settings: Settings, clock: PlatformClock) -> None:
        """Read what is needed.

        :raises SecretError: if a secret is missing or cannot be used
        :raises SettingsError: if a file that settings name cannot be used
        """
        targets = targets_for(settings, clock.best, clock)
        self._tellers: tuple[Teller, ...] = ()
        self._threads: list[threading.Thread] = []
        if not targets:
            return
        try:
            catalogue = indicators.load(settings.indicators_path)
        except CatalogueError as error:
            raise SettingsError(str(error)) from error
        number = random.SystemRandom().random
        self._tellers = tuple(Teller(settings, target, catalogue, clock, number) for target in targets)

    @property
    def is_on(self) -> bool:
        """Whether anybody is told."""
        return bool(self._tellers)

    def start(self) -> None:
        """Begin."""
        for teller in self._tellers:
            thread = threading.Thread(target=teller.run, name="alerts", daemon=True)
            thread.start()
            self._threads.append(thread)

    def nudge(self) -> None:
        """Look at the ledger now; from any thread, at no cost."""
        for teller in self._tellers:
            teller.nudge()

    def stop(self) -> None:
        """End, not waiting for anybody long."""
        for teller in self._tellers:
            teller.stop()
        until = time.monotonic() + END_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
