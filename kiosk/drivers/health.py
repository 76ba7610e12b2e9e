"""How a device does: whether it is there, what went wrong, when it last said something."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.events import DeviceState


@dataclass(frozen=True, slots=True)
class Health:
    """One device's health; ``last_event_ns`` is on the monotonic clock, ``why`` says why it is lost."""

    state: DeviceState = DeviceState.LOST
    errors: int = 0
    last_event_ns: int | None = None
    why: str = ""
    port: str = ""

    def lost(self, why: str) -> Health:
        """The line is gone; that it went is an error, that it is still gone is none."""
        was_there = self.state is not DeviceState.LOST
        return replace(self, state=DeviceState.LOST, errors=self.errors + was_there, why=why, port="")

    def found(self, port: str) -> Health:
        """The line is open."""
        return replace(self, state=DeviceState.FOUND, why="", port=port)

    def heard(self, errors: int, *, answers: bool, event_ns: int | None = None) -> Health:
        """Something came, or an answer did not."""
        return replace(
            self,
            state=DeviceState.FOUND if answers else DeviceState.SILENT,
            errors=self.errors + errors,
            last_event_ns=self.last_event_ns if event_ns is None else event_ns,
        )
