"""The platform's line, cut: nobody stays connected, whenever they came."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

import pytest
from aiohttp import web

from sandbox.control import ControlService
from sandbox.server import Line


@pytest.mark.parametrize("turns", range(6))
def test_who_was_just_being_let_in_is_cut_off_too(turns: int) -> None:
    async def cut() -> bytes:
        runner = web.AppRunner(web.Application(), access_log=None)
        await runner.setup()
        line = Line(runner, 0)
        await line.set(up=True)
        with socket.create_connection(("127.0.0.1", line.port)) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            await line.set(up=False)
            client.setblocking(False)
            try:
                return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1), 60)
            except ConnectionResetError:
                return b""
            finally:
                line.let_go()
                await runner.cleanup()

    assert asyncio.run(cut()) == b""


def test_while_it_is_cut_nobody_else_is_given_its_port() -> None:
    async def cut() -> None:
        runner = web.AppRunner(web.Application(), access_log=None)
        await runner.setup()
        line = Line(runner, 0)
        await line.set(up=True)
        port = line.port
        await line.set(up=False)
        try:
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            await line.set(up=True)
            assert line.port == port
            socket.create_connection(("127.0.0.1", port)).close()
            await line.set(up=False)
        finally:
            line.let_go()
            await runner.cleanup()

    asyncio.run(cut())


@pytest.mark.parametrize("asked", [(False, False, True, True), (False, True), (False, True, False)])
def test_changes_of_the_line_that_are_asked_for_at_once_come_one_after_the_other(
    asked: tuple[bool, ...],
) -> None:
    async def change() -> None:
        runner = web.AppRunner(web.Application(), access_log=None)
        await runner.setup()
        line = Line(runner, 0)
        control = ControlService(None, line.set)  # type: ignore[arg-type]
        await line.set(up=True)
        await asyncio.gather(*(control.change_line(up) for up in asked))
        assert control.line_is_up is asked[-1]
        assert len(runner.sites) == asked[-1]
        with closing(socket.socket()) as client:
            assert (client.connect_ex(("127.0.0.1", line.port)) == 0) is asked[-1]
        line.let_go()
        await runner.cleanup()

    asyncio.run(change())
