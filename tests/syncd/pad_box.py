"""One pad for a test: folder, settings, a real ledger, clocks, and syncd in every way it is run."""

from __future__ import annotations

import io
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from pad import doorbell, keys, settings
from pad.clock import SystemClock
from pad.codes import Level
from pad.ledger import connection
from pad.ledger.connection import connect
from pad.ledger.recording import Recorder
from pad.model import (
    CHINA_TIME,
    Completion,
    Draft,
    FinishedRating,
    InputDevice,
    Instant,
    Matter,
    Rater,
    Rating,
    Visit,
)
from pad.settings import Settings
from syncd.__main__ import LOTS, _once
from syncd.heartbeat import Heart
from syncd.ledger_file import LedgerFile
from syncd.platform_clock import PlatformClock
from syncd.platforms.choice import platform_for
from syncd.uploader import Uploader
from tests.syncd.city import WITHIN_S
from tests.syncd.process import Daemon

TASK_CODE = "11500222MB1234567X" + "4500100010001"
AT_ONCE: dict[str, float] = {
    "interval_s": 1, "backoff_first_s": 0.02, "backoff_cap_s": 0.2, "refused_probe_s": 0.2,
    "connect_timeout_s": 30, "answer_timeout_s": 30, "reconnect_spread_s": 0, "heartbeat_s": 60,
}  # fmt: skip
"""No pause, and limits that no slow machine meets: who tests a limit sets one."""


@dataclass
class FixedClock:
    """A pad's clocks in the test's hand."""

    wall: datetime = field(default_factory=lambda: datetime.now(CHINA_TIME))
    boot_id: str = "boot-now"
    monotonic_ns: int = 3_600 * 10**9
    trusted: bool = True

    def read(self) -> Instant:
        return Instant(self.wall, self.boot_id, self.monotonic_ns, self.trusted)

    def go_on(self, by: timedelta) -> None:
        self.wall += by
        self.monotonic_ns += by // timedelta(microseconds=1) * 1000


class PadBox:
    """One pad: its folder, its settings, its ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)
        self.keys = keys.device_keys(self.state, may_create=True)
        self.db = connect(self.state / "ledger.db")
        self.recorder = Recorder(self.db, self.keys, "test")
        self.clock: Any = SystemClock()
        self._daemons: list[Daemon] = []
        self._closed_at_the_end: list[Callable[[], None]] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"PAD_STATE": str(self.state), "PAD_CONFIG": str(self.folder / "pad.toml")}

    def configure(
        self, url: str, dialect: str = "national", profile: str = "", extra: str = "", **sync: float
    ) -> None:
        """Write the settings; ``profile`` is added to the dialect's own, ``extra`` to ``pad.toml``."""
        told = "\n".join(f"{key} = {value}" for key, value in (AT_ONCE | sync).items())
        paths = 'evaluate_path = "/evaluate"\nservice_path = "/service"\n' if dialect == "national" else ""
        (self.folder / "profile.toml").write_text(
            f'name = "test"\ndialect = "{dialect}"\n{paths}{profile}\n', encoding="utf-8"
        )
        (self.folder / "pad.toml").write_text(
            '[pad]\ndevice_id = "pad-7"\nhall_name = "测试大厅"\n'
            f'[platform]\nurl = "{url}"\napp_mark = "mark"\nprofile = "profile.toml"\n'
            f"[sync]\n{told}\n{extra}\n",
            encoding="utf-8",
        )

    def limit(self, seconds: float) -> None:
        """From here on an answer may take so long, for whoever reads the settings anew."""
        file = self.folder / "pad.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"(?m)^(answer_timeout_s) = .*$", rf"\1 = {seconds}", text), encoding="utf-8")

    def settings(self) -> Settings:
        return settings.load(None, self.environment)

    def rate(
        self,
        project_no: str | None,
        level: int = 5,
        *,
        comment: str = "",
        rater: Rater = Rater(),  # noqa: B008 - frozen
        rated: Instant | None = None,
        trusted: bool = True,
        **matter: Any,
    ) -> Rating:
        """Store one rating as the kiosk does."""
        now = self.clock.read()
        rated = rated or Instant(now.wall, now.boot_id, now.monotonic_ns, trusted)
        fields: dict[str, Any] = {
            "task_code": TASK_CODE, "task_name": "事项", "service_name": "办结", "area_code": "500110000000",
            "dept_code": "11500222MB1234567X", "win_no": "A07", "service_time": "2026-01-05 09:00:00",
        } | matter  # fmt: skip
        visit = Visit(
            str(uuid7()), Matter(project_no=project_no, **fields), rated, 60.0, "007", "王五", rater
        )
        self.recorder.open_visit(visit)
        return self.recorder.append(
            FinishedRating(
                visit=visit,
                draft=Draft(visit.id, Level(level), InputDevice.TOUCH, rated, 1200),
                indicators=(f"{level}10", f"{level}11"),
                comment=comment,
                completion=Completion.SUBMITTED,
                rated=rated,
                submitted_ms=3000,
                rater=rater,
            )
        )

    def ring(self) -> bool:
        return doorbell.ring(self.state)

    def uploader(self) -> Uploader:
        configured, truth = self.settings(), PlatformClock(self.clock)
        ledger = LedgerFile(configured.state_dir, configured.ledger_path)
        platform = platform_for(configured, truth.best, truth)
        self._closed_at_the_end += [platform.close, ledger.close]
        return Uploader(configured, ledger, platform, truth, LOTS)

    def close_last(self) -> None:
        """Let go of what the last uploader or heart held open."""
        for _ in range(2):
            self._closed_at_the_end.pop()()

    def heart(self) -> Heart:
        configured, truth = self.settings(), PlatformClock(self.clock)
        ledger = LedgerFile(configured.state_dir, configured.ledger_path)
        platform = platform_for(configured, truth.best, truth)
        self._closed_at_the_end += [platform.close, ledger.close]
        return Heart(configured, ledger, platform, truth)

    def once(self) -> tuple[int, str]:
        """``syncd --once`` in this process: exit code and what it said."""
        with redirect_stdout(io.StringIO()) as said:
            return _once(self.settings()), said.getvalue()

    def daemon(self, *words: str, **environment: str) -> Daemon:
        self._daemons.append(Daemon(self.environment | environment, *words))
        return self._daemons[-1]

    def deliveries(self) -> list[sqlite3.Row]:
        return self.db.execute(
            "SELECT r.seq, r.project_no, r.id, COALESCE(d.state, 'untried') AS state, d.* FROM ratings r "
            "LEFT JOIN deliveries d ON d.seq = r.seq ORDER BY r.seq"
        ).fetchall()

    @property
    def states(self) -> list[str]:
        return [row["state"] for row in self.deliveries()]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of the ledger (SQLite tells nobody of a change, so it is asked)."""
        asked = threading.Event()
        for _ in range(round(WITHIN_S / 0.01)):
            if condition():
                return
            asked.wait(0.01)
        raise AssertionError(f"not within {WITHIN_S:g} s; {self.states}")

    def wait_until_settled(self) -> None:
        self.wait_until(lambda: set(self.states) <= {"acknowledged", "refused"})

    def journal(self) -> list[sqlite3.Row]:
        return self.db.execute("SELECT * FROM journal ORDER BY id").fetchall()

    def close(self) -> None:
        for daemon in self._daemons:
            daemon.end()
        for close in self._closed_at_the_end:
            close()
        self.db.close()


@contextmanager
def written_by_nobody() -> Iterator[None]:
    """Who opens the ledger meanwhile is given it by SQLite as from a read-only disk: to read it, for good."""
    opened = connection._open_as
    connection._open_as = lambda path, mode: opened(path, "ro")
    try:
        yield
    finally:
        connection._open_as = opened


def steps(uploader: Uploader, most: int = 60) -> list[float]:
    """Step until nothing waits, without the waits; those there were."""
    waits = []
    for _ in range(most):
        wait_s = uploader.step()
        if wait_s is None:
            break
        waits.append(wait_s)
    return waits
