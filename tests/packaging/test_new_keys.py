"""New keys on an installed pad, where root has the keys and programs are handed them when they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from tests.packaging.installed_pad import InstalledPad, until, write

pytestmark = [pytest.mark.package, pytest.mark.timeout(1200)]

NAMES: Final = ("欧阳明月", "王芳", "司马相如", "李四")


def rate(pad: InstalledPad, *numbers: int) -> None:
    for number in numbers:
        pad.rate(f"P{number}", user_name=NAMES[number % len(NAMES)], mobile=f"1381234{number:04d}")


def assert_delivered(pad: InstalledPad, count: int) -> None:
    """All of them, each with name and number, and the chain holds."""
    told = pad.delivered(count)
    assert len(told) == count
    for each in told:
        number = int(each["projectNo"].removeprefix("P"))
        assert (each["name"], each["mobile"]) == (NAMES[number % len(NAMES)], f"1381234{number:04d}")
    said = pad.padctl("verify")
    assert f"to row {count}" in said


def keys(pad: InstalledPad) -> Sequence[str]:
    told = pad.debian.run("find", "/var/lib/pad/keys", "-name", "*.key", "-printf", "%P %m %u\n").stdout
    found = [line.split() for line in told.splitlines()]
    assert {(mode, owner) for name, mode, owner in found} == {("600", "root")}
    return sorted(name for name, *_ in found if name.startswith(("chain", "sealing")))


def test_keys_are_changed_between_ratings_and_everything_arrives_with_who_rated(
    enrolled: InstalledPad,
) -> None:
    pad = enrolled
    rate(pad, 1, 2)
    said = pad.padctl("keys", "rotate")
    assert "new keys from row 3 on (chain 2, sealing 2)" in said
    assert "kiosk and syncd started anew" in said
    rate(pad, 3)
    pad.debian.run("systemctl", "stop", "syncd")
    rate(pad, 4)
    said = pad.padctl("keys", "rotate")
    assert "new keys from row 5 on (chain 3, sealing 3)" in said
    assert not pad.is_active("syncd"), "what did not run is not started"
    rate(pad, 5)
    pad.debian.run("systemctl", "start", "syncd")
    assert_delivered(pad, 5)
    said = pad.padctl("verify")
    assert "at row 3" in said
    assert "at row 5" in said
    assert keys(pad) == [
        "chain.key", "chain/2.key", "chain/3.key", "sealing.key", "sealing/2.key", "sealing/3.key",
    ]  # fmt: skip
    assert "modes" not in pad.findings("doctor")


def test_old_sealing_keys_leave_once_nothing_is_sealed_with_them_and_root_takes_them(
    enrolled: InstalledPad,
) -> None:
    pad = enrolled
    pad.configure(ledger__rater_retention_days="1")
    rate(pad, 1)
    pad.padctl("keys", "rotate")
    assert_delivered(pad, 1)
    pad.debian.run("systemctl", "start", "pad-housekeeping")
    until(lambda: pad.show("pad-spent-keys", "ExecMainExitTimestampMonotonic"), lambda told: told != "0")
    assert "sealing.key" in keys(pad), "what is kept for another day is sealed with it"
    pad.configure(ledger__rater_retention_days="0")
    pad.debian.run("systemctl", "start", "pad-housekeeping")
    assert pad.show("pad-housekeeping", "Result") == "success"
    until(lambda: keys(pad), lambda told: "sealing.key" not in told)
    assert keys(pad) == ["chain.key", "chain/2.key", "sealing/2.key"]
    assert pad.show("pad-spent-keys", "Result") == "success"
    pad.debian.run("systemctl", "restart", "kiosk", "syncd")
    rate(pad, 2)
    assert_delivered(pad, 2)


def test_a_rotation_that_fails_half_way_leaves_a_pad_that_rates_and_delivers(enrolled: InstalledPad) -> None:
    pad = enrolled
    rate(pad, 1)
    full = "/var/lib/pad/keys/chain"
    pad.debian.run("mount", "-t", "tmpfs", "-o", "ro,mode=711", "tmpfs", full)
    said = pad.padctl("keys", "rotate", code=1)
    assert f"{full}/" in said
    assert "cannot be written" in said
    assert "started anew with the keys that are there" in said
    assert keys(pad) == ["chain.key", "sealing.key", "sealing/2.key"], "one of two"
    rate(pad, 2)
    assert_delivered(pad, 2)
    pad.debian.run("umount", full)
    assert "new keys from row 3 on (chain 2, sealing 3)" in pad.padctl("keys", "rotate")
    rate(pad, 3)
    assert_delivered(pad, 3)


OLD_UNIT: Final = """[Service]
LoadCredential=
LoadCredential=chain.key:/var/lib/pad/keys/chain.key
LoadCredential=sealing.key:/var/lib/pad/keys/sealing.key
"""
HOLD: Final = """
import sqlite3, time
db = sqlite3.connect("/var/lib/pad/ledger.db", isolation_level=None)
db.execute("BEGIN IMMEDIATE")
time.sleep(600)
"""


TERMINAL_GONE: Final = """
padctl keys rotate & padctl=$!
until systemctl is-active -q pad-stopped || systemctl show pad-stopped -p ActiveState | grep -q activating; do
    kill -0 $padctl || exit 0
done
kill -9 $padctl
"""
ROTATION_GONE: Final = """
padctl keys rotate & padctl=$!
until systemctl show pad-stopped -p SubState | grep -qx SubState=start; do
    kill -0 $padctl || exit 3
done
systemctl kill --signal=KILL pad-stopped
systemctl stop hold
wait $padctl
"""


def test_killed_in_the_middle_the_programs_are_back_by_themselves(enrolled: InstalledPad) -> None:
    pad = enrolled
    rate(pad, 1)
    before = pad.show("kiosk", "MainPID")
    pad.debian.run("sh", "-c", TERMINAL_GONE)
    until(lambda: pad.show("kiosk", "MainPID"), lambda now: now not in ("0", before))
    rate(pad, 2)
    assert_delivered(pad, 2)
    known = keys(pad)
    before = pad.show("kiosk", "MainPID")
    pad.debian.run("systemd-run", "--unit=hold", "/usr/bin/python3", "-I", "-c", HOLD)
    done = pad.debian.run("sh", "-c", ROTATION_GONE, check=False)
    assert "started anew with the keys that are there" in done.stderr
    assert done.returncode == 1
    assert keys(pad) == known, "it waited for the ledger, which somebody else wrote to"
    assert pad.show("kiosk", "MainPID") not in ("0", before)
    rate(pad, 3)
    assert_delivered(pad, 3)


def test_a_unit_that_hands_no_new_keys_over_is_found_out_and_writes_nothing_with_the_old_ones(
    enrolled: InstalledPad,
) -> None:
    pad = enrolled
    rate(pad, 1)
    # a unit somebody has changed: it hands over what it used to, so the kiosk may write nothing with it
    drop_in = "/etc/systemd/system/kiosk.service.d/old.conf"
    write(pad.debian, drop_in, OLD_UNIT)
    pad.debian.run("systemctl", "daemon-reload")
    said = pad.padctl("keys", "rotate", code=1)
    assert "the kiosk does not answer after its start" in said
    assert "newer keys than those this program was handed" in pad.padctl("logs", "--unit", "kiosk")
    pad.debian.run("rm", drop_in)
    pad.debian.run("systemctl", "daemon-reload")
    pad.debian.run("systemctl", "restart", "kiosk")
    rate(pad, 2)
    assert_delivered(pad, 2)
