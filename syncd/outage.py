"""Telling of the line in the log: when it goes down, when it is up again, and nothing in between."""

from __future__ import annotations

import logging
import time

from syncd.policy import Decision

_log = logging.getLogger("syncd.line")


class Outage:
    """What is going on with the line; an outage of days is two lines in the log."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._attempts = 0
        self.why: str | None = None

    def tell(self, decision: Decision) -> None:
        """Log a change of state."""
        if decision.alarm:
            _log.error(
                "the platform refuses this pad (%s): check platform.app_mark and the secret app_word; "
                "nothing is lost, one rating is tried now and then",
                decision.why,
            )
        if decision.line.is_down:
            self._attempts += 1
            self.why = decision.why or self.why
            if self._since is None:
                self._since = time.monotonic()
                if not decision.alarm:
                    _log.warning(
                        "no answer from the platform: %s; ratings wait and are tried again", self.why
                    )
        elif self._since is not None:
            _log.info(
                "the platform answers again after %.0f s and %d attempts",
                time.monotonic() - self._since,
                self._attempts,
            )
            self._since, self._attempts, self.why = None, 0, None
