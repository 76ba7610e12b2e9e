"""The demo without a display: a scripted clerk and citizen, the real programs, real taps, real cuts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from sandbox.demo.moves import Moves
from sandbox.devices.idcard import Card
from sandbox.devices.table import Table
from sandbox.hall.glass import VirtualDisplay
from sandbox.hall.reckoning import reckon
from sandbox.hall.stage import Plan, Stage

_RING_S: Final = 5.0
_CARD: Final = Card("张三", "999999199001010024")
"""Of nobody: there is no area 999999."""
_WORDS: Final = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}


PLAN: Final = Plan(
    rules=(("reasons_timeout_s", _RING_S), ("thanks_s", 1)),
    sync=(
        ("interval_s", 5),
        ("backoff_first_s", 0.5),
        ("backoff_cap_s", 2),
        ("reconnect_spread_s", 1),
        ("answer_timeout_s", 5),
    ),
    devices=True,
    phone=True,
)
"""Quick rings and quick retries: nobody waits half a minute for a demo."""


class Play(Moves):
    """The scenes."""

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
        self._a_key_of_the_key_pad()
        self._a_scanned_slip()
        self._an_id_card_and_a_pulled_plug()
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

    def _a_key_of_the_key_pad(self) -> None:
        self._device_is("keypad", "found")
        self._invite()
        started = time.monotonic()
        self._devices.keypad.bounce(4)
        self._glass.wait_for("reasons", lambda shown: shown.level == 4)
        self._finish("4 满意, by a key of the key pad (pf 5)", started)

    def _a_scanned_slip(self) -> None:
        self._device_is("scanner", "found")
        self._glass.wait_for("serving")
        self._devices.scanner.scan(f"https://zw.example/slip?projectNo={self._number()}", "gbk")
        self._glass.wait_for("invitation")
        self._finish("3 基本满意, invited by a scanned slip", self._tap_face(3))

    def _an_id_card_and_a_pulled_plug(self) -> None:
        self._device_is("idcard", "found")
        self._invite()
        started = self._tap_face(2)
        self._glass.wait_for("reasons", lambda shown: "identity" in shown.enabled)
        self._glass.tap("identity")
        self._glass.wait_for("identity")
        self._reader_sees_no_card()
        self._devices.idcard.unplug_at = "read"
        self._devices.idcard.put(_CARD)
        self._device_is("idcard", "lost")
        self._devices.idcard.lift()
        self._devices.lines["idcard"].plug()
        self._device_is("idcard", "found")
        for key in ("digit-1", "clear"):  # a touch gives the person new time
            self._glass.tap(key)
        self._reader_sees_no_card()
        self._picture("identity")
        self._devices.idcard.put(_CARD)
        self._glass.wait_for("reasons", lambda shown: "decline" in shown.enabled)
        self._finish("2 不满意, with an ID card; its reader was unplugged in between", started)

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


def play(folder: Path, plan: Plan) -> int:
    """Play the script; 0 if every rating arrived once and nothing else did."""
    stage = Stage(folder, plan)
    stage.clear()
    started = time.monotonic()
    with (
        VirtualDisplay(folder / "xvfb.log", plan.width, plan.height) as display,
        Table(stage.devices) as table,
    ):
        platform = stage.start_platform()
        print(f"The platform speaks '{plan.dialect}'; pictures and logs go to {folder.name}/")
        try:
            Play(stage, display.name, platform, table).run()
        finally:
            stage.stop()
    reckoning = reckon(stage.state / "ledger.db", stage.platform_store)
    print(f"      {time.monotonic() - started:.0f} s in all")
    print(reckoning)
    return 0 if reckoning.is_right else 1
