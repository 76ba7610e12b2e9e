"""The citizen's screen in a real hall: keys, the touch keyboard, a phone number, the code for the phone."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from pad import keys, phone
from pad.model import CHINA_TIME
from pad.phone import MatterTicket
from pad.pin import set_pin
from sandbox.hall.glass import Shown
from sandbox.hall.stage import Plan
from tests.hall.conftest import QUICK, Hall

PHONE_KEY = bytes(range(16))
NUMBER = "13812345678"


def add_settings(hall: Hall, table: str, line: str) -> None:
    text = hall.stage.config.read_text(encoding="utf-8")
    if f"[{table}]\n" in text:
        text = text.replace(f"[{table}]\n", f"[{table}]\n{line}\n", 1)
    else:
        text += f"[{table}]\n{line}\n"
    hall.stage.config.write_text(text, encoding="utf-8")


def test_five_keys_rate_and_submit_without_a_finger_on_the_glass(build_hall: Callable[[Plan], Hall]) -> None:
    hall = build_hall(QUICK)
    add_settings(hall, "screen", 'keys = "54321"')
    hall.open(online=False)
    glass = hall.glass
    hall.clerk.invite({"project_no": "P1"})
    glass.wait_for("invitation")
    glass.press_key("4")
    glass.wait_for("reasons", lambda shown: shown.level == 4 and "submit" in shown.enabled)
    glass.press_key("4")
    assert glass.next("reasons", lambda shown: shown.marked is not None).marked == "submit"
    glass.press_key("4")
    on = glass.next("reasons", lambda shown: shown.marked not in (None, "submit"))
    assert on.marked is not None
    assert on.marked.startswith("indicator-")
    glass.press_key("3")
    ticked = glass.next("reasons", lambda shown: bool(shown.ticked))
    assert ticked.ticked == {on.marked.removeprefix("indicator-")}
    glass.press_key("5")
    glass.next("reasons", lambda shown: shown.marked == "submit")
    glass.press_key("3")
    glass.wait_for("thanks")
    (rating,) = hall.ledger("SELECT level, pf, indicators FROM ratings")
    assert (rating["level"], rating["pf"]) == (4, "5")
    assert rating["indicators"] == on.marked.removeprefix("indicator-")


def test_language_and_large_type_are_reached_by_keys_at_rest(build_hall: Callable[[Plan], Hall]) -> None:
    hall = build_hall(QUICK)
    add_settings(hall, "screen", 'keys = "54321"')
    hall.open(online=False)
    glass = hall.glass
    glass.press_key("1")
    glass.next("idle", lambda shown: shown.marked == "language")
    glass.press_key("3")
    glass.next("idle", lambda shown: shown.language == "en")
    glass.press_key("4")
    glass.next("idle", lambda shown: shown.marked == "big")
    glass.press_key("3")
    glass.next("idle", lambda shown: shown.big)


def test_the_frame_of_the_keys_goes_with_the_screen_they_were_pressed_on(
    build_hall: Callable[[Plan], Hall], tmp_path: Path
) -> None:
    hall = build_hall(QUICK)
    add_settings(hall, "screen", 'keys = "54321"')
    hall.open(online=False)
    glass = hall.glass

    def is_framed(shown: Shown) -> bool:
        """Whether a button of the bar, which stays from screen to screen, has the frame around it."""
        glass.screenshot(tmp_path / "glass.png")
        left, top, _, height = shown.targets["language"]
        with Image.open(tmp_path / "glass.png") as picture:
            beside = picture.convert("L").crop((left - 5, top, left - 4, top + height)).tobytes()
        return beside[height // 2] < 100

    glass.press_key("1")
    marked = is_framed(glass.next("idle", lambda shown: shown.marked == "language"))
    hall.clerk.invite({"project_no": "P1"})
    assert (marked, is_framed(glass.wait_for("invitation"))) == (True, False)


def test_a_comment_in_pinyin_is_in_the_ledger(hall: Hall) -> None:
    hall.open(online=False)
    glass = hall.glass
    hall.clerk.invite({"project_no": "P1"})
    glass.wait_for("invitation")
    glass.tap("face-5")
    glass.write_pinyin("fuwuhenhao")
    glass.tap("submit")
    glass.wait_for("thanks")
    (rating,) = hall.ledger("SELECT comment FROM ratings")
    assert rating["comment"] == "服务很好"


def test_a_phone_number_is_sealed_with_the_rating_and_stands_nowhere_in_clear(hall: Hall) -> None:
    hall.open(online=False)
    glass = hall.glass
    hall.clerk.invite({"project_no": "P1"})
    glass.wait_for("invitation")
    glass.tap("face-2")
    glass.wait_for("reasons", lambda shown: "identity" in shown.enabled)
    glass.tap("identity")
    glass.wait_for("identity")
    for digit in NUMBER:
        glass.tap(f"digit-{digit}")
    glass.wait_for("identity", lambda shown: "give" in shown.enabled)
    glass.tap("give")
    glass.wait_for("reasons", lambda shown: "decline" in shown.enabled)
    glass.tap("decline")
    glass.wait_for("thanks")
    (rating,) = hall.ledger("SELECT rater_sm3, (SELECT COUNT(*) FROM rater) AS sealed FROM ratings")
    assert rating["rater_sm3"]
    assert rating["sealed"] == 1
    for file in (*hall.stage.state.glob("ledger.db*"), hall.stage.folder / "kiosk.log"):
        assert NUMBER.encode() not in file.read_bytes()


def test_the_code_on_the_glass_opens_this_very_matter_and_names_nobody(
    build_hall: Callable[[Plan], Hall], tmp_path: Path
) -> None:
    hall = build_hall(QUICK)
    add_settings(hall, "phone", 'url = "https://hcp.example.gov.cn/r"')
    keys.write_secret(hall.stage.state / "keys" / phone.KEY_NAME, PHONE_KEY.hex())
    hall.open(online=False)
    invitation = hall.clerk.invite({"project_no": "500110202611230001", "task_name": "设立登记"})
    hall.glass.wait_for("invitation")
    hall.glass.screenshot(tmp_path / "glass.png")
    with Image.open(tmp_path / "glass.png") as picture:
        (code,) = zxingcpp.read_barcodes(picture)
        # as a telephone sees it from afar: half the pixels, and not quite sharp
        (again,) = zxingcpp.read_barcodes(picture.resize((picture.width // 2, picture.height // 2)))
    assert code.text == again.text
    address, _, token = code.text.rpartition("/")
    assert address == "https://hcp.example.gov.cn/r"
    assert "500110202611230001" not in code.text
    now = datetime.now(CHINA_TIME)
    ticket = phone.read_token(PHONE_KEY, token, now)
    assert isinstance(ticket, MatterTicket)
    assert (ticket.visit_id, ticket.project_no, ticket.win_no) == (invitation, "500110202611230001", "A07")
    assert now < datetime.fromtimestamp(ticket.expires, CHINA_TIME) < now + timedelta(hours=2)


def test_the_invitation_is_spoken_aloud(hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ALSA plays into a file: what a person at the window would hear."""
    heard = tmp_path / "heard.raw"
    (tmp_path / "alsa.conf").write_text(
        f'pcm.nothing {{ type null }}\npcm.default {{ type file slave.pcm "nothing" file "{heard}" }}\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "alsa.conf"))
    hall.open(online=False)
    hall.clerk.pad()  # the counter service answers, so the voice is about to be there as well
    loudest = 0
    for attempt in range(20):
        hall.clerk.invite({"project_no": f"P{attempt}"})
        hall.glass.next("invitation")
        for _ in range(
            100 * (1 + attempt)
        ):  # the next one cuts this one off, on a slow machine before it begins
            if heard.exists() and heard.stat().st_size:
                loudest = max(map(abs, array("h", heard.read_bytes()[: heard.stat().st_size // 2 * 2])))
            if loudest:
                return
            threading.Event().wait(0.01)
    raise AssertionError("nothing was heard")


def test_a_kiosk_with_a_pin_a_bulletin_and_no_sound_device_starts_and_rates(hall: Hall) -> None:
    set_pin(hall.stage.state, "482913")
    (hall.stage.state / "bulletin.json").write_text(
        '{"version": "1", "notices": [{"text": {"zh_CN": "今日17点闭馆"}}]}', encoding="utf-8"
    )
    hall.open(online=False)
    hall.rate("P1", 3)
    assert [row["level"] for row in hall.ledger("SELECT level FROM ratings")] == [3]
