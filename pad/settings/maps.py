"""Maps in the settings, of levels above all: makers number them differently (domain §3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pad.codes import Level
from pad.settings.reading import SettingsError

LEVELS: Final = tuple(str(level.value) for level in sorted(Level, reverse=True))
"""Every level as a key, 非常满意 first."""


def check_map(path: Path, key: str, found: Mapping[str, object], wanted: tuple[str, ...]) -> None:
    """See that each of ``wanted`` has a value of its own: a wrong map turns the worst into the best.

    :raises SettingsError: naming the file, the key, what was found and what is allowed
    """
    if set(found) != set(wanted) or len({str(each) for each in found.values()}) != len(wanted):
        raise SettingsError(
            f"{path}: {key}: found {dict(found)!r}; allowed is a different value for each of "
            f"{', '.join(wanted)}"
        )
