"""A receiver that costs next to nothing: the answers a platform gives, and nothing kept but the last body.

The practice platform checks and stores every record and is slower than what is measured. This one
reads of an ``itemised`` batch only what its answer must name, tells ``national`` that all is well,
and answers anything else with a plain 200. ``GET /seen`` says how many bodies came; ``GET /last`` is
the last one.

``python -m bench.receiver`` listens on a port of the system's choice and prints its address.
"""

from __future__ import annotations

import asyncio
import contextlib
from email.utils import formatdate
from pathlib import Path
from typing import Final

import msgspec
import psutil
import requests

from sandbox.hall.processes import Program, python

_HEAD_ENDS: Final = b"\r\n\r\n"
_ITEMISED: Final = b"/itemised/v1/batches"
_NATIONAL_SAYS: Final = b'{"code":"0","success":"true","message":"ok"}'
_READY_WITHIN_S: Final = 20.0


class _Named(msgspec.Struct):
    id: str


class _Batch(msgspec.Struct):
    batch: str
    records: list[_Named]


class _Accepted(msgspec.Struct):
    id: str
    outcome: str = "accepted"
    receipt: str = "R20260101000000000001"


class _Results(msgspec.Struct):
    batch: str
    results: list[_Accepted]


_read = msgspec.json.Decoder(_Batch)
_write = msgspec.json.Encoder()


class _Seen:
    bodies = 0
    last = b""


class _Connection(asyncio.Protocol):
    def __init__(self, seen: _Seen) -> None:
        self._seen = seen
        self._come = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._come += data
        head = self._come.find(_HEAD_ENDS)
        if head < 0:
            return
        lines = bytes(self._come[:head]).split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        end = head + len(_HEAD_ENDS) + length
        if len(self._come) < end:
            return
        body = bytes(self._come[end - length : end])
        del self._come[:end]
        answer = self._answer(lines[0].split(b" ")[1], body)
        date = formatdate(usegmt=True).encode()
        self._out.write(
            b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s" % (date, len(answer), answer)
        )

    def _answer(self, path: bytes, body: bytes) -> bytes:
        if path == b"/seen":
            return b"%d" % self._seen.bodies
        if path == b"/last":
            return self._seen.last
        if not body:  # somebody looks at the clock
            return b""
        self._seen.bodies += 1
        self._seen.last = body
        if path == _ITEMISED:
            batch = _read.decode(body)
            return _write.encode(_Results(batch.batch, [_Accepted(each.id) for each in batch.records]))
        return _NATIONAL_SAYS if path.startswith(b"/national") else b""


class Receiver:
    """The receiver as a process of its own."""

    def __init__(self, log: Path) -> None:
        self._program = Program(python("bench.receiver"), log)
        self.url = self._program.line(lambda line: line.startswith("http"), _READY_WITHIN_S)
        self._session = requests.Session()
        self._session.trust_env = False

    def bodies(self) -> int:
        """How many it has taken."""
        return int(self._ask("seen"))

    def last(self) -> bytes:
        """The last body it took."""
        return self._ask("last")

    def busy_s(self) -> float:
        """Processor time it has used."""
        times = psutil.Process(self._program.pid).cpu_times()
        return times.user + times.system

    def close(self) -> None:
        """End it."""
        self._session.close()
        self._program.stop()

    def _ask(self, what: str) -> bytes:
        return self._session.get(f"{self.url}/{what}", timeout=_READY_WITHIN_S).content


async def _serve() -> None:
    seen = _Seen()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(seen), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve())
