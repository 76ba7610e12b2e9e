"""``[monitoring]`` and ``[upkeep]``: what a pad nobody looks after tells of itself, and does for itself."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pad.settings.reading import Table


class Monitoring(Table, frozen=True):
    """``[monitoring]``: where metrics are written, and from when on the machine is not well."""

    textfile: Annotated[
        str, Meta(pattern=r"^(/.*\.prom)?\Z", description='an absolute path that ends in ".prom", or ""')
    ] = ""
    free_warn_mib: Annotated[int, Meta(ge=1, le=1_048_576)] = 512
    inodes_warn_percent: Annotated[float, Meta(ge=0, le=100)] = 5.0
    temperature_warn_c: Annotated[float, Meta(ge=30, le=120)] = 80.0


class Upkeep(Table, frozen=True):
    """``[upkeep]``: what the pad does for itself once a day."""

    restart_at: Annotated[
        str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?\Z", description='a time such as "03:30", or ""')
    ] = "03:30"
