"""A city platform on loopback that follows a script: what it hears it keeps, what it says is told it.

It works on raw sockets, so that it can also answer wrongly, slowly, in part, or not at all.
"""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from pad import gm
from pad.model import CHINA_TIME
from tests.ports import free_port

WITHIN_S = 60.0


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HangUp(Exception):
    """Close the connection without another word."""


@dataclass
class Line:
    """The platform's end of one connection, for a script that wants the bytes in its own hand."""

    socket: socket.socket
    city: City

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes, every_s: float = 0.05) -> None:
        """A byte now and then, until the other end has had enough."""
        for byte in data:
            self.socket.sendall(bytes([byte]))
            if self.city.ended.wait(every_s):
                return

    def hold(self) -> None:
        """Say nothing until the other end goes away."""
        self.socket.settimeout(WITHIN_S)
        if self.socket.recv(1) == b"":
            raise HangUp


Script = Callable[[Request, Line], bytes | None]
"""Answers a request: with a whole HTTP answer, or None where it has sent everything itself."""


def http(
    status: int,
    body: bytes | str | object = b"",
    headers: dict[str, str] | None = None,
    date: datetime | None = None,
) -> bytes:
    """A whole HTTP answer; without ``date`` it carries none."""
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    if date is not None:
        lines.append(f"Date: {format_datetime(date.astimezone(UTC), usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(status: int, body: bytes | str | object = b"", headers: dict[str, str] | None = None) -> Script:
    """A script that answers so, with the city's date."""
    return lambda request, line: http(status, body, headers, line.city.now())


def chokes_on_emoji(request: Request, line: Line) -> bytes:
    """A script of a national platform whose database cannot hold one: 500, for the whole array."""
    if any("😠" in record["writingEvaluation"] for record in line.city.opened(request)):
        return http(500)
    return line.city.behave(request, line)


@dataclass
class City:
    """What the platform knows. ``script`` answers next, then ``usual`` if there is one, else the dialect."""

    app_word: str = "practice word"
    keys: gm.Sm2KeyPair = field(default_factory=gm.sm2_generate_keypair)
    form: gm.Sm2Format = gm.DEFAULT_FORMAT
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ahead: timedelta = timedelta(0)
    tells_date: bool = True
    script: deque[Script] = field(default_factory=deque)
    usual: Script | None = None
    requests: list[Request] = field(default_factory=list)
    looks: list[Request] = field(default_factory=list)
    arrived: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    wants_services: bool = False
    refuses_future: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)
    ended: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime | None:
        return self.clock() + self.ahead if self.tells_date else None

    def is_future(self, record: dict[str, Any]) -> bool:
        """Whether its time has not come by the city's clock, where the city minds."""
        at = datetime.strptime(record["assessTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_TIME)
        return self.refuses_future and at > self.clock() + self.ahead

    # --- what tests ask ----------------------------------------------------------------------

    @property
    def distinct(self) -> list[str]:
        """Project numbers stored, in the order they came."""
        return [record["projectNo"] for record in self.arrived]

    def wait_for(self, condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait until something holds of what was heard."""
        with self.changed:
            assert self.changed.wait_for(condition, within_s), f"not within {within_s:g} s; {self.distinct}"

    def wait_for_ratings(self, count: int) -> None:
        self.wait_for(lambda: len(self.arrived) >= count)

    # --- what it does ------------------------------------------------------------------------

    def answer(self, request: Request, line: Line) -> bytes | None:
        with self.changed:
            if request.method == "GET":
                self.looks.append(request)
                self.changed.notify_all()
                return http(404, "nothing here", date=self.now())
            self.requests.append(request)
            next_script = self.script.popleft() if self.script else self.usual
            self.changed.notify_all()
        if next_script is not None:
            return next_script(request, line)
        return self.behave(request, line)

    def behave(self, request: Request, line: Line) -> bytes:
        """Take the request in as the dialect has it, and answer."""
        with self.changed:
            answer = self._itemised(request) if "/v1/" in request.path else self._national(request)
            self.changed.notify_all()
        return http(200, answer, date=self.now())

    def opened(self, request: Request) -> list[dict[str, Any]]:
        """The records of a national envelope."""
        params = request.json["txnBodyCom"]["params"]
        (ciphertext,) = params.get("evaluate") or params["projectService"]
        records: list[dict[str, Any]] = json.loads(
            gm.sm2_decrypt(self.keys.private_key, ciphertext, self.form).decode()
        )
        return records

    def _national(self, request: Request) -> object:
        records = self.opened(request)
        if "projectService" in request.json["txnBodyCom"]["params"]:
            known = [record for record in records if _service(record) in map(_service, self.services)]
            if known:
                return _wrapped("false", "服务数据已存在，不可重复")
            self.services += records
            return _wrapped("true", "ok")
        for record in records:
            if self.is_future(record):
                return _wrapped("false", "assessTime晚于当前时间")
            if record["projectNo"] in self.faults:
                return _wrapped("false", self.faults[record["projectNo"]])
            if self.wants_services and _service(record) not in map(_service, self.services):
                return _wrapped("false", "没有对应的服务数据")
            if record["projectNo"] and record["projectNo"] in self.distinct:
                return _wrapped("false", "该办件已存在评价")
        self.arrived += records
        return _wrapped("true", "ok")

    def _itemised(self, request: Request) -> object:
        if request.path.endswith("/heartbeats"):
            self.beats.append(request.json)
            return {}
        results = []
        for record in request.json["records"]:
            number = record["rating"]["projectNo"]
            if self.is_future(record["rating"]):
                results.append({"id": record["id"], "outcome": "refused", "message": "future"})
                continue
            if number in self.faults:
                results.append(
                    {"id": record["id"], "outcome": "refused", "code": "E7", "message": self.faults[number]}
                )
                continue
            known = any(each["id"] == record["id"] for each in self.arrived)
            if not known:
                self.arrived.append({**record["rating"], "id": record["id"], "whole": record})
            outcome = "duplicate" if known else "accepted"
            results.append({"id": record["id"], "outcome": outcome, "receipt": f"R-{number}"})
        return {"batch": request.json["batch"], "results": results}


def _service(record: dict[str, Any]) -> tuple[str, str]:
    return record["projectNo"], record["serviceNumber"]


def _wrapped(success: str, message: str) -> object:
    inner = json.dumps({"success": success, "message": message}, ensure_ascii=False)
    return {"C-Response-Desc": "success", "C-Response-Body": inner}


class CityServer(socketserver.ThreadingTCPServer):
    """The city's address; its port stays free for it while nobody is there."""

    allow_reuse_address = True
    daemon_threads = False  # what is still open at the end of a test is that test's fault
    block_on_close = True

    def __init__(self, city: City, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.city = city
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port or free_port()), _Connection)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""

    def end(self) -> None:
        """Take no more, and cut off who is there."""
        self.city.ended.set()
        self.shutdown()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()
        self._thread.join()
        self.city.ended.clear()


class _Connection(socketserver.StreamRequestHandler):
    server: CityServer

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.request)

    def finish(self) -> None:
        self.server.connections.discard(self.request)
        try:
            super().finish()
        except OSError:
            return

    def handle(self) -> None:
        line = Line(self.request, self.server.city)
        try:
            while (request := self._request()) is not None:
                answer = self.server.city.answer(request, line)
                if answer is not None:
                    line.send(answer)
        except (OSError, HangUp):
            return

    def _request(self) -> Request | None:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while (text := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = text.partition(":")
            headers[name.strip().title()] = value.strip()
        body = self.rfile.read(int(headers.get("Content-Length", "0")))
        return Request(first[0], first[1], headers, body)
