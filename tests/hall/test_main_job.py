"""The main job with every part real: a tap on a face reaches the city platform, online or off."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pad.settings import Dialect
from sandbox.hall.glass import VirtualDisplay
from sandbox.hall.processes import python
from sandbox.hall.stage import Plan
from tests.hall.conftest import QUICK, Hall

pytestmark = pytest.mark.window


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_tap_reaches_the_platform(build_hall: Callable[[Plan], Hall], dialect: Dialect) -> None:
    hall = build_hall(replace(QUICK, dialect=dialect))
    hall.open()
    invitation = hall.rate("P1", 5)
    assert hall.clerk.state_of(invitation) == "rated"
    hall.platform.wait_for(1)
    (received,) = hall.received()
    assert (received["project_no"], received["level"], received["pf"]) == ("P1", 5, "4")


def test_the_thanks_are_shown_only_when_the_rating_is_on_disk(hall: Hall) -> None:
    hall.open(online=False)
    for count, level in enumerate((5, 1, 3), start=1):
        hall.rate(f"P{count}", level)
        assert len(hall.ledger("SELECT 1 FROM ratings")) == count


def test_one_star_and_five_stars_are_the_same_on_the_wire_but_for_the_level(hall: Hall) -> None:
    hall.open()
    hall.rate("P-one", 1)
    hall.rate("P-five", 5)
    hall.platform.wait_for(2)
    one, five = (json.loads(row["raw"]) for row in hall.received())
    for record in (one, five):
        del record["assessTime"], record["projectNo"]
    assert (one.pop("satisfaction"), five.pop("satisfaction")) == ("1", "5")
    assert one == five


def test_reasons_a_comment_and_a_change_of_mind_arrive(hall: Hall) -> None:
    hall.open()
    hall.clerk.invite({"project_no": "P1"})
    glass = hall.glass
    glass.wait_for("invitation")
    glass.tap("face-5")
    glass.wait_for("reasons", lambda shown: "face-2" in shown.enabled)
    glass.tap("face-2")
    glass.wait_for("reasons", lambda shown: shown.level == 2 and "indicator-207" in shown.enabled)
    assert "submit" not in glass.shown.enabled  # type: ignore[union-attr]
    glass.tap("indicator-207")
    glass.wait_for("reasons", lambda shown: shown.ticked == {"207"})
    glass.tap("more")
    glass.wait_for("reasons", lambda shown: "indicator-214" in shown.targets)
    glass.tap("indicator-214")
    glass.wait_for("reasons", lambda shown: shown.ticked == {"207", "214"})
    glass.write("waited two hours")
    glass.tap("submit")
    glass.wait_for("thanks")
    hall.platform.wait_for(1)
    (received,) = hall.received()
    assert (received["level"], received["indicators"], received["comment"]) == (
        2,
        "207,214",
        "waited two hours",
    )
    (rating,) = hall.ledger("SELECT changes, reason_given FROM ratings")
    assert tuple(rating) == (1, 1)


def test_what_is_typed_after_a_person_has_gone_reaches_nobodys_comment(hall: Hall) -> None:
    hall.open(online=False)
    glass = hall.glass
    for matter in ("P1", "P2"):
        invitation = hall.clerk.invite({"project_no": matter})
        glass.wait_for("invitation", lambda shown, visit=invitation: shown.visit == visit)  # type: ignore[misc]
        glass.tap("face-5")
        glass.wait_for("reasons", lambda shown: "submit" in shown.enabled)
        if matter == "P1":
            glass.write("mine")
            glass.tap("submit")
            glass.wait_for("thanks")
            glass.press_key("a")
        else:
            glass.press_key("b")
            glass.tap("submit")
            glass.wait_for("thanks")
    assert [row["comment"] for row in hall.ledger("SELECT comment FROM ratings")] == ["mine", ""]


def test_withdrawing_leaves_no_rating(hall: Hall) -> None:
    hall.open()
    invitation = hall.clerk.invite({"project_no": "P1"})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-1")
    hall.glass.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)
    hall.glass.tap("withdraw")
    hall.glass.wait_for("withdrawn")
    assert hall.clerk.wait_for(invitation, "withdrawn", "rated") == "withdrawn"
    assert not hall.ledger("SELECT 1 FROM ratings")
    assert not hall.ledger("SELECT 1 FROM draft")


def test_who_walks_away_has_rated_and_an_untouched_invitation_has_not(
    build_hall: Callable[[Plan], Hall],
) -> None:
    hall = build_hall(replace(QUICK, rules=(("reasons_timeout_s", 1), ("thanks_s", 0.5))))
    hall.open()
    untouched = hall.clerk.invite({"project_no": "P1"}, timeout_s=1)
    assert hall.clerk.wait_for(untouched, "timed_out", "rated") == "timed_out"
    tapped = hall.clerk.invite({"project_no": "P2"})
    hall.glass.wait_for("invitation", lambda shown: shown.visit == tapped)
    hall.glass.tap("face-1")
    assert hall.clerk.wait_for(tapped, "timed_out", "rated") == "rated"
    hall.platform.wait_for(1)
    assert [(row["project_no"], row["level"]) for row in hall.received()] == [("P2", 1)]


def test_a_finger_on_the_glass_is_never_cut_off(build_hall: Callable[[Plan], Hall]) -> None:
    hall = build_hall(replace(QUICK, rules=(("touch_grace_s", 0.5),)))
    hall.open()
    began = -6.0
    while time.monotonic() - began > 5:  # until the finger is there in time
        hall.glass.release()
        began = time.monotonic()
        invitation = hall.clerk.invite({"project_no": "P1"}, timeout_s=6)
        hall.glass.wait_for("invitation", lambda shown, visit=invitation: shown.visit == visit)  # type: ignore[misc]
        hall.glass.press_at(640, 110)  # on the question, where nothing can be tapped
    held = hall.clerk.call("GET", f"/v1/invitations/{invitation}?wait=7").json()["state"]
    assert held == "waiting"
    hall.glass.release()
    assert hall.clerk.wait_for(invitation, "timed_out") == "timed_out"


def test_a_power_cut_on_the_reasons_page_loses_nothing(hall: Hall) -> None:
    hall.open()
    invitation = hall.clerk.invite({"project_no": "P1", "user_name": "张三"})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-1")
    hall.glass.wait_for("reasons")
    hall.clerk.wait_for(invitation, "rating")
    while not hall.ledger("SELECT 1 FROM draft"):
        pass
    hall.power_cut()
    hall.open()
    hall.platform.wait_for(1)
    (rating,) = hall.ledger("SELECT level, recovered, reason_given FROM ratings")
    assert tuple(rating) == (1, 1, 0)
    assert hall.clerk.state_of(invitation) == "rated"
    assert hall.reckoning().is_right


def test_ratings_made_with_the_line_cut_arrive_when_it_is_back(hall: Hall) -> None:
    hall.open()
    hall.rate("P0", 4)
    while hall.clerk.pad()["pending"]:  # also what the platform has is sent again if its answer is cut off
        pass
    hall.platform.cut_line()
    for level in (1, 2, 3, 4, 5):
        hall.rate(f"P{level}", level)
    assert hall.clerk.pad()["pending"] == 5
    hall.platform.restore_line()
    hall.platform.wait_for(6)
    assert [row["level"] for row in hall.received()] == [4, 1, 2, 3, 4, 5]
    assert hall.reckoning().is_right


def test_syncd_killed_while_an_answer_is_awaited_delivers_once(hall: Hall) -> None:
    hall.open(online=False)
    for count in range(3):
        hall.rate(f"P{count}", 5 - count)
    hall.platform.misbehave("answer-lost", first=1)
    hall.stage.start_syncd()
    hall.platform.wait_for(3)
    assert hall.stage.syncd is not None
    hall.stage.syncd.kill()
    hall.stage.start_syncd()
    while hall.clerk.pad()["pending"]:
        pass
    assert hall.reckoning().is_right


def test_the_clerk_is_told_busy_while_a_face_is_tapped(hall: Hall) -> None:
    hall.open()
    invitation = hall.clerk.invite({"project_no": "P1"})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-2")
    hall.clerk.wait_for(invitation, "rating")
    again = hall.clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P2"}})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "busy")
    assert hall.clerk.call("PUT", "/v1/service", {"state": "paused", "notice": "午休"}).status_code == 202
    hall.finish(2)
    hall.glass.wait_for("paused")


def test_a_disk_without_room_shows_it_and_takes_no_invitation(hall: Hall) -> None:
    text = hall.stage.config.read_text(encoding="utf-8")
    hall.stage.config.write_text(text + "[ledger]\nmin_free_mib = 1048576\n", encoding="utf-8")
    hall.glass = hall.stage.start_kiosk(hall._display)
    hall.glass.wait_for("cannot_store")
    refused = hall.clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "cannot_store")


def test_a_kiosk_whose_display_cannot_be_opened_says_so(hall: Hall) -> None:
    environment = {**os.environ, **hall.stage.environment, "DISPLAY": ":4711"}
    told = subprocess.run(
        python("kiosk"), env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 1
    assert ":4711 cannot be opened" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_kiosk_without_a_display_says_so(hall: Hall) -> None:
    bare = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    words = python("kiosk")
    if any(Path("/dev/dri").glob("card*")):
        return  # a graphics card is a display as well
    told = subprocess.run(
        words, env=bare | hall.stage.environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 1
    assert "no display" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("size", [(1024, 600), (1920, 1080)])
def test_in_fullscreen_the_window_fills_a_screen_without_a_window_manager(
    build_hall: Callable[[Plan], Hall], tmp_path: Path, size: tuple[int, int]
) -> None:
    hall = build_hall(QUICK)
    text = hall.stage.config.read_text(encoding="utf-8")
    hall.stage.config.write_text(text.replace("fullscreen = false", "fullscreen = true"), encoding="utf-8")
    with VirtualDisplay(tmp_path / "whole.log", *size) as display:
        glass = hall.stage.start_kiosk(display.name)
        shown = glass.wait_for("idle")
        glass.screenshot(tmp_path / "whole.png")
        left, top, width, height = shown.targets["language"]
        assert left + width <= size[0]
        picture = Image.open(tmp_path / "whole.png").convert("RGB")
        assert picture.size == size
        head = picture.getpixel((size[0] - 2, 2))
        assert head == picture.getpixel((2, 2)) != picture.getpixel((size[0] - 2, size[1] - 2))
        assert picture.getpixel((2, size[1] - 2)) == picture.getpixel((size[0] - 2, size[1] - 2))
        glass.tap("language")
        glass.next("idle", lambda shown: shown.targets["language"][3] == height)
        assert size[1] * 0.8 < top < size[1] - height
        assert hall.stage.kiosk is not None
        hall.stage.kiosk.stop()
