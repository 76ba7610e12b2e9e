"""``[suspicion]``: from when on a pattern is marked for whoever judges it; it never changes a rating."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pad.settings.reading import Hours, SettingsError, Table


class Suspicion(Table, frozen=True):
    """Thresholds; every pattern is one setting or a pair that belongs together."""

    enabled: bool = True
    burst_count: Annotated[int, Meta(ge=2, le=1000)] = 6
    burst_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    fast_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    fast_touch_ms: Annotated[int, Meta(ge=0, le=60_000)] = 350
    same_card_count: Annotated[int, Meta(ge=2, le=1000)] = 4
    same_card_days: Annotated[int, Meta(ge=1, le=366)] = 1
    opening_hours: tuple[Hours, ...] = ()
    opening_grace_min: Annotated[int, Meta(ge=0, le=720)] = 30
    open_on_rest_days: bool = False
    look_s: Annotated[float, Meta(ge=0, le=600)] = 3.0
    look_until_s: Annotated[float, Meta(ge=0, le=3600)] = 12.0
    look_count: Annotated[int, Meta(ge=1, le=1000)] = 4
    unlike_sigma: Annotated[float, Meta(ge=1, le=100)] = 5.0
    unlike_least: Annotated[int, Meta(ge=10, le=100_000)] = 40
    unlike_spread: Annotated[float, Meta(gt=0, le=10)] = 0.35


def check_suspicion(path: Path, suspicion: Suspicion) -> None:
    """Hold what belongs together together.

    :raises SettingsError: if no time is both long and short enough for a look
    """
    if suspicion.look_until_s <= suspicion.look_s:
        raise SettingsError(
            f"{path}: suspicion.look_until_s: found {suspicion.look_until_s:g}; allowed is more than "
            f"suspicion.look_s, which is {suspicion.look_s:g}"
        )
