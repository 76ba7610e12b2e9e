"""Every document is found from docs/README, in both languages, and no link of these pages leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
CHINESE: Final = sorted(DOCS.glob("*.zh-CN.md"))
PAGES: Final = sorted({*CHINESE, *(file.with_name(file.name.replace(".zh-CN", "")) for file in CHINESE)})


def english_of(page: Path) -> Path:
    return page.with_name(page.name.replace(".zh-CN", ""))


def links(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_each_language_names_the_other_at_its_beginning(page: Path) -> None:
    english = english_of(page)
    for here, there in ((page, english), (english, page)):
        assert f"]({there.name})" in "".join(here.read_text(encoding="utf-8").splitlines(keepends=True)[:5])


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_document_is_for_somebody(name: str) -> None:
    linked = {english_of(DOCS / link).name for link in links(DOCS / name) if not link.startswith("..")}
    missing = {english_of(page).name for page in DOCS.glob("*.md")} - linked
    assert missing <= {"README.md"}


def test_the_chinese_page_has_the_chinese_documents_and_says_which_are_english() -> None:
    text = (DOCS / "README.zh-CN.md").read_text(encoding="utf-8")
    for link, after in re.findall(r"\]\(([^)\s]+\.md)\)(（英文)?", text):
        if link == "README.md":
            continue
        has_chinese = link.endswith(".zh-CN.md")
        assert has_chinese is not bool(after), link
        assert (
            has_chinese
            is (DOCS / link.removesuffix(".md").removesuffix(".zh-CN")).with_suffix(".zh-CN.md").exists()
        )
