"""The way from a booted pad to a platform elsewhere: a cable, and a front door that speaks TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final

from tests.packaging.debian_root import DebianRoot

CITY, PAD = "10.77.0.1", "10.77.0.2"
PORT: Final = 8443
_PAGE: Final = "<html><title>登录</title><body>请先登录</body></html>".encode()
_LOGIN: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
    + f"Content-Length: {len(_PAGE)}\r\n\r\n".encode()
    + _PAGE
)


class Cable:
    """Between this machine and the pad's network card, which is made with it."""

    def __init__(self, debian: DebianRoot) -> None:
        self._here = f"pad{debian.pid}"
        self._inside = ["nsenter", "--target", str(debian.pid), "--net"]
        _ip("link", "add", self._here, "type", "veth", "peer", "name", "eth0", "netns", str(debian.pid))
        _ip("address", "add", f"{CITY}/30", "dev", self._here)
        self.put_back()
        _run(*self._inside, "ip", "address", "add", f"{PAD}/30", "dev", "eth0")
        _run(*self._inside, "ip", "link", "set", "eth0", "up")

    def pull(self) -> None:
        """Take it out of the wall; the pad's card loses its carrier."""
        _ip("link", "set", self._here, "down")

    def put_back(self) -> None:
        """Put it in again."""
        _ip("link", "set", self._here, "up")

    def away(self) -> None:
        """Remove it for good."""
        subprocess.run(["ip", "link", "delete", self._here], capture_output=True, check=False)


class Mood(Enum):
    """What whoever knocks meets."""

    OPEN = auto()
    LOGIN_PAGE = auto()
    SHUT = auto()


class FrontDoor:
    """Passes what is said over TLS on to the practice platform on this machine."""

    def __init__(self, certificate: Path, platform_port: int) -> None:
        self.mood = Mood.OPEN
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._platform_port = platform_port
        self._ears = self._open()
        self._passing: set[socket.socket] = set()

    def set(self, mood: Mood) -> None:
        """Be like this from now on, for those who are talking as well."""
        was, self.mood = self.mood, mood
        if mood is Mood.SHUT and was is not Mood.SHUT:
            self._close()
        elif was is Mood.SHUT and mood is not Mood.SHUT:
            self._ears = self._open()
        for each in tuple(self._passing):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Shut it for good."""
        self.set(Mood.SHUT)

    def _open(self) -> socket.socket:
        ears = socket.create_server((CITY, PORT))
        threading.Thread(target=self._listen, args=(ears,), daemon=True).start()
        return ears

    def _close(self) -> None:
        with suppress(OSError):
            self._ears.shutdown(socket.SHUT_RDWR)
        self._ears.close()

    def _listen(self, ears: socket.socket) -> None:
        with suppress(OSError):
            while True:
                come, _ = ears.accept()
                threading.Thread(target=self._serve, args=(come,), daemon=True).start()

    def _serve(self, come: socket.socket) -> None:
        with suppress(OSError), come, self._tls.wrap_socket(come, server_side=True) as said:
            self._passing.add(said)
            try:
                self._answer(said)
            finally:
                self._passing.discard(said)

    def _answer(self, said: ssl.SSLSocket) -> None:
        if self.mood is Mood.LOGIN_PAGE:
            _read_request(said)
            said.sendall(_LOGIN)
            return
        with socket.create_connection(("127.0.0.1", self._platform_port)) as platform:
            back = threading.Thread(target=_pass_on, args=(platform, said), daemon=True)
            back.start()
            _pass_on(said, platform)
            back.join()


def _read_request(said: socket.socket) -> None:
    """All of it: whoever closes with something unread cuts its own answer off."""
    with said.makefile("rb") as coming:
        length = 0
        while (line := coming.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        coming.read(length)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while told := source.recv(65536):
            target.sendall(told)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
