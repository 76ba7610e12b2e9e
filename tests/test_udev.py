"""The udev rules: every device has its stable name, and every line is one udev can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RULES = Path(__file__).parents[1] / "config" / "udev" / "60-pad-devices.rules"
MATCH_OR_SET = re.compile(r'[A-Z]+(\{[A-Za-z_]+\})?(==|!=|\+=|=)"[^"]*"')
LINES = [line for line in RULES.read_text(encoding="utf-8").splitlines() if line.strip()]
ACTIVE = [line for line in LINES if not line.startswith("#")]
EXAMPLES = [line[1:] for line in LINES if re.match(r"#[A-Z]+==|#SUBSYSTEMS==", line)]


@pytest.mark.parametrize("line", ACTIVE + EXAMPLES)
def test_each_rule_is_a_list_of_matches_and_assignments(line: str) -> None:
    for part in re.split(r",\s*", line):
        assert MATCH_OR_SET.fullmatch(part.strip()), part


def test_each_device_has_its_stable_name() -> None:
    named = {name for line in EXAMPLES for name in re.findall(r'SYMLINK\+="pad/([a-z_]+)"', line)}
    assert named == {"keypad", "idcard", "scanner", "counter"}


def test_what_it_names_belongs_to_the_pads_own_group() -> None:
    for line in EXAMPLES:
        assert 'GROUP="pad"' in line
        assert 'MODE="0660"' in line


def test_a_jump_has_its_label() -> None:
    text = "\n".join(ACTIVE)
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))
