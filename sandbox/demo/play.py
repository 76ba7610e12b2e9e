"""The demo without a display: a scripted clerk and citizen, the real programs, real taps, real cuts."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pad.model import parse_iso_time
from sandbox.hall.glass import Glass, Shown, VirtualDisplay
from sandbox.hall.partners import Platform
from sandbox.hall.reckoning import reckon
from sandbox.hall.stage import Plan, Stage

_RING_S: Final = 5.0
_WORDS: Final = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
_TASKS: Final = ("个体工商户设立登记", "居民身份证换领", "不动产转移登记", "社会保险参保登记", "食品经营许可")


PLAN: Final = Plan(
    rules=(("reasons_timeout_s", _RING_S), ("thanks_s", 1)),
    sync=(
        ("interval_s", 5),
        ("backoff_first_s", 0.5),
        ("backoff_cap_s", 2),
        ("reconnect_spread_s", 1),
        ("answer_timeout_s", 5),
    ),
)
"""Quick rings and quick retries: nobody waits half a minute for a demo."""


class Play:
    """The scenes, and what they need: the stage, the glass, the platform."""

    def __init__(self, stage: Stage, display: str, platform: Platform) -> None:
        self._stage = stage
        self._display = display
        self._platform = platform
        self._glass: Glass
        self._matters = 0
        self._scene = 0

    # --- scenes -------------------------------------------------------------------------

    def run(self) -> None:
        """Play every scene."""
        self._open()
        clerk = self._stage.clerk
        clerk.call("PUT", "/v1/staff", {"number": "1024", "name": "王芳", "stars": 5, "post": "综合窗口"})
        clerk.call("PUT", "/v1/service", {"state": "serving"})
        self._glass.wait_for("serving")
        self._picture("serving")
        self._very_satisfied_with_indicators()
        self._satisfied_with_a_comment()
        self._walks_away_from_the_reasons()
        self._dissatisfied_with_reasons()
        self._changes_to_very_dissatisfied()
        self._takes_it_back()
        self._nobody_comes()
        self._a_second_invitation()
        self._line_is_cut()
        self._answer_is_lost()
        self._power_is_cut()
        clerk.call("PUT", "/v1/service", {"state": "paused", "notice": "工作人员暂时离开，请稍候"})
        self._glass.wait_for("paused")
        self._picture("paused")

    def _very_satisfied_with_indicators(self) -> None:
        self._invite()
        self._picture("invitation")
        started = self._tap_face(5)
        self._tick("indicator-510")
        self._tick("indicator-512")
        self._picture("reasons-5")
        self._finish("5 非常满意, two indicators", started)
        self._picture("thanks")

    def _satisfied_with_a_comment(self) -> None:
        self._invite()
        started = self._tap_face(4)
        self._glass.write_pinyin("fuwuhenhao")
        self._picture("reasons-4")
        self._finish("4 满意, with a comment in Pinyin: fuwuhenhao", started)

    def _walks_away_from_the_reasons(self) -> None:
        invitation = self._invite()
        started = self._tap_face(3)
        self._stage.clerk.wait_for(invitation, "rated")
        self._say(f"3 基本满意, walked away: sent by itself when the ring closed ({_RING_S:g} s)", started)

    def _dissatisfied_with_reasons(self) -> None:
        self._invite()
        started = self._tap_face(2)
        self._tick("indicator-207")
        self._glass.tap("more")
        self._glass.wait_for("reasons", lambda shown: "indicator-214" in shown.targets)
        self._tick("indicator-214")
        self._picture("reasons-2")
        self._finish("2 不满意, two reasons, one behind 更多", started)

    def _changes_to_very_dissatisfied(self) -> None:
        self._invite()
        started = self._tap_face(5)
        self._glass.wait_for("reasons", lambda shown: "face-1" in shown.enabled)
        self._glass.tap("face-1")
        self._glass.wait_for("reasons", lambda shown: shown.level == 1 and "decline" in shown.enabled)
        self._picture("reasons-1")
        self._finish("1 非常不满意 after a change of mind from 5, 不想说明", started, button="decline")

    def _takes_it_back(self) -> None:
        invitation = self._invite()
        started = self._tap_face(1)
        self._glass.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)
        self._glass.tap("withdraw")
        state = self._stage.clerk.wait_for(invitation, "withdrawn", "rated")
        self._glass.wait_for("withdrawn")
        self._picture("withdrawn")
        self._say(f"1 tapped, then 放弃评价: {state}, no rating", started)

    def _nobody_comes(self) -> None:
        started = time.monotonic()
        invitation = self._invite(timeout_s=2)
        state = self._stage.clerk.wait_for(invitation, "timed_out", "rated")
        self._say(f"nobody comes: {state}, no rating, no default", started)

    def _a_second_invitation(self) -> None:
        first, started = self._invite(), time.monotonic()
        self._invite()
        state = self._stage.clerk.state_of(first)
        tapped = self._tap_face(5)
        self._finish(f"a second invitation: the first is {state}, the second rated 5", min(started, tapped))

    def _line_is_cut(self) -> None:
        self._platform.cut_line()
        self._step("the line is cut")
        for level in (1, 5, 2):
            self._invite()
            started = self._tap_face(level)
            self._finish(f"{level} {_WORDS[level]}, offline", started, wait=False)
        waiting = self._stage.clerk.pad()["pending"]
        self._step(f"the pad shows {waiting} waiting")
        restored = time.monotonic()
        self._platform.restore_line()
        self._all_arrived()
        self._say("the line is back: all waiting ratings arrived, oldest first", restored)

    def _answer_is_lost(self) -> None:
        self._platform.misbehave("answer-lost", first=1)
        self._invite()
        started = self._tap_face(1)
        self._finish("1 非常不满意: the platform stores it, its answer is lost", started, wait=False)
        self._all_arrived()
        self._say("sent again, known as a duplicate, acknowledged once", started)

    def _power_is_cut(self) -> None:
        self._platform.misbehave("hang", first=1)
        self._invite()
        self._finish("4 满意: the platform takes the request and hangs", self._tap_face(4), wait=False)
        invitation = self._invite()
        started = self._tap_face(1)
        self._stage.clerk.wait_for(invitation, "rating")
        self._until(lambda: self._count("draft") == 1)
        for program in (self._stage.kiosk, self._stage.syncd):
            if program is not None:
                program.kill()
        self._say("1 非常不满意 is tapped; kill -9 of kiosk and syncd on the reasons page", started)
        self._platform.behave()
        restarted = time.monotonic()
        self._open()
        self._all_arrived()
        recovered = self._query("SELECT COUNT(*) FROM ratings WHERE recovered = 1")
        self._say(f"started again: {recovered} rating recovered, everything sent", restarted)

    # --- what scenes are made of --------------------------------------------------------

    def _open(self) -> None:
        started = time.monotonic()
        self._glass = self._stage.start_kiosk(self._display)
        self._glass.wait_for("idle")
        self._stage.start_syncd()
        self._picture("idle")
        self._say("kiosk and syncd started; the screen can be touched", started)

    def _invite(self, timeout_s: float | None = None) -> str:
        self._matters += 1
        matter = {
            "project_no": f"500110{datetime.now().astimezone():%Y%m%d}{self._matters:06d}",
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


def play(folder: Path, plan: Plan) -> int:
    """Play the script; 0 if every rating arrived once and nothing else did."""
    stage = Stage(folder, plan)
    stage.clear()
    started = time.monotonic()
    with VirtualDisplay(folder / "xvfb.log", plan.width, plan.height) as display:
        platform = stage.start_platform()
        print(f"The platform speaks '{plan.dialect}'; pictures and logs go to {folder.name}/")
        try:
            Play(stage, display.name, platform).run()
        finally:
            stage.stop()
    reckoning = reckon(stage.state / "ledger.db", stage.platform_store)
    print(f"      {time.monotonic() - started:.0f} s in all")
    print(reckoning)
    return 0 if reckoning.is_right else 1
