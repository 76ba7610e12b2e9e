"""The last result goes into the page, between its marks, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench import machine, page
from bench.table import Row

HERE = "here"


def result(folder: Path, *rows: Row, commits: tuple[str, ...] = ("another",)) -> Path:
    told = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
    file = folder / "result.json"
    parts = {
        f"part {place}": {"commit": commit, "load_before": place + 0.5, "rows": told}
        for place, commit in enumerate(commits)
    }
    file.write_text(json.dumps({"machine": asdict(machine.look(folder)), "parts": parts}))
    return file


def test_the_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    doc = tmp_path / "performance.md"
    doc.write_text(f"before\n{page.BEGINS}\nan old table\n{page.ENDS}\nafter\n", encoding="utf-8")
    page.write(result(tmp_path, Row("append", 3.0, "ms", "write", 2.0, "≤ 1.5 ×")), doc)
    text = doc.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{page.BEGINS}\n")
    assert text.endswith(f"| append | 3 ms | write: 2 ms | 1.50 × | ≤ 1.5 × | yes |\n{page.ENDS}\nafter\n")
    assert "an old table" not in text
    assert machine.look(tmp_path).kernel in text


@pytest.mark.parametrize(("commits", "said"), [((HERE, HERE), False), ((HERE, "another"), True)])
def test_the_page_says_how_busy_it_was_and_whether_it_was_one_run(
    commits: tuple[str, ...], said: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = replace(machine.look(tmp_path), commit=HERE)
    monkeypatch.setattr(machine, "look", lambda _folder: here)
    doc = tmp_path / "performance.md"
    doc.write_text(f"{page.BEGINS}\n{page.ENDS}\n", encoding="utf-8")
    page.write(result(tmp_path, commits=commits), doc)
    text = doc.read_text(encoding="utf-8")
    assert "before the parts: 0.5 to 1.5." in text
    assert ("of several runs" in text) is said


def test_a_page_without_the_marks_stays_as_it_is(tmp_path: Path) -> None:
    doc = tmp_path / "performance.md"
    doc.write_text("no marks", encoding="utf-8")
    with pytest.raises(SystemExit, match="must be in it"):
        page.write(result(tmp_path), doc)
    assert doc.read_text(encoding="utf-8") == "no marks"


def test_without_a_result_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="make bench"):
        page.write(tmp_path / "result.json")


def test_the_page_of_this_tree_has_the_marks() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert 0 <= text.find(page.BEGINS) < text.find(page.ENDS)
