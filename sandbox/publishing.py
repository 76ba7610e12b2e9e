"""What the platform publishes: indicators, notices and figures, and a version that changes with them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pad import bulletin, gm
from pad.bulletin import BulletinError
from pad.indicators import Catalogue
from sandbox.settings import Settings

_TOLD: Final = ("notices", "figures")
_VERSION_DIGITS: Final = 16


class Publication:
    """The catalogue's answer; notices and figures can be exchanged while it is served."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._indicators = [
            {"code": each.code, "level": each.level.value, "text": each.text, "more": each.more}
            for each in catalogue.in_force
        ]
        self._catalogue_version = catalogue.version
        self._bulletin: dict[str, Any] = msgspec.to_builtins(
            {"notices": settings.notices, "figures": settings.figures}
        )

    @property
    def bulletin(self) -> dict[str, Any]:
        """Notices and figures as they are now, with the version they go under."""
        return {"version": self.version} | self._bulletin

    def put(self, told: dict[str, Any]) -> None:
        """Publish these notices and figures in the place of all those before; absent means none.

        :raises BulletinError: if a pad would refuse them; those before stay
        """
        for name in told:
            if name not in _TOLD:
                raise BulletinError(f"{name}: unknown key; allowed are {' and '.join(_TOLD)}")
        bulletin.parse(msgspec.json.encode(told))
        self._bulletin = told

    def put_figures(self, figures: dict[str, Any]) -> None:
        """Publish these figures; the notices stay.

        :raises BulletinError: if a pad would refuse them; those before stay
        """
        self.put(self._bulletin | {"figures": figures})

    @property
    def version(self) -> str:
        """Another one for every other content, the same for the same."""
        content = msgspec.json.encode((self._catalogue_version, self._bulletin), order="sorted")
        return gm.sm3(content).hex()[:_VERSION_DIGITS]

    @property
    def answer(self) -> dict[str, Any]:
        """The whole catalogue."""
        return self.bulletin | {"indicator": self._indicators}
