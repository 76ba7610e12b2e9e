"""What the platform publishes: indicators, notices and figures, and a version that changes with them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pad import bulletin, gm, indicators
from pad.bulletin import BulletinError
from pad.indicators import Catalogue
from sandbox.settings import Settings

_TOLD: Final = ("notices", "figures")
_VERSION_DIGITS: Final = 16


class Publication:
    """The catalogue's answer; each part of it can be exchanged while it is served.

    ``accepted`` has every indicator that was ever in force: a rating may have waited at a pad for days.
    ``in_force`` is what the phone page shows.
    """

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self.accepted = catalogue
        self.in_force = catalogue
        self._list: dict[str, Any] = {
            "version": catalogue.version,
            "indicator": [
                {"code": each.code, "level": each.level.value, "text": each.text, "more": each.more}
                for each in catalogue.in_force
            ],
        }
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
    def indicators(self) -> dict[str, Any]:
        """The indicator list as it is published now, under its own version."""
        return self._list

    def put_indicators(self, told: dict[str, Any], *, unchecked: bool = False) -> None:
        """Publish this list (``version``, ``indicator``) in the place of the one before.

        :param unchecked: whatever it is: a pad has to refuse a broken one
        :raises CatalogueError: if a pad would refuse it; the one before stays
        """
        if not unchecked:
            fresh = indicators.parse_published(msgspec.json.encode(_answered(told)))
            earlier = (each for each in self.accepted.in_force if not fresh.knows(each.code))
            self.accepted = Catalogue(fresh.version, (*fresh.in_force, *earlier))
            self.in_force = fresh
        self._list = told

    @property
    def version(self) -> str:
        """Another one for every other content, the same for the same."""
        content = msgspec.json.encode((self._list, self._bulletin), order="sorted")
        return gm.sm3(content).hex()[:_VERSION_DIGITS]

    @property
    def answer(self) -> dict[str, Any]:
        """The whole catalogue."""
        return self.bulletin | _answered(self._list)


def _answered(told: dict[str, Any]) -> dict[str, Any]:
    """A list as the answer holds it: the answer's own version is of the whole."""
    return {"indicators_version": told.get("version", ""), "indicator": told.get("indicator", [])}
