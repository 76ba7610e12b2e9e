"""What the demo's scenes are made of: invite, tap, finish, wait, and say how long it took."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any, Final

from pad.model import parse_iso_time
from sandbox.devices.table import Table
from sandbox.hall.glass import Glass, Shown
from sandbox.hall.partners import Platform
from sandbox.hall.stage import Stage

_TASKS: Final = ("个体工商户设立登记", "居民身份证换领", "不动产转移登记", "社会保险参保登记", "食品经营许可")


class Moves:
    """The stage, the glass, the platform and the devices, and what is done with them."""

    def __init__(self, stage: Stage, display: str, platform: Platform, devices: Table) -> None:
        self._stage = stage
        self._devices = devices
        self._display = display
        self._platform = platform
        self._glass: Glass
        self._matters = 0
        self._scene = 0

    def _open(self) -> None:
        started = time.monotonic()
        self._glass = self._stage.start_kiosk(self._display)
        self._glass.wait_for("idle")
        self._stage.start_syncd()
        self._picture("idle")
        self._say("kiosk and syncd started; the screen can be touched", started)

    def _device_is(self, name: str, state: str) -> None:
        self._until(lambda: self._stage.clerk.pad()["devices"].get(name, {}).get("state") == state)

    def _reader_sees_no_card(self) -> None:
        asked = len(self._devices.idcard.requests)
        self._until(lambda: len(self._devices.idcard.requests) >= asked + 2)

    def _number(self) -> str:
        self._matters += 1
        return f"500110{datetime.now().astimezone():%Y%m%d}{self._matters:06d}"

    def _invite(self, timeout_s: float | None = None) -> str:
        matter = {
            "project_no": self._number(),
            "task_name": _TASKS[self._matters % len(_TASKS)],
            "task_code": f"11500222MB1234567X4000131{self._matters:06d}",
            "service_name": "办结",
            "service_number": 1,
            "service_time": f"{datetime.now().astimezone():%Y-%m-%d} 00:00:01",
        }
        invitation = self._stage.clerk.invite(matter, timeout_s)
        self._glass.wait_for("invitation", lambda shown: shown.visit == invitation)
        return invitation

    def _tap_face(self, level: int) -> float:
        """Tap a face until the reasons page is there; when the finger came down."""
        started = time.monotonic()
        self._glass.wait_for("invitation", lambda shown: f"face-{level}" in shown.enabled)
        self._glass.tap(f"face-{level}")
        self._glass.wait_for("reasons", lambda shown: shown.level == level)
        return started

    def _tick(self, target: str) -> None:
        code = target.removeprefix("indicator-")
        self._glass.wait_for("reasons", lambda shown: target in shown.enabled)
        self._glass.tap(target)
        self._glass.wait_for("reasons", lambda shown: code in shown.ticked)

    def _finish(self, what: str, started: float, *, button: str = "", wait: bool = True) -> None:
        """Press the button that sends it; say when it was thanked, and when it had arrived."""

        def can_send(shown: Shown) -> bool:
            return bool({button or "submit", "decline"} & shown.enabled)

        shown = self._glass.wait_for("reasons", can_send)
        self._glass.tap(button if button else "submit" if "submit" in shown.enabled else "decline")
        self._glass.wait_for("thanks")
        thanked = time.monotonic()
        if wait:
            self._all_arrived()
        self._say(what, started, thanked)

    def _all_arrived(self) -> None:
        self._platform.wait_for(self._count("ratings"))
        self._until(lambda: self._stage.clerk.pad()["pending"] == 0)

    def _count(self, table: str) -> int:
        return int(self._query(f"SELECT COUNT(*) FROM {table}"))  # noqa: S608 - a name of ours

    def _query(self, sql: str) -> Any:
        with closing(sqlite3.connect(self._stage.state / "ledger.db")) as db:
            return db.execute(sql).fetchone()[0]

    def _until(self, true: Callable[[], bool], within_s: float = 30.0) -> None:
        give_up = time.monotonic() + within_s
        while not true():
            if time.monotonic() > give_up:
                raise TimeoutError("the scene did not come to its end in time")
            time.sleep(0.02)

    def _picture(self, name: str) -> None:
        self._glass.screenshot(self._stage.folder / f"{name}.png")

    def _step(self, what: str) -> None:
        print(f"      {what}")

    def _say(self, what: str, started: float, thanked: float | None = None) -> None:
        self._scene += 1
        took = time.monotonic() - started
        times = f"{took:6.2f} s"
        print(f"  {self._scene:2}  {times}  {what}{self._way() if thanked else ''}", flush=True)

    def _way(self) -> str:
        """How the last rating went: on disk, and at the platform."""
        with closing(sqlite3.connect(self._stage.state / "ledger.db")) as db:
            row = db.execute(
                "SELECT r.rated_at, d.settled_at FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq"
                " ORDER BY r.seq DESC LIMIT 1"
            ).fetchone()
        if row is None or row[1] is None:
            return "; on disk, waiting"
        lag = parse_iso_time(row[1]) - parse_iso_time(row[0])
        return f"; submitted to acknowledged {lag.total_seconds() * 1000:.0f} ms"
