"""A line that goes bad: a socket proxy that cuts, stalls, delays or drips at any byte, either way."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Final

_AT_ONCE: Final = 65536


class Way(Enum):
    """Which bytes are counted."""

    REQUEST = "request"
    ANSWER = "answer"


class Trouble(Enum):
    """What happens at that byte."""

    CUT = "cut"
    """Both connections are closed."""
    STALL = "stall"
    """Nothing more goes this way, and nobody is told."""
    DRIP = "drip"
    """From here on a byte at a time."""


@dataclass(frozen=True)
class Plan:
    """One trouble, once: after so many bytes of this way, counted from when the plan was made."""

    way: Way
    after: int
    trouble: Trouble


class BadLine:
    """Forwards one port to another; counts bytes, and makes trouble as planned."""

    def __init__(self, to_port: int, pause_s: float = 0.0005) -> None:
        self._to_port = to_port
        self._pause_s = pause_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.plan: Plan | None = None
        self.passed = dict.fromkeys(Way, 0)
        """Bytes that went each way since the last plan."""
        self.met = 0
        """How often trouble was made."""
        self._start(self._accept)

    def go_bad(self, plan: Plan | None) -> None:
        """Make this trouble next; ``None``: be good."""
        with self._lock:
            self.plan = plan
            self.passed = dict.fromkeys(Way, 0)

    def close(self) -> None:
        """Cut everything and end."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            _close(each)
        for thread in self._threads:
            thread.join()

    # --- parts ------------------------------------------------------------------------------

    def _start(self, work: object, *words: object) -> None:
        thread = threading.Thread(target=work, args=words)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:
                _close(client)
                continue
            self._open |= {client, server}
            self._start(self._forward, client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        ways = {client: (server, Way.REQUEST), server: (client, Way.ANSWER)}
        with selectors.DefaultSelector() as selector:
            for each in ways:
                selector.register(each, selectors.EVENT_READ)
            try:
                while not self._ended.is_set():
                    for key, _ in selector.select(timeout=0.2):
                        origin = key.fileobj
                        assert isinstance(origin, socket.socket)
                        target, way = ways[origin]
                        data = origin.recv(_AT_ONCE)
                        if not data or not self._pass_on(target, way, data):
                            return
            except (OSError, ValueError):
                return
            finally:
                for each in ways:
                    self._open.discard(each)
                    _close(each)

    def _pass_on(self, target: socket.socket, way: Way, data: bytes) -> bool:
        """Send on, up to the trouble; whether the connection lives."""
        with self._lock:
            plan, at = self.plan, self.passed[way]
            self.passed[way] += len(data)
            meets = plan is not None and plan.way is way and at <= plan.after < at + len(data)
            if meets:
                self.plan, self.met = None, self.met + 1
        if plan is None or not meets:
            target.sendall(data)
            return True
        target.sendall(data[: plan.after - at])
        match plan.trouble:
            case Trouble.CUT:
                return False
            case Trouble.STALL:
                self._until_gone(target)
                return False
        for byte in data[plan.after - at :]:
            target.sendall(bytes((byte,)))
            if self._ended.wait(self._pause_s):
                return False
        return True

    def _until_gone(self, target: socket.socket) -> None:
        """Say nothing until somebody has had enough of it."""
        with selectors.DefaultSelector() as selector:
            for each in self._open & {target}:
                selector.register(each, selectors.EVENT_READ)
            while not self._ended.is_set():
                for _ in selector.select(timeout=0.05):
                    if not target.recv(_AT_ONCE):
                        return


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
