"""The practice platform in this process, so that a test can rate by phone without its page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from pad.codes import Level
from pad.phone import MatterTicket
from sandbox.phone_ratings import Came
from sandbox.platform import Platform
from sandbox.server import Line
from sandbox.service import PlatformService
from sandbox.settings import Settings

MARK, WORD = "mark", "practice word"
EXPIRES = 4_000_000_000
_T = TypeVar("_T")


class PhonesPlatform:
    """The real platform and its listener, on a loop of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._is_up = True
        self._do(self._open())

    async def _open(self) -> None:
        self.platform = Platform(Settings(app_mark=MARK, app_word=WORD), self.folder)
        self._runner = web.AppRunner(
            PlatformService(self.platform).application(),
            access_log=None,
            shutdown_timeout=0.2,
            handler_cancellation=True,
        )
        await self._runner.setup()
        self._line = Line(self._runner, 0)
        await self._line.set(up=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._line.port}/itemised"

    def line(self, *, up: bool) -> None:
        self._do(self._line.set(up))
        self._is_up = up

    def rate(self, visit_id: str, project_no: str = "", device: str = "pad-7", level: int = 5) -> Came:
        """Rate as the phone page does that a code of this pad has opened."""
        ticket = MatterTicket(device, visit_id, project_no, 1, 1, "A07", EXPIRES)

        async def rated() -> Came:
            return self.platform.phone_ratings.rate(ticket, Level(level), (), "")

        return self._do(rated())

    def stored(self) -> list[tuple[str, str]]:
        """Project number and dialect of every rating that counts."""

        async def read() -> list[tuple[str, str]]:
            rows = self.platform.store.db.execute("SELECT project_no, dialect FROM ratings ORDER BY rowid")
            return [(row[0], row[1]) for row in rows]

        return self._do(read())

    def close(self) -> None:
        async def end() -> None:
            if self._is_up:
                await self._line.set(up=False)
            self._line.let_go()
            await self._runner.cleanup()
            self.platform.store.close()
            for _ in range(5):  # what was cut is let go by the loop's next turns
                await asyncio.sleep(0)

        try:
            self._do(end())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
