"""A time limit for a whole exchange, which holds against a peer that sends a byte now and then.

A socket's own time-out starts anew with every byte. So the connection's socket is known here
under a second descriptor, and when time is up both directions are shut: whoever waits in TLS,
headers or body then wakes.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Watches over the one socket that is in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._for_good = False
        self._round = 0
        self.expired = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Shut the socket if the block takes longer."""
        with self._lock:
            self.expired = self._for_good
            self._round += 1
            timer = threading.Timer(seconds, self._expire, [self._round])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, fresh: socket.socket) -> None:
        """Take note of a new connection's socket.

        :raises TimeoutError: if time was up before it was there
        """
        # TLS takes the descriptor over from this object, so a second one is kept
        double = socket.socket(fresh.family, fresh.type, fresh.proto, fileno=os.dup(fresh.fileno()))
        self.forget()
        with self._lock:
            self._socket = double
            if self.expired:
                fresh.close()
                raise TimeoutError("time was up before the connection was there")

    def forget(self) -> None:
        """Let go of the second descriptor; without this the connection would stay open."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def expire_for_good(self) -> None:
        """Let this exchange and every later one end at once."""
        self._for_good = True
        self._expire(None)

    def _expire(self, only_round: int | None) -> None:
        with self._lock:
            if only_round not in {None, self._round}:
                return  # a timer that woke when its exchange was over
            self.expired = True
            if self._socket is not None:
                with suppress(OSError):  # gone already
                    self._socket.shutdown(socket.SHUT_RDWR)


def pools_under(deadline: Deadline) -> dict[str, Any]:
    """urllib3's connection pools by scheme, with every new socket shown to the deadline."""

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            fresh = super()._new_conn()
            deadline.watch(fresh)
            return fresh

    class TlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            fresh = super()._new_conn()
            deadline.watch(fresh)
            return fresh

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}
