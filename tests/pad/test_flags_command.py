"""``padctl flags`` and ``status``: what is marked, why, and nothing about a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pad.ctl.__main__ import padctl
from pad.ledger.flags import FlagBook
from pad.model import Rater
from pad.suspicion.signs import Finding, Kind
from tests.pad.ledger.conftest import Window, at
from tests.pad.test_pin_command import CONFIG

PERSON = Rater(name="欧阳娜娜", mobile="13987654321", cert_key="110101199003070134")
BURST = Finding(Kind.BURST, {"count": 2, "within_s": 1.0}, {"burst_count": 2, "burst_s": 60.0}, seqs=(1, 2))
LOOKED = Finding(
    Kind.CANCELLED_AFTER_LOOK, {"count": 4, "shown_s": 6.5}, {"look_count": 4}, visit_ids=("v9",)
)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    (tmp_path / "profile.toml").write_text('name = "x"\ndialect = "itemised"\n', encoding="utf-8")
    (tmp_path / "pad.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "state").mkdir()
    found = Window(tmp_path / "state")
    yield found
    found.db.close()


def run(window: Window, *words: str) -> Result:
    folder = window.path.parents[1]
    environment = {"PAD_STATE": str(folder / "state"), "COLUMNS": "200"}
    return CliRunner().invoke(padctl, ["--config", str(folder / "pad.toml"), *words], env=environment)


def test_nothing_marked_is_said(window: Window) -> None:
    window.rate()
    assert re.search(r"flagged +nothing", run(window, "status").output)
    result = run(window, "flags")
    assert (result.exit_code, result.output) == (0, "nothing is marked\n")
    assert json.loads(run(window, "flags", "--json").output) == {"flags": []}


def test_what_is_marked_is_told_with_its_reason_and_limits(window: Window) -> None:
    for _ in range(2):
        window.rate(rater=PERSON)
    FlagBook(window.db).write([BURST, LOOKED], at(9), at(9).wall)
    status = run(window, "status")
    assert re.search(r"✓ flagged +burst 2, cancelled_after_look 1; see: padctl flags", status.output)
    table = run(window, "flags").output
    for words in ("rating 1", "rating 2", "invitation v9", "one of 2 ratings within 1 s", "burst_s = 60"):
        assert words in table
    told = json.loads(run(window, "flags", "--json").output)["flags"]
    assert told[0] == {
        "kind": "burst",
        "seq": 1,
        "visit_id": None,
        "at": "2026-03-02T09:00:09.000+08:00",
        "measured": {"count": 2, "within_s": 1.0},
        "limits": {"burst_count": 2, "burst_s": 60.0},
        "reason": "one of 2 ratings within 1 s",
    }
    assert [(each["seq"], each["visit_id"]) for each in told[1:]] == [(2, None), (None, "v9")]
    for personal in (PERSON.name, PERSON.mobile, PERSON.cert_key):
        assert personal not in table + status.output + json.dumps(told, ensure_ascii=False)
