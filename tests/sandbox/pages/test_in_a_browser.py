"""The pages in Debian's Chromium: nothing for axe-core to find, at both sizes and in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.conftest import Sandbox, item
from tests.sandbox.pages.conftest import SCRIPT

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
SIZES = {"phone": (360, 740), "desk": (1920, 1080)}
PICTURES = os.environ.get("PAGES_PICTURES")
"""A folder: every page at each size in each language is looked at, and drawn there."""
PAIRS = list(product(SIZES, ("zh_CN", "en"))) if PICTURES else [("phone", "zh_CN"), ("desk", "en")]
CASE = "the first case"
PLACES = {
    "start": "/",
    "counter": "/counter",
    "platform": "/platform",
    "cases": "/platform/cases",
    "case": CASE,
    "publish": "/platform/publish",
    "enrol": "/platform/enrol",
    "practice": "/platform/practice",
    "refused": "/counter?pad=none",
}


@pytest.fixture
def size() -> str:
    return "desk"


@pytest.fixture
def page(chromium: Browser, size: str) -> Iterator[Page]:
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield opened
    context.close()


def go(page: Page, sandbox: Sandbox, place: str, language: str = "en") -> None:
    page.context.add_cookies([{"name": "language", "value": language, "url": sandbox.control_url}])
    path = PLACES[place]
    if path == CASE:
        page.goto(f"{sandbox.control_url}/platform/cases")
        path = str(page.locator("table a").first.get_attribute("href"))
    page.goto(sandbox.control_url + path)


OVERFLOWING = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"


@pytest.mark.parametrize(("size", "language"), PAIRS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    page: Page, busy: Sandbox, size: str, language: str
) -> None:
    for place in PLACES:
        go(page, busy, place, language)
        found = Axe().run(page, options=RULES).response
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == [], place
        assert len(found["passes"]) > 10, place
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], place
        assert page.locator(".card").evaluate_all(OVERFLOWING) == [], place
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{place}-{size}-{language}.png", full_page=True)


def test_axe_sees_a_fault_that_is_put_in(page: Page, busy: Sandbox) -> None:
    go(page, busy, "counter")
    page.evaluate("document.querySelector('label[for=project_no]').remove()")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [each["id"] for each in found] == ["label"]


PRESSED = "a, button:not(:disabled), select, textarea, input:not([type=hidden])"
NAME = "e.type === 'radio' ? e.name : e.outerHTML"
FOCUSED = f"""() => {{
    const e = document.activeElement, seen = e.id === "photo" ? e.previousElementSibling : e;
    return [{NAME}, getComputedStyle(seen).outlineStyle];
}}"""


def test_a_keyboard_reaches_everything_that_can_be_pressed_and_sees_where_it_is(
    page: Page, busy: Sandbox
) -> None:
    for place in ("counter", "case", "practice"):
        go(page, busy, place)
        there = f"all => all.filter(e => e.checkVisibility()).map(e => {NAME})"
        wanted = set(page.locator(PRESSED).evaluate_all(there))
        reached: set[str] = set()
        for _ in range(len(wanted) * 3):  # a day's field has a stop for each of its parts
            page.keyboard.press("Tab")
            name, outline = page.evaluate(FOCUSED)
            reached.add(name)
            assert name not in wanted or outline != "none", name
            if wanted <= reached:
                break
        assert wanted <= reached, place


def test_the_first_stop_of_a_keyboard_leads_past_the_menu(page: Page, busy: Sandbox) -> None:
    go(page, busy, "platform")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_comment_and_a_name_that_are_scripts_stay_text(page: Page, busy: Sandbox) -> None:
    each = item("P-x", "r-x", satisfaction="2", evalDetail="", writingEvaluation=SCRIPT, taskName=SCRIPT)
    busy.itemised(each | {"staff": {"number": "666", "name": SCRIPT}})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for place in ("platform", "cases"):
        go(page, busy, place)
        expect(page.locator("q", has_text="<script>")).to_be_visible()
        assert page.title() != "taken over"
        assert page.locator("main img, main script").count() == 0
    assert all(url.startswith(busy.control_url) for url in asked), "no page asks beyond the sandbox"


def test_the_platforms_page_is_fresh_by_itself(page: Page, busy: Sandbox) -> None:
    go(page, busy, "platform")
    busy.itemised(item("P-live", "r-live"))
    expect(page.locator(".latest")).to_contain_text("P-live")


SECOND_EAR = """() => {
    let words = 0;
    new EventSource("/platform/events").onmessage = () => { document.body.dataset.words = ++words; };
}"""


def test_updates_can_be_paused_and_resumed(page: Page, busy: Sandbox) -> None:
    go(page, busy, "platform")
    page.get_by_role("button", name="Pause updates").click()
    expect(page.get_by_role("status")).to_have_text("Updates are paused.")
    page.evaluate(SECOND_EAR)
    for count in (1, 2):  # its words come a second apart at the least, so the page's own has heard the first
        expect(page.locator("body")).to_have_attribute("data-words", str(count))
        busy.itemised(item(f"P-later-{count}", f"r-later-{count}"))
    expect(page.locator("body")).to_have_attribute("data-words", "3")
    expect(page.locator(".latest")).not_to_contain_text("P-later-1")
    page.get_by_role("button", name="Resume updates").click()
    expect(page.locator(".latest")).to_contain_text("P-later-2")


def test_a_line_that_is_away_is_said_and_the_page_stays(page: Page, busy: Sandbox) -> None:
    go(page, busy, "platform")
    page.route("**/platform/events", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    expect(page.locator(".latest tbody tr").first).to_be_visible()


def test_without_a_pad_the_counter_says_so_in_words(page: Page, busy: Sandbox) -> None:
    go(page, busy, "counter")
    expect(page.locator("#pad")).to_have_text("no answer")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("counter.origins")
