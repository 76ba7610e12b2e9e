"""What every device's codec is to the port loop: bytes in; values, and bytes to send, out. Pure.

A codec has no I/O and no clock: it is told the time with what it is fed. Nothing that a line can
bring makes one raise, grow, or take longer than the bytes themselves do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Heard(Generic[E]):
    """What came of some bytes: events, what to send, and how often something was no sound message."""

    events: tuple[E, ...] = ()
    send: bytes = b""
    errors: int = 0


class Codec(Protocol[E]):
    """One device's language.

    ``poll_s`` is how often :meth:`poll` wants to be called (None: never); ``answers`` is false while
    a device that is asked says nothing.
    """

    @property
    def poll_s(self) -> float | None:
        """Seconds between polls."""
        ...

    @property
    def answers(self) -> bool:
        """Whether the device answers what it is asked, as far as that is known."""
        ...

    def feed(self, data: bytes, at_ns: int) -> Heard[E]:
        """Take what came at ``at_ns`` on the monotonic clock, in any portions."""
        ...

    def poll(self) -> Heard[E]:
        """Time for a question has come."""
        ...

    def reset(self) -> None:
        """The line was opened anew: whatever was half said is forgotten."""
        ...
