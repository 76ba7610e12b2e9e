"""Fetches the catalogue from platforms that have one: indicators, and the bulletin (notices, figures).

Either part is checked before it takes the place of the one before, and neither holds up the other;
the kiosk sees the new files by itself.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from pad import bulletin
from pad.bulletin import BulletinError
from syncd.indicator_list import IndicatorList
from syncd.platforms.base import NoAnswer, Published, Publishing

_log = logging.getLogger("syncd.bulletin")


class Messenger:
    """Goes to the platform when told to. It has a connection of its own: delivery does not wait for it."""

    def __init__(
        self, state_dir: Path, platform: Publishing, indicators: IndicatorList | None = None
    ) -> None:
        self._state_dir = state_dir
        self._platform = platform
        self._indicators = indicators
        self._trouble: str | None = None
        self._stopped = False

    def go(self) -> None:
        """Fetch the catalogue if it is another one; whatever is in the way, the next time is the remedy."""
        try:
            self._tell(self._fetch())
        except BulletinError as error:
            self._tell(f"refused, the one before stays: {error}")
        except OSError as error:
            self._tell(f"cannot be kept in {self._state_dir}: {os.strerror(error.errno or 0)}")
        except Exception as error:
            # the text of an exception may say more than a log should hold
            self._tell(f"unexpected {type(error).__name__}")

    def stop(self) -> None:
        """End a way that is under way, from any thread; there will be no other."""
        self._stopped = True
        self._platform.abort()

    def _fetch(self) -> str | None:
        """What kept the bulletin from coming, if anything did."""
        answer = self._platform.catalogue(self._version())
        if isinstance(answer, NoAnswer):
            return answer.why
        if isinstance(answer, Published):
            if self._indicators is not None:
                # first: only the bulletin's version says that both were seen
                self._indicators.take(answer.body)
            self._put_up(answer.body)
        return None

    def _version(self) -> str:
        """The version that hangs; none where a part is missing or broken, so that a whole one comes."""
        if self._indicators is not None and not self._indicators.is_kept:
            return ""
        try:
            return bulletin.read(self._state_dir).version
        except BulletinError:
            return ""

    def _put_up(self, body: bytes) -> None:
        if not bulletin.parse(body).version:  # another program's JSON would empty the screen
            raise BulletinError("version: found none; the catalogue's version has to be there")
        taken = bulletin.write(self._state_dir, body)
        _log.info("bulletin: version %s, %d notices", taken.version, len(taken.notices))

    def _tell(self, trouble: str | None) -> None:
        """One line when it begins to fail or fails differently, one when it goes again."""
        if self._stopped or trouble == self._trouble:
            return
        if trouble is not None:
            _log.warning("bulletin: %s", trouble)
        else:
            _log.info("bulletin: the platform gives it again")
        self._trouble = trouble
