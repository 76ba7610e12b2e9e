"""The whole loop by what people look at: the counter's page, the pad's window, the platform's page."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, expect

from pad import bulletin
from pad.settings import Dialect
from sandbox.hall.stage import Stage
from tests.browser import chromium_browser
from tests.hall.conftest import QUICK, Hall
from tests.ports import free_port

pytestmark = pytest.mark.window
PICTURES = os.environ.get("PAGES_PICTURES")
UPPER: FloatRect = {"x": 300, "y": 0, "width": 1320, "height": 930}
SCRIPT = "<script>document.title='taken over'</script>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def standing(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One hall for all of them: each test has matters of its own."""
    stage = Stage(
        tmp_path_factory.mktemp("hall"), replace(QUICK, dialect=Dialect.ITEMISED, counter_port=free_port())
    )
    hall = Hall(stage, display)
    hall.open()
    yield hall
    stage.stop()


@pytest.fixture
def hall(standing: Hall) -> Hall:
    standing.clerk.call("PUT", "/v1/service", {"state": "open"})
    standing.glass.wait_for("idle")
    return standing


class Overheard:
    """Everything the counter's page is told by the pad."""

    def __init__(self, page: Page, pad: str) -> None:
        self.told: list[str] = []
        page.on("response", lambda answer: self.told.append(answer.text()) if pad in answer.url else None)
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda frame: self.told.append(str(frame))),
        )


def invite(page: Page, hall: Hall, number: str) -> None:
    page.get_by_label("Project number").fill(number)
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.locator("#invitation")).to_have_text("waiting")
    visit = hall.clerk.pad()["invitation"]
    hall.glass.wait_for("invitation", lambda shown: shown.visit == visit and "face-1" in shown.enabled)


def figures_on_the_glass(hall: Hall) -> bytes:
    """The idle screen's pixels where the figures stand: the clock and the notices move by themselves."""
    file = hall.stage.folder / "glass.png"
    hall.glass.screenshot(file)
    with Image.open(file) as picture:
        return picture.crop((890, 415, 1255, 598)).tobytes()


def shown_figures(hall: Hall) -> tuple[int, float, int, int] | None:
    """What the pad has on its disk for the idle screen."""
    told = bulletin.read(hall.stage.state).figures
    return (told.ratings, told.satisfied_percent, told.bad, told.bad_handled) if told is not None else None


def until(true: Callable[[], bool], within_s: float = 60.0) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (96, 120), "#4FA8E0").save(out, "PNG")
    return out.getvalue()


def test_a_clerk_invites_a_citizen_taps_and_the_platform_shows_it(hall: Hall, page: Page) -> None:
    overheard = Overheard(page, f":{hall.stage.plan.counter_port}")
    page.goto(hall.platform.counter_page)
    expect(page.locator("#pad")).to_have_text("idle")
    page.get_by_label("Name").fill(SCRIPT)
    page.get_by_label("Photo").set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": photo()})
    expect(page.locator("#portrait")).to_have_attribute("src", re.compile("^data:image/png"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#signed-in")).to_have_text("1024")
    page.get_by_role("button", name="Serving").click()
    hall.glass.wait_for("serving")
    expect(page.locator("#pad")).to_have_text("serving")

    invite(page, hall, "P-loop")
    hall.glass.tap("face-2")
    hall.glass.wait_for("reasons", lambda shown: "indicator-207" in shown.enabled)
    expect(page.locator("#invitation")).to_have_text("somebody is rating")
    expect(page.get_by_role("button", name="Take it back")).to_be_disabled()
    hall.glass.tap("indicator-207")
    hall.glass.wait_for("reasons", lambda shown: shown.ticked == {"207"})
    hall.glass.write("slow")
    hall.glass.tap("submit")
    hall.glass.wait_for("thanks")
    expect(page.locator("#invitation")).to_have_text("rated")
    until(lambda: "P-loop" in [row["project_no"] for row in hall.received()])
    rated = json.loads(hall.received()[-1]["raw"])
    assert (rated["satisfaction"], rated["evalDetail"]) == ("2", "207")
    said = "".join(overheard.told)
    assert '"rated"' in said
    for level in ("level", "satisfaction", "207", "Dissatisfied", "不满意", "slow"):
        assert level not in said, "the counter never hears how it was rated"

    page.goto(hall.platform.platform_page)
    row = page.locator(".latest tbody tr").first
    for shown in ("P-loop", "Dissatisfied", "slow", "A07", SCRIPT):
        expect(row).to_contain_text(shown)
    assert page.title() != "taken over"
    expect(page.locator("[data-live=clerks]")).to_contain_text("1024")
    expect(page.locator("[data-live=pads]")).to_contain_text("pad-demo")
    expect(page.locator("[data-live=pads]")).to_contain_text("holds")
    row.get_by_role("link", name="Dissatisfied").click()
    expect(page.locator("main")).to_contain_text("touch on the pad's screen")


def test_the_page_follows_what_else_an_invitation_may_come_to(hall: Hall, page: Page) -> None:
    page.goto(hall.platform.counter_page)
    page.get_by_role("button", name="Sign in").click()
    invite(page, hall, "P-back")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "counter-live.png", clip=UPPER)
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#invitation")).to_have_text("taken back")
    invite(page, hall, "P-first")
    hall.clerk.invite({"project_no": "P-second"}, timeout_s=1)
    expect(page.locator("#log")).to_contain_text("another took its place")
    until(lambda: hall.clerk.pad()["state"] == "idle")
    invite(page, hall, "P-away")
    hall.glass.tap("face-1")
    hall.glass.wait_for("reasons", lambda shown: "withdraw" in shown.enabled)
    hall.glass.tap("withdraw")
    expect(page.locator("#invitation")).to_have_text("withdrawn by the rater")
    page.get_by_label("Notice").fill("Back at two")
    for button, screen in (("Paused", "paused"), ("Closed", "closed"), ("Open", "idle")):
        page.get_by_role("button", name=button).click()
        hall.glass.wait_for(screen)
        expect(page.locator("#pad")).to_have_text(screen)
    hall.rate("P-done", 5)
    page.get_by_label("Project number").fill("P-done")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("This step of this matter is rated already.")


def test_a_page_finds_its_invitation_again_when_the_pad_has_started_anew(hall: Hall, page: Page) -> None:
    page.goto(hall.platform.counter_page)
    invite(page, hall, "P-cut")
    hall.power_cut()
    expect(page.locator("#pad")).to_have_text("no answer")
    hall.open()
    expect(page.locator("#pad")).to_have_text("idle")
    expect(page.locator("#invitation")).not_to_have_text("waiting")


def test_a_page_the_pad_was_not_told_of_learns_and_does_nothing(hall: Hall, page: Page) -> None:
    page.goto(hall.platform.counter_page.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("counter.origins")
    expect(page.locator("#pad")).to_have_text("no answer")
    assert hall.clerk.pad()["state"] == "idle"


def test_reviewed_figures_come_back_to_the_idle_screen(hall: Hall, page: Page) -> None:
    hall.rate("P-bad", 1)
    hall.rate("P-good", 4)
    until(lambda: hall.clerk.pad()["pending"] == 0)  # with whatever a test before had rated
    page.goto(hall.platform.platform_page)
    page.locator("dl").get_by_role("link", name="to answer").click()
    page.get_by_role("link", name="P-bad").click()
    page.get_by_label("What was found and done").fill("Mended at once.")
    page.get_by_label("Your name").first.fill("Liu")
    page.get_by_role("button", name="Keep the reply").click()
    expect(page.locator(".history")).to_contain_text("Mended at once.")
    page.get_by_role("link", name="Publish").click()
    page.get_by_label("Looked through by").fill("Liu")
    page.get_by_role("button", name="Publish these figures").click()
    expect(page.locator(".idle")).to_contain_text("looked through by Liu")
    levels = [row["level"] for row in hall.received()]
    bad = sum(level <= 2 for level in levels)
    satisfied = int((len(levels) - bad) * 1000 / len(levels)) / 10

    assert hall.stage.syncd is not None
    hall.stage.syncd.stop()
    hall.glass.wait_for("idle")
    before = figures_on_the_glass(hall)
    hall.stage.start_syncd()  # it asks for the catalogue soon after its start
    until(lambda: shown_figures(hall) == (len(levels), satisfied, bad, 1))
    until(lambda: figures_on_the_glass(hall) != before)
