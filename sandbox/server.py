"""The two listeners: the platform's, which can be cut, and the control side's, which stays."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from typing import Final

from aiohttp import web

from sandbox.control import ControlService
from sandbox.pages.phone import PHONE_PAGE
from sandbox.platform import Platform
from sandbox.service import PlatformService

_LOOPBACK: Final = "127.0.0.1"
_LET_IN_TURNS: Final = 4
"""After so many turns of the loop a connection that was just being let in is a connection of the server."""


class Line:
    """The platform's listener, up or down on the same port, which nobody else gets while it is down."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self._site: web.TCPSite | None = None
        self._kept: socket.socket | None = None
        self.port = port

    async def set(self, up: bool) -> None:
        """Listen, or refuse connections and cut those there are."""
        if up:
            self._site = web.TCPSite(self._runner, _LOOPBACK, self.port, reuse_address=True)
            await self._site.start()
            self.port = _port_of(self._site)
            self.let_go()
        elif self._site is not None:
            for listening in _server_of(self._site).sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(_LET_IN_TURNS):  # a server that is closed lets nobody in, and forgets to hang up
                await asyncio.sleep(0)
            await self._site.stop()
            self._keep()
            for connection in list(self._runner.server.connections if self._runner.server else ()):
                if connection.transport is not None:
                    connection.transport.abort()

    def let_go(self) -> None:
        """Keep the port for nobody, now that it is listened on or never will be again."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _keep(self) -> None:
        """Bound and not listened on, a port refuses connections and is given to nobody.

        A free one may be any client's own, which then would even be answered by itself.
        """
        self.let_go()
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind((_LOOPBACK, self.port))


async def serve(platform: Platform, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; says once, in a line of JSON, where."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    service = PlatformService(platform)
    platform_runner = web.AppRunner(
        service.application(), access_log=None, shutdown_timeout=0.2, handler_cancellation=True
    )
    await platform_runner.setup()
    line = Line(platform_runner, platform.settings.port)
    control = ControlService(platform, line.set)
    service.on_arrival(control.arrived)
    platform.robots.on_message = control.arrived
    platform.phone_ratings.on_rating = control.arrived
    control_runner = web.AppRunner(control.application(), access_log=None, shutdown_timeout=0.2)
    await control_runner.setup()
    await line.set(up=True)
    platform.address = f"http://{_LOOPBACK}:{line.port}"
    control_site = web.TCPSite(control_runner, _LOOPBACK, platform.settings.control_port)
    await control_site.start()
    control_address = f"http://{_LOOPBACK}:{_port_of(control_site)}"
    platform.phone_page = control_address + PHONE_PAGE
    addresses = {"platform": platform.address, "control": control_address, "phone": platform.phone_page}
    say(json.dumps(addresses))
    await ended.wait()
    line.let_go()
    await platform_runner.cleanup()
    await control_runner.cleanup()


def _server_of(site: web.TCPSite) -> asyncio.Server:
    server = site._server
    assert isinstance(server, asyncio.Server)  # noqa: S101 - TCPSite has no other kind
    return server


def _port_of(site: web.TCPSite) -> int:
    port: int = _server_of(site).sockets[0].getsockname()[1]
    return port
