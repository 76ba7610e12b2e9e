"""The real kiosk in a real window, on a disk without room: the screen says so, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.hall.stage import Plan
from tests.disk.mounts import SmallDisk
from tests.hall.conftest import QUICK, Hall


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "state", mib=16)
    yield disk
    disk.remove()


def test_a_pad_on_a_full_disk_starts_says_so_and_goes_on_when_there_is_room(
    small_disk: SmallDisk, build_hall: Callable[[Plan], Hall]
) -> None:
    hall = build_hall(replace(QUICK, rules=(*QUICK.rules, ("settle_s", 0.2))))
    config = hall.stage.config
    config.write_text(config.read_text(encoding="utf-8") + "[ledger]\nmin_free_mib = 1\n", encoding="utf-8")
    hall.open()
    hall.rate("P0", 5)
    hall.platform.wait_for(1)
    hall.power_cut()
    small_disk.fill()
    hall.glass = hall.stage.start_kiosk(hall._display)
    hall.stage.start_syncd()
    hall.glass.wait_for("cannot_store")
    assert hall.clerk.pad()["state"] == "cannot_store"
    refused = hall.clerk.call("POST", "/v1/invitations", {"matter": {"project_no": "P1"}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "cannot_store")
    small_disk.make_room()
    hall.glass.wait_for("idle")
    invitation = hall.clerk.invite({"project_no": "P1"})
    hall.glass.wait_for("invitation", lambda shown: shown.visit == invitation)
    hall.glass.tap("face-1")
    hall.glass.wait_for("reasons", lambda shown: "decline" in shown.enabled)
    small_disk.fill()
    hall.glass.tap("decline")
    hall.glass.wait_for("cannot_store")
    small_disk.make_room()
    hall.glass.wait_for("thanks")
    hall.platform.wait_for(2)
    assert hall.reckoning().is_right
    assert [row["kind"] for row in hall.ledger("SELECT kind FROM journal")].count("disk_full") == 2
