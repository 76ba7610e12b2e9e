"""The phone page in Debian's Chromium without any script: what a finger, a keyboard and axe-core find."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import Browser, Page, ViewportSize, expect

from kiosk.ui import theme
from pad.codes import Level
from pad.phone import WindowTicket
from sandbox.pages import words
from tests.sandbox.conftest import Sandbox
from tests.sandbox.pages.test_in_a_browser import PAIRS, PICTURES, RULES, SIZES
from tests.sandbox.pages.test_phone_over_http import KEY, Phone, ticket

FOLDER = Path(words.__file__).parent
FACES = FOLDER.parents[1] / "kiosk" / "ui" / "faces.py"
STYLE = (FOLDER / "static" / "phone.css").read_text(encoding="utf-8")
SMALL = ViewportSize(width=360, height=740)
Visit = Callable[[Page, Sandbox], object]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), phone_key=KEY)
    yield sandbox
    sandbox.close()


@pytest.fixture
def scripts() -> bool:
    return False


@pytest.fixture
def page(chromium: Browser, scripts: bool) -> Iterator[Page]:
    """A small phone whose browser lets no script run."""
    context = chromium.new_context(
        viewport=SMALL, locale="zh-CN", java_script_enabled=scripts, has_touch=True, device_scale_factor=2
    )
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield opened
    context.close()


def choose(page: Page, level: int) -> None:
    page.locator(f"label[for=l{level}]").tap()


def submit(page: Page) -> None:
    with page.expect_navigation():
        page.locator("button.strong").tap()


def scan(page: Page, sandbox: Sandbox) -> None:
    page.goto(Phone(sandbox, ticket("500110202611230001")).url)


def chosen(level: int, *, send: bool = False) -> Visit:
    def visit(page: Page, sandbox: Sandbox) -> None:
        scan(page, sandbox)
        choose(page, level)
        if send:
            submit(page)

    return visit


def used(page: Page, sandbox: Sandbox) -> None:
    of = ticket("P-used")
    Phone(sandbox, of).send(level="5")
    page.goto(Phone(sandbox, of).url)


def late(page: Page, sandbox: Sandbox) -> None:
    of = ticket("P-late")
    page.goto(Phone(sandbox, of).url)
    Phone(sandbox, of).send(level="5")
    choose(page, 4)
    submit(page)


PLACES: dict[str, Visit] = {
    "faces": scan,
    "bad": chosen(2),
    "good": chosen(5),
    "reason": chosen(1, send=True),
    "thanks": chosen(4, send=True),
    "used": used,
    "late": late,
    "expired": lambda page, sandbox: page.goto(Phone(sandbox, ticket(valid_s=-1)).url),
    "unknown": lambda page, sandbox: page.goto(Phone(sandbox, "x").url),
    "window": lambda page, sandbox: page.goto(Phone(sandbox, WindowTicket("pad-1", "A07")).url),
}


@pytest.mark.parametrize("scripts", [True])  # axe-core is one
@pytest.mark.parametrize(("size", "language"), PAIRS)
def test_axe_finds_nothing_and_everything_fits_also_with_letters_twice_as_large(
    page: Page, sandbox: Sandbox, size: str, language: str
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.set_extra_http_headers({"Accept-Language": words.HTML_LANGUAGE[language]})
    for place, visit in PLACES.items():
        sandbox.control("DELETE", "received")
        visit(page, sandbox)
        found = Axe().run(page, options=RULES).response
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == [], place
        assert len(found["passes"]) > 10, place
        assert page.evaluate(TOO_SMALL) == [], place
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"phone-{place}-{size}-{language}.png", full_page=True)
        for scale in ("100%", "200%"):
            page.evaluate("scale => { document.documentElement.style.fontSize = scale; }", scale)
            assert page.evaluate(OVERFLOWING) == [], (place, scale)


TOO_SMALL = """() => [...document.querySelectorAll("a, button, label, summary, textarea")]
    .filter(e => e.checkVisibility() && !e.matches(".write"))
    .map(e => [e.getBoundingClientRect(), e.outerHTML])
    .filter(([box]) => box.width < 44 || box.height < 44).map(([_, html]) => html)"""
OVERFLOWING = """() => [...document.querySelectorAll("html, main :not(svg, svg *, .pick)")]
    .filter(e => e.checkVisibility())
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1
        && e.matches("html, h1, h2, p, label, legend, button, dd, summary"))
    .map(e => e.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("scripts", [True])
@pytest.mark.parametrize("before", [0, 5, 1])
def test_wherever_a_face_is_touched_it_is_the_one_that_is_chosen(
    page: Page, sandbox: Sandbox, before: int
) -> None:
    """An invisible control over another's face would turn a rating round, and nobody would see it."""
    scan(page, sandbox)
    if before:
        choose(page, before)
    met = page.evaluate("""() => [1, 2, 3, 4, 5].map(level => {
        const box = document.querySelector(`label[for=l${level}]`).getBoundingClientRect(), met = new Set();
        for (let x = 1; x < 20; x++) for (let y = 1; y < 20; y++)
            met.add(document.elementFromPoint(box.left + box.width * x / 20, box.top + box.height * y / 20)
                .closest("label, input")?.outerHTML.match(/(for|id)="(.*?)"/)[2]);
        return [...met].filter(each => each);  // beside a round corner is nothing
    })""")
    assert met == [["l1"], ["l2"], ["l3"], ["l4"], ["l5"]]


@pytest.mark.parametrize("level", [5, 4, 3, 2, 1])
def test_a_finger_rates_with_no_script_at_all(page: Page, sandbox: Sandbox, level: int) -> None:
    scan(page, sandbox)
    expect(page.locator("button.strong")).to_be_hidden()
    choose(page, level)
    for each in (5, 4, 3, 2, 1):
        expect(page.locator(f".of-{each}")).to_be_visible(visible=each == level)
    expect(page.locator("button.decline")).to_be_visible(visible=level <= 2)
    page.locator(f".of-{level} .tick label").first.tap()
    page.locator(f".of-{level} summary").tap()
    page.locator(f".of-{level} details .tick label").last.tap()
    page.get_by_label("写几句").fill("谢谢")
    page.get_by_role("button", name="提交").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    (row,) = sandbox.stored()
    assert (row["level"], row["comment"]) == (level, "谢谢")
    assert [code[0] for code in row["indicators"].split(",")] == [str(level)] * 2
    page.reload()  # the form is sent again, as browsers do: it is the same rating
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    assert len(sandbox.stored()) == 1


def test_a_mind_is_changed_before_it_is_sent(page: Page, sandbox: Sandbox) -> None:
    scan(page, sandbox)
    choose(page, 5)
    page.locator(".of-5 .tick label").first.tap()
    choose(page, 1)
    page.get_by_role("button", name="提交").tap()
    expect(page.get_by_role("alert")).to_contain_text("请点选一个理由")
    expect(page.locator("#l1")).to_be_checked()
    choose(page, 2)
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="不想说明").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    assert [(row["level"], row["indicators"]) for row in sandbox.stored()] == [(2, "")]


def test_a_keyboard_rates_and_sees_where_it_is(page: Page, sandbox: Sandbox) -> None:
    scan(page, sandbox)
    page.keyboard.press("Tab")  # the other language
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#l4")).to_be_checked()
    expect(page.locator("#l4")).to_be_focused()
    expect(page.locator("label[for=l4]")).to_have_css("outline-style", "solid")
    page.keyboard.press("Tab")
    first = page.locator(".of-4 .tick input").first
    expect(first).to_be_focused()
    code = first.get_attribute("value")
    expect(first.locator("+ label")).to_have_css("outline-style", "solid")
    page.keyboard.press("Space")
    page.locator("textarea").focus()
    page.keyboard.press("Tab")
    expect(page.locator("button.strong")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    assert [(row["level"], row["indicators"]) for row in sandbox.stored()] == [(4, code)]


def test_the_other_language_is_one_touch_away_and_is_kept_for_the_answer(
    page: Page, sandbox: Sandbox
) -> None:
    scan(page, sandbox)
    page.get_by_role("link", name="English").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("How was this service?")
    choose(page, 3)
    page.get_by_role("button", name="Submit").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")


def test_without_its_style_the_form_still_rates(page: Page, sandbox: Sandbox) -> None:
    page.route("**/*.css", lambda route: route.abort())
    scan(page, sandbox)
    page.get_by_role("radio", name="基本满意").check()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("感谢您的评价")
    assert [row["level"] for row in sandbox.stored()] == [3]


# --- the look ------------------------------------------------------------------------------


def test_the_style_asks_for_nothing_an_old_messengers_browser_does_not_know() -> None:
    rules = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.S)
    for late_comer in (
        "var(",
        "grid",
        "gap:",
        "clamp(",
        "min(",
        "max(",
        ":has(",
        ":is(",
        ":where(",
        "inset:",
        "@import",
    ):
        assert late_comer not in rules, late_comer
    # what it does not know makes it drop a whole rule: so it stands where nothing else is lost
    outside = re.sub(r"@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", rules)
    assert ":focus-visible" in rules
    assert ":focus-visible" not in outside
    for name in ("flex", "align-items", "flex-wrap"):
        for rule in re.findall(r"\{([^{}]*)\}", outside):
            if re.search(rf"(?<!-){name}:", rule):
                assert f"-webkit-{name}:" in rule, rule


def test_its_colours_are_the_pads_own() -> None:
    def hexadecimal(colour: theme.Colour) -> str:
        return "#" + "".join(f"{round(part * 255):02X}" for part in colour[:3])

    of_pad = {
        hexadecimal(value) for value in vars(theme).values() if isinstance(value, tuple) and len(value) == 4
    } | {hexadecimal(each) for table in (theme.LEVEL_FILL,) for each in table.values()}
    of_pages = set(re.findall(r"#[0-9A-F]{6}", (FOLDER / "static" / "pages.css").read_text(encoding="utf-8")))
    used_here = set(re.findall(r"#[0-9A-Fa-f]{6}\b", STYLE))
    assert used_here <= of_pad | of_pages
    for template in FOLDER.glob("templates/phone*.html"):
        assert (
            set(re.findall(r"#[0-9A-Fa-f]{6}\b", template.read_text(encoding="utf-8"))) <= of_pad | of_pages
        )


def features_of_the_pad() -> dict[Level, dict[str, Any]]:
    """``FEATURES`` of kiosk/ui/faces.py, read without Kivy."""
    names = ("mouth", "mouth_width", "mouth_height", "is_open", "eyes")
    tree = ast.parse(FACES.read_text(encoding="utf-8"))
    given_names = (node for node in tree.body if isinstance(node, ast.AnnAssign))
    (table,) = (node.value for node in given_names if ast.unparse(node.target) == "FEATURES")
    assert isinstance(table, ast.Dict)
    found: dict[Level, dict[str, Any]] = {}
    for key, call in zip(table.keys, table.values, strict=True):
        assert isinstance(key, ast.Attribute)
        assert isinstance(call, ast.Call)
        given = dict(zip(names, map(ast.literal_eval, call.args), strict=True))
        given |= {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg}
        found[Level[key.attr]] = given
    return found


def drawn(level: Level) -> str:
    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True)
    environment.filters["clock"] = str
    return environment.from_string('{% from "parts.html" import face %}{{ face(level) }}').render(level=level)


@pytest.mark.parametrize("level", list(Level))
def test_a_face_is_drawn_as_the_pad_draws_it(level: Level) -> None:
    of = features_of_the_pad()[level]

    def at(x: float, y: float) -> str:
        return f"{round(50 + 50 * x, 1):g} {round(50 - 50 * y, 1):g}"

    # the pad's bow is a parabola: a quadratic curve, its handle as far below its middle as its corners above
    middle = of["mouth_height"] - max(0.0, of["mouth"])
    corner, handle = middle + of["mouth"], middle - of["mouth"]
    width = of["mouth_width"]
    mouth = f"M{at(-width, corner)}Q{at(0, handle)} {at(width, corner)}{'Z' if of['is_open'] else ''}"
    text = drawn(level)
    assert f'd="{mouth}"' in text
    assert ("ellipse" in text) == (of["eyes"] == "open")
    if of["eyes"] == "smiling":
        assert f"M{at(-0.52, 0.16)}Q{at(-0.36, 0.5)} {at(-0.2, 0.16)}" in text
    if "brow" in of:
        height = of.get("brow_height", 0.52)
        for side in (-1, 1):
            assert f"M{at(side * 0.18, height + of['brow'])}L{at(side * 0.54, height)}" in text
    for table, attribute in (
        (theme.LEVEL_FILL, 'r="48.25" fill'), (theme.LEVEL_EDGE, "stroke"),
        (theme.LEVEL_FEATURES, 'class="ink" fill="none" stroke'),
    ):  # fmt: skip
        found = re.search(f'{attribute}="(#[0-9A-F]{{6}})"', text)
        assert found
        assert theme.colour(found[1]) == table[level]
