"""The role and its papers, read without Ansible; test_waves shows what the role does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ANSIBLE: Final = Path(__file__).parents[2] / "packaging" / "ansible"
ROLE: Final = ANSIBLE / "roles" / "window_rating_pad"
READMES: Final = (ANSIBLE / "README.md", ANSIBLE / "README.zh-CN.md")
FILES: Final = sorted(path for path in ANSIBLE.rglob("*.yml") if path.is_file())
NAME: Final = re.compile(r"\bwindow_rating_pad_[a-z_]+")
DEFAULTS: Final[dict[str, Any]] = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
GIVEN_FROM_OUTSIDE: Final = {"window_rating_pad_codes"}


def tasks(found: Any) -> Iterator[dict[str, Any]]:
    """Every task of a file, those in blocks too."""
    for task in found:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


ROLE_TASKS: Final = [
    task
    for path in sorted((ROLE / "tasks").glob("*.yml"))
    for task in tasks(yaml.safe_load(path.read_text()))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ANSIBLE)))
def test_each_file_is_yaml_and_says_first_what_it_is_for(path: Path) -> None:
    assert yaml.safe_load(path.read_text()) is not None
    if path.name != "main.yml":
        assert path.read_text().startswith("---\n# "), "no word on what it is"


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_variable_is_explained_and_every_one_explained_exists(readme: Path) -> None:
    told = set(NAME.findall(readme.read_text())) - {"window_rating_pad"}
    assert told - GIVEN_FROM_OUTSIDE == set(DEFAULTS) - {"window_rating_pad_downgrade"}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_file_a_readme_names_is_there(readme: Path) -> None:
    named = re.findall(r"\b[\w/.-]+\.yml\b", readme.read_text())
    made_by_reader = {"codes.yml", "secrets.yml"}
    assert named
    for name in {name.replace("inventory/city", "inventory/example") for name in named}:
        if Path(name).name not in made_by_reader:
            assert any(path.match(name) for path in FILES), name


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_tag_a_readme_names_is_one_of_the_roles(readme: Path) -> None:
    named = {tag for found in re.findall(r"--tags ([a-z,]+)", readme.read_text()) for tag in found.split(",")}
    there = {tag for task in ROLE_TASKS for tag in task.get("tags", []) if isinstance(task["tags"], list)}
    assert named
    assert named <= there


def test_whatever_handles_a_secret_prints_nothing() -> None:
    secrets = re.compile(r"window_rating_pad_(code|secrets)\b")
    for task in ROLE_TASKS:
        work = {name: each for name, each in task.items() if name not in ("block", "when", "name")}
        if secrets.search(str({**work, "loop": work.get("loop", "")})) and "ansible.builtin.fail" not in task:
            assert task.get("no_log") is True, task["name"]


def test_no_secret_and_no_code_stands_in_the_example_inventory() -> None:
    for path in (ANSIBLE / "inventory").rglob("*.yml"):
        given = yaml.safe_load(path.read_text())
        assert not {"window_rating_pad_secrets", "window_rating_pad_code"} & set(given), path


def test_the_examples_settings_are_settings() -> None:
    known = tomllib.loads((ANSIBLE.parents[1] / "config" / "pad.toml").read_text())
    looked_at = 0
    for path in (ANSIBLE / "inventory").rglob("*.yml"):
        for key in yaml.safe_load(path.read_text()).get("window_rating_pad_settings", {}):
            table, name = key.split(".")
            assert name in known[table], f"{path.name}: {key}"
            looked_at += 1
    assert looked_at
