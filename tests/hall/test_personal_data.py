"""Planted names and numbers, looked for in everything the pad leaves behind: nothing is found (art. 13)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.devices.idcard import Card
from sandbox.devices.table import Table
from tests.hall.conftest import Hall
from tests.hall.test_devices_at_the_window import ask_for_card, open_with, until

NAME, MOBILE, CERTIFICATE = "司马相如", "13987654321", "110105194912310089"
CARD = Card("慕容云海", "11010519491231002X")
TYPED = "13612345678"
PLANTED = (NAME, MOBILE, CERTIFICATE, CARD.name, CARD.number, TYPED)
MATTER = {"user_name": NAME, "mobile": MOBILE, "credit_type": "111", "cert_key": CERTIFICATE}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with Table(tmp_path / "dev") as plugged:
        yield plugged


def found_in(folder: Path) -> dict[str, list[str]]:
    """Which file holds which of what was planted, as UTF-8, GBK, UTF-16 or as JSON escapes it."""
    found: dict[str, list[str]] = {}
    for file in folder.rglob("*"):
        if not file.is_file() or "platform" in file.parts:  # the platform is who may know
            continue
        content = file.read_bytes()
        for text in PLANTED:
            forms = {text.encode("utf-8"), text.encode("gbk"), text.encode("utf-16-le")}
            forms.add(json.dumps(text).strip('"').encode())
            if any(form in content for form in forms):
                found.setdefault(str(file.relative_to(folder)), []).append(text)
    return found


def padctl(hall: Hall, *words: str) -> str:
    """What it says, on both its lines."""
    ran = subprocess.run(
        [sys.executable, "-m", "pad.ctl", *words],
        env={**hall.stage.environment, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


def rate_as_three_people(hall: Hall, table: Table) -> None:
    """One whom the clerk's system named, one who typed a number, one who put a card; one who walked away."""
    hall.clerk.invite({"project_no": "P-named", **MATTER})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-1")
    hall.finish(1)
    hall.clerk.invite({"project_no": "P-typed"})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-2")
    hall.glass.wait_for("reasons", lambda shown: "identity" in shown.enabled)
    hall.glass.tap("identity")
    hall.glass.wait_for("identity")
    for digit in TYPED:
        hall.glass.tap(f"digit-{digit}")
    hall.glass.wait_for("identity", lambda shown: "give" in shown.enabled)
    hall.glass.tap("give")
    hall.finish(2)
    hall.glass.wait_for("idle")
    ask_for_card(hall, table, 5)
    table.idcard.put(CARD)
    hall.finish(5)
    table.idcard.lift()


def test_while_they_wait_for_the_line_and_after_a_power_cut_nothing_stands_in_clear(
    hall: Hall, table: Table
) -> None:
    open_with(hall, table)
    rate_as_three_people(hall, table)
    hall.clerk.invite({"project_no": "P-cut", **MATTER})
    hall.glass.wait_for("invitation")
    hall.glass.tap("face-1")
    hall.glass.wait_for("reasons")
    hall.power_cut()
    assert found_in(hall.stage.folder) == {}
    assert len(hall.ledger("SELECT 1 FROM rater")) == 3


def test_delivered_the_platform_has_them_and_the_pad_does_not(hall: Hall, table: Table) -> None:
    open_with(hall, table, online=True)
    rate_as_three_people(hall, table)
    hall.platform.wait_for(3)
    raw = "".join(row["raw"] for row in hall.received())
    assert all(text in raw for text in PLANTED)
    while hall.clerk.pad()["pending"]:
        pass
    said = "".join(
        padctl(hall, *words) for words in (["status"], ["verify"], ["devices"], ["devices", "--json"])
    )
    assert "collecting" in said
    assert not [text for text in PLANTED if text in said]
    assert hall.ledger("SELECT 1 FROM rater") == [], "purged with the acknowledgement"
    hall.power_cut()
    assert found_in(hall.stage.folder) == {}


def test_neither_program_leaves_a_core_dump(hall: Hall) -> None:
    hall.open()
    for program in (hall.stage.kiosk, hall.stage.syncd):
        assert program is not None
        limits = Path(f"/proc/{program.pid}/limits")
        until(lambda file=limits: "Max core file size        0                    0" in file.read_text())  # type: ignore[misc]
