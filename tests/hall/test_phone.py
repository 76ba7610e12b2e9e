"""A phone instead of the glass: the code on the real screen, the page it opens, and both at once."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from pad import keys, phone
from pad.phone import MatterTicket
from pad.settings import Dialect
from sandbox.hall.stage import Stage
from tests.browser import chromium_browser
from tests.hall.conftest import QUICK, Hall
from tests.hall.test_pages import invite, until
from tests.ports import free_port

pytestmark = pytest.mark.window
AT_ONCE = int(os.environ.get("PAD_AT_ONCE", "8"))
"""How often pad and phone rate the same matter at the same time; ``make at-once`` does it a hundred times."""
PICTURES = os.environ.get("PAGES_PICTURES")
SMALL = ViewportSize(width=360, height=740)
WIDE = ViewportSize(width=1920, height=1080)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_browser() as browser:
        yield browser


def opened(chromium: Browser, size: ViewportSize, language: str, *, scripts: bool) -> Iterator[Page]:
    context = chromium.new_context(viewport=size, locale=language, java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield page
    context.close()


@pytest.fixture
def counter(chromium: Browser) -> Iterator[Page]:
    """The clerk's browser."""
    yield from opened(chromium, WIDE, "en-GB", scripts=True)


@pytest.fixture
def telephone(chromium: Browser) -> Iterator[Page]:
    """A citizen's small phone, in whose browser no script runs."""
    yield from opened(chromium, SMALL, "zh-CN", scripts=False)


@pytest.fixture(scope="module")
def standing(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    plan = replace(QUICK, dialect=Dialect.ITEMISED, phone=True, counter_port=free_port())
    stage = Stage(tmp_path_factory.mktemp("hall"), plan)
    hall = Hall(stage, display)
    hall.open()
    yield hall
    stage.stop()


@pytest.fixture
def hall(standing: Hall) -> Hall:
    standing.clerk.call("PUT", "/v1/service", {"state": "open"})
    standing.glass.wait_for("idle")
    return standing


def code_on_the_glass(hall: Hall) -> str:
    """What the code on the real screen says, as a phone's camera would read it."""
    file = hall.stage.folder / "glass.png"
    hall.glass.screenshot(file)
    with Image.open(file) as picture:
        (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def at_the_platform(hall: Hall, project_no: str) -> list[sqlite3.Row]:
    return [row for row in hall.received() if row["project_no"] == project_no]


def later_voices(hall: Hall) -> list[tuple[str, int, str]]:
    """Matter, level and dialect of what came after a matter's rating."""
    with closing(sqlite3.connect(hall.stage.platform_store)) as db:
        return db.execute(
            "SELECT r.project_no, v.level, v.dialect FROM later_voices v JOIN ratings r ON r.rowid = v.rating"
        ).fetchall()


def test_a_phone_that_scans_the_glass_rates_and_the_pad_and_the_counter_know(
    hall: Hall, counter: Page, telephone: Page
) -> None:
    counter.goto(hall.platform.counter_page)
    invite(counter, hall, "P-phone")
    link = code_on_the_glass(hall)
    assert "P-phone" not in link
    telephone.goto(link)
    expect(telephone.get_by_role("heading", level=1)).to_have_text("请您评价本次服务")
    expect(telephone.locator(".matter")).to_contain_text("办件编号：P-phone")
    telephone.locator("label[for=l2]").click()
    telephone.locator("label[for=i207]").click()
    telephone.get_by_role("button", name="提交").click()
    expect(telephone.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    hall.glass.wait_for("rated_by_phone")
    if PICTURES:
        hall.glass.screenshot(Path(PICTURES) / "rated-by-phone.png")
    expect(counter.locator("#invitation")).to_have_text("rated")
    (row,) = at_the_platform(hall, "P-phone")
    assert (row["level"], row["indicators"], row["pf"], row["device"]) == (2, "207", "3", "pad-demo")
    assert hall.ledger("SELECT * FROM ratings WHERE project_no = 'P-phone'") == []

    telephone.goto(link)
    expect(telephone.get_by_role("heading", level=1)).to_have_text("该事项已评价")
    again = hall.clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P-phone"}})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_rated")
    counter.goto(hall.platform.platform_page)
    row_shown = counter.locator(".latest tbody tr", has_text="P-phone")
    for words in ("Dissatisfied", "by phone", "A07"):
        expect(row_shown).to_contain_text(words)


def test_the_code_that_hangs_at_the_window_explains_itself(hall: Hall, telephone: Page) -> None:
    telephone.goto(code_on_the_glass(hall))
    expect(telephone.get_by_role("heading", level=1)).to_have_text("A07 窗口")
    expect(telephone.locator("main")).to_contain_text("业务办完后请您评价")
    assert telephone.locator("form").count() == 0


def test_after_the_pad_has_rated_the_phone_is_told_kindly(hall: Hall, telephone: Page) -> None:
    hall.clerk.invite({"project_no": "P-late"})
    hall.glass.wait_for("invitation")
    telephone.goto(code_on_the_glass(hall))
    telephone.locator("label[for=l1]").click()
    hall.glass.tap("face-5")
    hall.finish(5)
    until(lambda: bool(at_the_platform(hall, "P-late")))
    telephone.get_by_role("button", name="不想说明").click()
    expect(telephone.get_by_role("heading", level=1)).to_have_text("该事项已评价")
    expect(telephone.locator("main")).to_contain_text("不计入")
    assert [row["level"] for row in at_the_platform(hall, "P-late")] == [5]
    assert ("P-late", 1, "phone") in [tuple(each) for each in later_voices(hall)]


def test_a_rating_that_was_forestalled_while_the_line_was_cut_is_kept_as_evidence(
    hall: Hall, counter: Page, telephone: Page
) -> None:
    hall.platform.cut_line()
    hall.clerk.invite({"project_no": "P-cut"})
    hall.glass.wait_for("invitation")
    telephone.goto(code_on_the_glass(hall))
    hall.glass.tap("face-1")
    hall.finish(1)
    telephone.locator("label[for=l5]").click()
    telephone.get_by_role("button", name="提交").click()
    expect(telephone.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    hall.platform.restore_line()
    until(lambda: hall.clerk.pad()["pending"] == 0)
    assert [(row["level"], row["dialect"]) for row in at_the_platform(hall, "P-cut")] == [(5, "phone")]
    assert ("P-cut", 1, "itemised") in [tuple(each) for each in later_voices(hall)]
    assert hall.reckoning().is_right, "no rating of the pad is lost: this one is evidence"
    counter.goto(hall.platform.platform_page)
    red = counter.locator(".voices tr.broken", has_text="P-cut")
    for words in ("Very satisfied by phone", "Very dissatisfied on the pad", "differs"):
        expect(red).to_contain_text(words)


# --- both at once --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Race:
    """One matter that was rated twice at the same time: what the phone was answered and the pad showed."""

    project_no: str
    answer: int
    said: str
    shown: str


def race(hall: Hall, number: int, pool: ThreadPoolExecutor, *, first_tap: bool, behind_s: float) -> Race:
    """Rate one matter by pad and by phone at once: 5 here, 3 there.

    :param first_tap: it is the first tap on a face that meets the phone's rating, else the pad's *submit*
    :param behind_s: how long the phone's goes out after the finger does, in seconds
    """
    project_no = f"P-race-{number}"
    invitation = hall.clerk.invite({"project_no": project_no})
    glass = hall.glass
    glass.wait_for("invitation", lambda shown: shown.visit == invitation and "face-5" in shown.enabled)
    key = bytes.fromhex(keys.read_secret(hall.stage.state, phone.KEY_NAME) or "")
    ticket = MatterTicket("pad-demo", invitation, project_no, 1, 1, "A07", int(time.time()) + 600)
    link = phone.link(hall.stage.settings().phone.url, phone.make_token(key, ticket))
    if not first_tap:
        glass.tap("face-5")
        glass.wait_for("reasons", lambda shown: "submit" in shown.enabled)
    both = threading.Barrier(2)

    def by_phone() -> requests.Response:
        both.wait()
        time.sleep(behind_s)
        return requests.post(link, data={"level": "3"}, headers={"Accept-Language": "zh-CN"}, timeout=30)

    sent = pool.submit(by_phone)
    both.wait()
    glass.tap("face-5" if first_tap else "submit")
    answer = sent.result()
    shown = glass.wait_for_one_of("thanks", "rated_by_phone", "forestalled", "already_rated")
    hall.clerk.wait_for(invitation, "rated")
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    return Race(project_no, answer.status_code, found[1] if found else "", shown)


def test_both_at_once_are_one_rating_and_who_was_late_is_told(hall: Hall) -> None:
    chance, races = random.Random(7), list[Race]()
    behind_s = 0.2
    with ThreadPoolExecutor(1) as pool:
        for number in range(AT_ONCE):
            if number % 4 == 3:
                races.append(race(hall, number, pool, first_tap=True, behind_s=0))
                continue
            drawn_s = max(0.0, behind_s + chance.uniform(-0.04, 0.04))
            races.append(race(hall, number, pool, first_tap=False, behind_s=drawn_s))
            # whoever was first starts later the next time: so it is as close as this machine can have it
            behind_s = max(0.0, behind_s + (0.06 if races[-1].answer == 200 else -0.06))
    until(lambda: hall.clerk.pad()["pending"] == 0)
    later = [tuple(each) for each in later_voices(hall)]
    for each in races:
        (row,) = at_the_platform(hall, each.project_no)  # never two, never none
        by_pad = hall.ledger(f"SELECT level FROM ratings WHERE project_no = '{each.project_no}'")
        if each.answer == 200:
            assert (each.said, row["dialect"], row["level"]) == ("感谢您的评价", "phone", 3)
            # the pad's own was on its disk already, and is kept beside the first; or it was told in time
            assert bool(by_pad) == (each.shown == "thanks"), each
            assert ((each.project_no, 5, "itemised") in later) == bool(by_pad), each
        else:
            assert (each.answer, each.said, row["dialect"], row["level"]) == (
                409,
                "该事项已评价",
                "itemised",
                5,
            )
            assert each.shown == "thanks"
            assert (each.project_no, 3, "phone") in later
    assert hall.reckoning().is_right, hall.reckoning()
    first = Counter("phone" if each.answer == 200 else "pad" for each in races)
    print(f"\n{len(races)} races: first came {dict(first)}; the pad showed {Counter(e.shown for e in races)}")
