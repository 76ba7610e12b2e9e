"""The interface to whom a bad rating is told, and every way the telling may end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Told:
    """The target says that it has the message."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """The message did not arrive: no way to the target, or something else answered."""

    why: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """The message left and no answer was heard, or none that can be read: it may have arrived."""

    why: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The target has had too many messages; ``wait_s`` is how long it asks for silence."""

    why: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The target does not want it: somebody has to mend a secret or a setting."""

    why: str


Answer = Told | Unreached | Unheard | Throttled | Refused


class Target(Protocol):
    """Somebody to tell. Used by one thread; no method raises for what a peer does, and no answer
    quotes an address, a secret or what a peer said.
    """

    @property
    def name(self) -> str:
        """What logs, ``padctl`` and the ledger call it."""
        ...

    @property
    def bytes_max(self) -> int:
        """The longest text it takes, in UTF-8."""
        ...

    @property
    def per_minute(self) -> int:
        """How many messages a minute it may be sent."""
        ...

    def tell(self, subject: str, text: str, key: str) -> Answer:
        """Send one message; ``key`` is the same whenever the same message is sent again."""
        ...

    def abort(self) -> None:
        """End what is under way and all that comes later, from any thread."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...
