"""Telling systemd how it goes (sd_notify(3)): ready, alive, what is up, stopping.

The protocol is one datagram of ``KEY=value`` lines to ``$NOTIFY_SOCKET``; the Python packages for
it have not been kept up for years, and systemd's own needs a C library for these few lines.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to systemd where it listens, and to nobody otherwise. A lost word does no harm."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._status = ""
        self.watchdog_s = _watchdog_s(environ)

    def ready(self, longest_step_s: float) -> None:
        """Say that the start is over; a watchdog that is shorter than the longest step is made longer."""
        self._send("READY=1")
        if self.watchdog_s is not None and self.watchdog_s < 2 * longest_step_s:
            self.watchdog_s = 2 * longest_step_s
            self._send(f"WATCHDOG_USEC={round(self.watchdog_s * 1e6)}")

    def alive(self) -> None:
        """Feed the watchdog; called where the delivery has got on, nowhere else."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Say in a line how it goes; the same line is said once."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(message.encode(), self._address)
        except OSError:
            return


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """The watchdog's time, if there is one and it is ours (``WATCHDOG_PID``)."""
    microseconds, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or pid not in {"", str(os.getpid())}:
        return None
    return int(microseconds) / 1e6
