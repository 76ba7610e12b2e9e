"""A pad nobody looks after: it takes another list by itself, tells how it does, and starts anew at night."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from pad.settings import Dialect
from sandbox.hall.glass import Glass
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan
from tests.hall.conftest import QUICK, Hall
from tests.pad.test_indicators import published, rows_of
from tests.syncd.test_monitor import samples

pytestmark = pytest.mark.window

HALF_PAST: Final = "half-past-three"
BEFORE_HALF_PAST_THREE: Final = """
import os
from datetime import datetime, timedelta
import kiosk.__main__ as program
from kiosk import nightly
from pad.model import CHINA_TIME

nightly.AGE_LEAST, nightly.QUIET = timedelta(0), timedelta(seconds=1)
nightly.Night.__init__.__defaults__ = (0.2,)
started = datetime.now(CHINA_TIME)

class Night(datetime):
    @classmethod
    def now(cls, tz=None):
        return started.replace(hour=3, minute=30 if os.path.exists(os.environ["HALF_PAST"]) else 29, second=0)

program.datetime = Night
raise SystemExit(program.main())
"""
"""The kiosk, its wall clock before half past three until a file says otherwise, less patient than at home."""


@pytest.fixture
def hall(build_hall: Callable[[Plan], Hall]) -> Hall:
    return build_hall(replace(QUICK, dialect=Dialect.ITEMISED))


def another_list(of_list: str, **changed: object) -> dict[str, object]:
    """The national list with another first reason for 非常满意."""
    answer = published(of_list)
    rows_of(answer)[0] |= {"code": "599", "text": "新指标"} | changed
    return {"version": of_list, "indicator": answer["indicator"]}


def versions(hall: Hall) -> dict[str, str]:
    told: dict[str, Any] = hall.clerk.call("GET", "/v1/state").json()
    found: dict[str, str] = told["versions"]
    return found


def refused(hall: Hall) -> list[str]:
    rows = hall.ledger("SELECT detail FROM journal WHERE kind = 'catalogue_refused'")
    return [json.loads(row["detail"])["version"] for row in rows]


def test_the_platforms_list_is_taken_between_two_people_and_a_broken_one_never(hall: Hall) -> None:
    hall.open(online=False)
    glass, log = hall.glass, hall.stage.folder / "kiosk.log"
    hall.platform.call("PUT", "/control/indicators", another_list("2026-12-01"))
    hall.clerk.invite({"project_no": "P1"})
    glass.wait_for("invitation")
    glass.tap("face-5")
    glass.wait_for("reasons", lambda shown: "indicator-510" in shown.enabled)
    hall.stage.start_syncd()
    while "indicators: version 2026-12-01" not in log.read_text(encoding="utf-8"):
        assert hall.stage.kiosk is not None
        assert hall.stage.kiosk.running
    glass.tap("indicator-510")  # whoever is rating goes on with what is before them
    glass.wait_for("reasons", lambda shown: shown.ticked == {"510"})
    glass.tap("submit")
    glass.wait_for("thanks")
    while versions(hall)["indicators"] != "2026-12-01":
        pass
    hall.clerk.invite({"project_no": "P2"})
    glass.wait_for("invitation")
    glass.tap("face-5")
    glass.wait_for("reasons", lambda shown: "indicator-599" in shown.enabled)
    assert "indicator-510" not in glass.shown.targets  # type: ignore[union-attr]
    glass.tap("indicator-599")
    glass.wait_for("reasons", lambda shown: shown.ticked == {"599"})
    glass.tap("submit")
    glass.wait_for("thanks")
    ratings = hall.ledger("SELECT indicators, indicators_version FROM ratings ORDER BY seq")
    assert [tuple(row) for row in ratings] == [("510", "2020-05-22"), ("599", "2026-12-01")]

    broken = another_list("2027-01-01", level=1)
    hall.platform.call("PUT", "/control/indicators?unchecked=1", broken)
    assert hall.stage.syncd is not None
    assert hall.stage.syncd.stop() == 0
    hall.stage.start_syncd()
    while not refused(hall):
        assert hall.stage.syncd.running
    assert refused(hall) == ["2027-01-01"]
    assert versions(hall)["indicators"] == "2026-12-01"
    assert [each["indicators"] for each in hall.platform.wait_for(2)] == ["510", "599"]


def test_metrics_and_heartbeat_tell_of_a_kiosk_that_is_there_and_one_that_is_gone(hall: Hall) -> None:
    file = hall.stage.folder / "pad.prom"
    with hall.stage.config.open("a", encoding="utf-8") as settings:
        settings.write(f'\n[monitoring]\ntextfile = "{file}"\n')
    hall.open()
    hall.clerk.call("PUT", "/v1/service", {"state": "paused"})

    def told(state: str) -> bool:
        return file.exists() and samples(file).get(f"pad_kiosk_state state={state}") == 1

    assert hall.stage.syncd is not None
    while not told("paused"):
        assert hall.stage.syncd.running
    looked: list[dict[str, Any]] = []
    while not looked:
        assert hall.stage.syncd.running
        beats = hall.platform.call("GET", "/control/heartbeats")["heartbeats"]
        looked = [each["health"] for each in beats if "health" in each]  # the first may come before a look
    assert {"kiosk", "disk_free_bytes", "clock", "devices"} <= set(looked[-1])
    assert hall.stage.kiosk is not None
    hall.stage.kiosk.kill()
    hall.stage.syncd.stop()
    hall.stage.start_syncd()
    while not told("down"):
        pass


def test_at_night_it_starts_anew_when_the_visit_is_over_and_nobody_is_signed_out(hall: Hall) -> None:
    stage = hall.stage
    runtime = stage.folder / "run"
    runtime.mkdir()
    half_past = stage.folder / HALF_PAST
    unit = {
        **stage.environment, "DISPLAY": hall._display,
        "INVOCATION_ID": "0" * 32, "RUNTIME_DIRECTORY": str(runtime), "HALF_PAST": str(half_past),
    }  # fmt: skip
    words = [sys.executable, "-c", BEFORE_HALF_PAST_THREE, "--narrate"]
    stage.kiosk = Program(words, stage.folder / "kiosk.log", unit)
    glass = Glass(hall._display, stage.kiosk)
    glass.wait_for("idle")
    assert hall.clerk.call("PUT", "/v1/staff", {"number": "1024", "name": "王芳"}).status_code == 200
    invitation = hall.clerk.invite({"project_no": "P1"})
    glass.wait_for("invitation")
    glass.tap("face-4")
    glass.wait_for("reasons", lambda shown: "submit" in shown.enabled)
    half_past.touch()
    hall.clerk.call("GET", f"/v1/invitations/{invitation}?wait=3")
    assert stage.kiosk.running
    glass.tap("submit")
    assert hall.clerk.wait_for(invitation, "rated") == "rated"
    assert stage.kiosk.wait(60) == 0
    assert [row["completed_by"] for row in hall.ledger("SELECT completed_by FROM ratings")] == ["submitted"]

    stage.kiosk = Program(python("kiosk", "--narrate"), stage.folder / "kiosk.log", unit)
    Glass(hall._display, stage.kiosk).wait_for("idle")
    while hall.clerk.call("GET", "/v1/state").json()["staff"] != "1024":
        assert stage.kiosk.running
    assert list(runtime.iterdir()) == []
    assert stage.kiosk.stop() == 0
