"""A pad that is enrolled anew with ratings on their way: they stay, and are sent once, under its new name."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pad import bulletin, indicators, keys
from pad.ledger import verification
from tests.sandbox.conftest import Sandbox as Practice
from tests.syncd.pad_box import PadBox
from tests.syncd.process import ROOT

NOTICE = '{"version": "1", "notices": [{"text": {"zh_CN": "原平台"}}]}'.encode()


def enrol(box: PadBox, practice: Practice, **given: Any) -> dict[str, Any]:
    issued = practice.control("POST", "enrolments", given).json()
    done = subprocess.run(
        [sys.executable, "-m", "pad.ctl", "enrol", "--code", "-", "--serial", "SN-1", "--json"],
        cwd=ROOT, env={**os.environ, **box.environment}, input=issued["text"], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def arrived(practice: Practice, folder: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / "state/platform.db")) as db:
        db.row_factory = sqlite3.Row
        return db.execute("SELECT * FROM ratings ORDER BY rowid").fetchall()


def kept(box: PadBox) -> list[str]:
    """What an enrolment has no business with: the chain's and the sealing key, and every rating."""
    files = [box.state / "keys" / name for name in ("chain.key", "sealing.key")]
    rows = [repr(tuple(row)) for row in box.db.execute("SELECT * FROM ratings ORDER BY seq")]
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] + rows


@pytest.mark.parametrize("profile", ["itemised", "national"])
def test_what_waits_is_sent_once_under_the_new_name(box: PadBox, tmp_path: Path, profile: str) -> None:
    (tmp_path / "practice").mkdir()
    practice = Practice(tmp_path / "practice")
    try:
        (box.folder / "platforms").mkdir()
        for name in ("itemised", "national"):
            text = (ROOT / f"config/platforms/{name}.toml").read_text(encoding="utf-8")
            (box.folder / f"platforms/{name}.toml").write_text(text, encoding="utf-8")
        box.configure("https://nowhere.invalid", "itemised")
        first = enrol(box, practice, pad={"hall_name": "大厅", "win_no": "A07"}, profile=profile)
        box.rate("P0")
        with_syncd(box)
        practice.control("PUT", "line", {"up": False})
        for number in range(1, 6):
            box.rate(f"P{number}", level=number)
        assert box.once()[0] == 1, "the line is cut: they wait"
        before = kept(box)
        practice.control("PUT", "line", {"up": True})

        told = enrol(
            box, practice, pad={"hall_name": "新大厅", "win_no": "B12"}, device="pad-new", profile=profile,
            app_mark="other-mark", app_word="another word",
        )  # fmt: skip
        assert told["waiting"] == 5
        assert (first["device"], told["device"]) == ("pad-0001", "pad-new")
        assert keys.read_secret(box.state, "app_word") == "another word"
        assert kept(box) == before
        with_syncd(box)
        rows = arrived(practice, tmp_path / "practice")
        assert [(row["project_no"], row["arrivals"]) for row in rows] == [(f"P{n}", 1) for n in range(6)]
        if profile == "itemised":
            assert [row["device"] for row in rows] == ["pad-0001", *["pad-new"] * 5]
        notes = [json.loads(row["detail"]) for row in box.journal() if row["kind"] == "enrolled"]
        assert [(note["device"], note["win_no"], note["serial"]) for note in notes] == [
            ("pad-0001", "A07", "SN-1"), ("pad-new", "B12", "SN-1"),
        ]  # fmt: skip
        assert not verification.examine(box.db, box.keys, None).findings
    finally:
        practice.close()


def published(box: PadBox) -> bool:
    return any((box.state / name).exists() for name in (indicators.PULLED, bulletin.NAME))


def publish(box: PadBox) -> None:
    """As the platform of the settings does."""
    indicators.keep_pulled(box.state, indicators.load(ROOT / "config/indicators/national-2020-05-22.toml"))
    bulletin.write(box.state, NOTICE)


def test_at_another_platform_what_the_one_before_published_goes_with_it(box: PadBox, tmp_path: Path) -> None:
    (box.folder / "platforms").mkdir()
    text = (ROOT / "config/platforms/itemised.toml").read_text(encoding="utf-8")
    (box.folder / "platforms/itemised.toml").write_text(text, encoding="utf-8")
    box.configure("https://old.invalid", "itemised")
    publish(box)
    box.rate("P1")
    before = kept(box)
    (tmp_path / "practice").mkdir()
    with closing(Practice(tmp_path / "practice")) as practice:
        told = enrol(box, practice, pad={"hall_name": "大厅", "win_no": "A07"})
    assert told["aside"] == [indicators.PULLED, bulletin.NAME]
    assert not published(box), "so that the installed list holds, and nothing hangs"
    assert (box.state / "bulletin.aside.json").read_bytes() == NOTICE
    assert kept(box) == before
    assert json.loads(box.journal()[-1]["detail"])["aside"] == told["aside"]

    publish(box)
    box.configure("https://another.invalid", "itemised")  # by hand
    daemon = box.daemon()
    box.wait_until(lambda: not published(box))
    assert daemon.terminate() == 0


def with_syncd(box: PadBox) -> None:
    """The real daemon, until all is sent."""
    daemon = box.daemon()
    box.wait_until_settled()
    assert daemon.terminate() == 0
