"""``padctl pin``: sets the technician's PIN, and says what is allowed, never what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pad.ctl.__main__ import padctl
from pad.pin import is_right, stored_pin

CONFIG = """
[pad]
device_id = "pad-1"
hall_name = "大厅"
[platform]
url = "https://hcp.example.gov.cn"
app_mark = "pad"
profile = "profile.toml"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "profile.toml").write_text('name = "x"\ndialect = "itemised"\n', encoding="utf-8")
    file = tmp_path / "pad.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def run(config: Path, *words: str, typed: str) -> Result:
    environment = {"PAD_STATE": str(config.parent / "state")}
    return CliRunner().invoke(padctl, ["--config", str(config), "pin", *words], input=typed, env=environment)


def test_asked_twice_it_is_set(config: Path) -> None:
    result = run(config, typed="482913\n482913\n")
    assert result.exit_code == 0
    assert "482913" not in result.output
    stored = stored_pin(config.parent / "state")
    assert stored is not None
    assert is_right("482913", stored)


def test_a_script_gives_it_on_standard_input(config: Path) -> None:
    assert run(config, "--stdin", typed="482913\n").exit_code == 0
    assert stored_pin(config.parent / "state")


@pytest.mark.parametrize("typed", ["123456", "12345", "abcdef"])
def test_a_wrong_one_is_used_wrongly_and_not_repeated(config: Path, typed: str) -> None:
    result = run(config, "--stdin", typed=typed + "\n")
    assert result.exit_code == 2
    assert typed not in result.output
    assert "digits" in result.output
    assert stored_pin(config.parent / "state") is None


def test_two_different_ones_are_asked_for_again(config: Path) -> None:
    result = run(config, typed="482913\n482914\n739105\n739105\n")
    assert result.exit_code == 0
    stored = stored_pin(config.parent / "state")
    assert stored is not None
    assert is_right("739105", stored)
    assert not any(each in result.output for each in ("482913", "482914", "739105"))


def test_nothing_on_standard_input_is_used_wrongly(config: Path) -> None:
    assert run(config, "--stdin", typed="").exit_code == 2


def test_a_state_folder_that_takes_no_file_is_named(config: Path) -> None:
    (config.parent / "state").write_text("no folder", encoding="ascii")
    result = run(config, "--stdin", typed="482913\n")
    assert result.exit_code == 1
    assert "keys: cannot be written" in result.output
    assert "482913" not in result.output
