"""A time limit for a whole exchange, which holds against a peer that sends a byte now and then.

A socket's own time-out starts anew with every byte, so each read here is given what is left of
the exchange's time. Connecting has a limit of its own; the TLS handshake and sending are one
operation each to the socket, whose time-out bounds them whole.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """When the exchange that is under way has to be over, and a way to end it before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._span_s = 0.0
        self._until = 0.0
        self._double: socket.socket | None = None
        self.aborted = False

    def set(self, seconds: float) -> None:
        """Begin: so long may it take, once there is a connection."""
        self._span_s = seconds
        self._until = time.monotonic() + seconds

    def left_s(self) -> float:
        """What is left.

        :raises TimeoutError: if nothing is
        """
        left = self._until - time.monotonic()
        if left <= 0 or self.aborted:
            raise TimeoutError("the exchange's time is up")
        return left

    def watch(self, fresh: socket.socket) -> None:
        """Take note of a new connection's socket, under a second descriptor: TLS takes the first over.

        One that was being opened when everything was to end is good for nothing from the start.
        """
        double = socket.socket(fresh.family, fresh.type, fresh.proto, fileno=os.dup(fresh.fileno()))
        self.forget()
        with self._lock:
            self._double = double
            if self.aborted:
                self._shut()
        self._until = time.monotonic() + self._span_s

    def forget(self) -> None:
        """Let go of the second descriptor; without this the connection would stay open."""
        with self._lock:
            if self._double is not None:
                self._double.close()
                self._double = None

    def abort(self) -> None:
        """Let this exchange and every later one end at once; from any thread. A read then wakes."""
        with self._lock:
            self.aborted = True
            self._shut()

    def _shut(self) -> None:
        if self._double is not None:
            with suppress(OSError):  # gone already
                self._double.shutdown(socket.SHUT_RDWR)


def pools_under(deadline: Deadline, tls: ssl.SSLContext | None) -> dict[str, Any]:
    """urllib3's connection pools by scheme, with every read of theirs under the deadline."""

    class PlainSocket(socket.socket):
        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(deadline.left_s())
            return super().recv_into(*args, **kwargs)

    class TlsSocket(ssl.SSLSocket):
        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(deadline.left_s())
            return super().recv_into(*args, **kwargs)

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            fresh = super()._new_conn()
            deadline.watch(fresh)
            return PlainSocket(fresh.family, fresh.type, fresh.proto, fileno=fresh.detach())

    class TlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            fresh = super()._new_conn()
            deadline.watch(fresh)
            return fresh

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    if tls is not None:
        tls.sslsocket_class = TlsSocket
    return {"http": PlainPool, "https": TlsPool}
