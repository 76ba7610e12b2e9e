"""A real hall for a test: platform, kiosk in a real window, syncd, each a process of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.hall.glass import Glass, VirtualDisplay
from sandbox.hall.partners import Platform
from sandbox.hall.reckoning import Reckoning, reckon
from sandbox.hall.stage import Plan, Stage
from tests.ports import free_port

QUICK = Plan(
    rules=(("reasons_timeout_s", 60), ("thanks_s", 0.5)),
    sync=(("interval_s", 1), ("backoff_first_s", 0.1), ("backoff_cap_s", 0.5), ("reconnect_spread_s", 0)),
)


class Hall:
    """A stage with its display, and what a test asks of it."""

    def __init__(self, stage: Stage, display: str) -> None:
        self.stage = stage
        self.clerk = stage.clerk
        self._display = display
        self.platform: Platform = stage.start_platform()
        self.glass: Glass

    def open(self, *, online: bool = True) -> None:
        """Start the pad's programs; the idle screen is shown."""
        self.glass = self.stage.start_kiosk(self._display)
        self.glass.wait_for("idle")
        if online:
            self.stage.start_syncd()

    def rate(self, matter: str, level: int) -> str:
        """A whole rating by the quickest way; the invitation's id."""
        invitation = self.clerk.invite({"project_no": matter})
        self.glass.wait_for("invitation", lambda shown: shown.visit == invitation)
        self.glass.tap(f"face-{level}")
        self.finish(level)
        return invitation

    def finish(self, level: int) -> None:
        """Send what was tapped, without a reason."""
        button = "decline" if level <= 2 else "submit"
        self.glass.wait_for("reasons", lambda shown: button in shown.enabled)
        self.glass.tap(button)
        self.glass.wait_for("thanks")

    def power_cut(self) -> None:
        """Kill the pad's programs as a power cut would."""
        for program in (self.stage.kiosk, self.stage.syncd):
            if program is not None and program.running:
                program.kill()

    def ledger(self, sql: str) -> list[Any]:
        """What the ledger says on disk."""
        with closing(sqlite3.connect(self.stage.state / "ledger.db")) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql).fetchall()

    def received(self) -> list[sqlite3.Row]:
        """What the platform stored."""
        with closing(sqlite3.connect(self.stage.platform_store)) as db:
            db.row_factory = sqlite3.Row
            return db.execute("SELECT * FROM ratings ORDER BY rowid").fetchall()

    def reckoning(self) -> Reckoning:
        """The ledger against the platform's store."""
        return reckon(self.stage.state / "ledger.db", self.stage.platform_store)


@pytest.fixture(scope="session")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with VirtualDisplay(tmp_path_factory.mktemp("x") / "xvfb.log", 1280, 800) as server:
        yield server.name


@pytest.fixture
def build_hall(tmp_path: Path, display: str) -> Iterator[Callable[[Plan], Hall]]:
    stages: list[Stage] = []

    def build(plan: Plan) -> Hall:
        stages.append(Stage(tmp_path, replace(plan, counter_port=free_port())))
        return Hall(stages[-1], display)

    yield build
    for stage in stages:
        stage.stop()


@pytest.fixture
def hall(build_hall: Callable[[Plan], Hall]) -> Hall:
    return build_hall(QUICK)
