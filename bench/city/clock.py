"""The city's one clock, moved from event to event; nobody in it sleeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pad.model import CHINA_TIME, Instant

OPENING: Final = datetime(2026, 6, 1, 9, 0, tzinfo=CHINA_TIME)


class CityClock:
    """Seconds since the opening, and the instant they are."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def read(self) -> Instant:
        """This moment, by a clock that NTP keeps."""
        wall = OPENING + timedelta(seconds=self.now_s)
        return Instant(wall, "city", round(self.now_s * 1e9), trusted=True)
