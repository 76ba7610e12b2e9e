"""Settings changed in their file: nothing else in it changes, and it is whole at any time."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import pytest

from pad import settings
from pad.settings import SettingsError, writing

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path / "etc")
    return tmp_path / "etc" / "pad.toml"


def lines(text: str) -> set[str]:
    return set(text.splitlines())


def test_only_the_lines_of_the_keys_change_and_their_comments_stay(file: Path) -> None:
    before = file.read_text(encoding="utf-8")
    changed = writing.change(file, {"pad.win_no": "A07", "voice.volume": 40, "pad.org_name": ""})
    assert changed == ("pad.win_no", "voice.volume")
    after = file.read_text(encoding="utf-8")
    assert len(after.splitlines()) == len(before.splitlines())
    new = lines(after) - lines(before)
    assert len(new) == 2
    assert any(line.startswith('win_no = "A07"') and "# the window's number" in line for line in new)
    assert settings.load(file).pad.win_no == "A07"


def test_a_key_that_is_not_there_comes_to_its_table_and_a_table_comes_to_the_end(file: Path) -> None:
    file.write_text(
        '[pad]\ndevice_id = "pad-1" # ours\nhall_name = "厅"\n\n[platform]\nurl = "https://x.example"\n'
        'app_mark = "pad"\n',
        encoding="utf-8",
    )
    writing.change(file, {"pad.win_no": "7", "alerts.smtp.port": 587})
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {
        "pad": {"device_id": "pad-1", "hall_name": "厅", "win_no": "7"},
        "platform": {"url": "https://x.example", "app_mark": "pad"},
        "alerts": {"smtp": {"port": 587}},
    }
    assert "# ours" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"voice.volume": 101}, "voice.volume: found 101; allowed is"),
        ({"voice.loud": 1}, "voice.loud: unknown key"),
        ({"pad.win_no": "7", "platform.url": "ftp://x"}, "platform.url: found"),
        ({"platform.profile": "platforms/none.toml"}, "none.toml: not found; put it there"),
        ({"counter.address": "0.0.0.0"}, "counter.address: found"),
    ],
)
def test_what_the_programs_would_not_take_is_not_written(
    file: Path, changes: dict[str, writing.Value], said: str
) -> None:
    before = file.read_bytes()
    with pytest.raises(SettingsError) as raised:
        writing.change(file, changes)
    assert said in str(raised.value)
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.glob(".*")] == []


def test_mode_and_owner_stay_and_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 0, 12345)
    before = file.stat()
    link = tmp_path / "etc" / "link.toml"
    link.symlink_to("pad.toml")
    writing.change(link, {"pad.win_no": "7"})
    after = file.stat()
    assert link.is_symlink()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_file_written_on_windows_keeps_its_line_ends(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    writing.change(file, {"pad.win_no": "7"})
    data = file.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n")
    assert settings.load(file).pad.win_no == "7"


def test_where_nothing_is_another_nothing_is_written(file: Path) -> None:
    before = file.stat()
    assert writing.change(file, {"pad.win_no": ""}) == ()
    assert file.stat().st_ino == before.st_ino


def test_what_is_not_toml_or_not_there_is_said(file: Path) -> None:
    with pytest.raises(SettingsError, match="not found"):
        writing.change(file.with_name("none.toml"), {"pad.win_no": "7"})
    file.write_text("[pad\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="not TOML"):
        writing.change(file, {"pad.win_no": "7"})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("voice.volume", "40", 40), ("voice.enabled", "true", True), ("pad.win_no", "7", "7"),
        ("pad.win_no", '"7"', "7"),
        ("screen.language", "en", "en"), ("rating.walk_away", "discard", "discard"),
        ("voice.quiet_hours", '["12:00-14:00"]', ["12:00-14:00"]), ("screen.diagonal_inches", "15", 15),
    ],
)  # fmt: skip
def test_a_value_as_a_person_writes_it(key: str, text: str, value: writing.Value) -> None:
    assert writing.value_of(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("voice.volume", "loud", "voice.volume: found 'loud'; allowed is a whole number"),
        ("rating.walk_away", "maybe", "rating.walk_away: found 'maybe'; allowed is one of \"counts\""),
        ("voice", "1", "voice: no such setting"),
        ("voice.loud", "1", "voice.loud: no such setting"),
        ("", "1", ": no such setting"),
    ],
)
def test_what_a_setting_may_not_be(key: str, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        writing.value_of(key, text)
    assert str(raised.value).startswith(said)
