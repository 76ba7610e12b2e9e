"""The package on a bare Debian: installed, started, upgraded, removed, purged, each for real."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from pad.ledger.connection import SCHEMA_VERSION
from tests.packaging.debian_root import DebianRoot
from tests.packaging.installed_pad import stand_in_for_a_panel, until, write

pytestmark = [pytest.mark.package, pytest.mark.timeout(1200)]


def state(debian: DebianRoot) -> dict[str, Any]:
    """What the counter service inside says of the window; empty while it does not answer."""
    ask = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:27100/v1/state').read().decode())"
    told = debian.run("/opt/window-rating-pad/bin/python3", "-I", "-c", ask, check=False).stdout
    return json.loads(told) if told else {}


def boot(debian: DebianRoot) -> None:
    """Start the system, a virtual screen in the place of a graphics card."""
    stand_in_for_a_panel(debian)
    debian.boot()


def test_a_fresh_installation_takes_ratings_under_users_of_its_own(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    status = debian.run("cat", f"/proc/{pid(debian, 'kiosk')}/status").stdout
    kiosk = debian.run("id", "-u", "pad-kiosk").stdout.strip()
    assert f"Uid:\t{kiosk}\t{kiosk}\t{kiosk}\t{kiosk}" in status
    modes = debian.run(
        "stat", "-c", "%n %a %U:%G", "/var/lib/pad", "/var/lib/pad/ledger.db", "/etc/pad/pad.toml"
    )
    assert modes.stdout.split("\n")[:3] == [
        "/var/lib/pad 2770 root:pad",
        "/var/lib/pad/ledger.db 660 pad-kiosk:pad",
        "/etc/pad/pad.toml 640 root:pad",
    ]
    keys = debian.run("stat", "-c", "%a %U", "/var/lib/pad/keys/chain.key", "/var/lib/pad/keys/sealing.key")
    assert keys.stdout.split() == ["600", "root", "600", "root"]


def test_delivery_waits_for_the_enrolment(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    told = debian.run("systemctl", "show", "syncd", "--property=ConditionResult,ActiveState").stdout
    assert "ConditionResult=no" in told
    assert "ActiveState=inactive" in told


def test_a_kiosk_that_is_killed_is_back_and_the_screen_stays(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    screen = pid(debian, "pad-screen")
    before = pid(debian, "kiosk")
    debian.run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "kiosk")
    until(lambda: pid(debian, "kiosk"), lambda now: now not in (0, before))
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    assert pid(debian, "pad-screen") == screen


def test_a_screen_that_dies_comes_back_with_its_kiosk(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    before = pid(debian, "kiosk")
    debian.run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "pad-screen")
    until(lambda: pid(debian, "kiosk"), lambda now: now not in (0, before))
    until(lambda: state(debian), lambda told: told.get("state") == "idle")


def pid(debian: DebianRoot, unit: str) -> int:
    """The main process of a unit; 0 if there is none."""
    return int(debian.run("systemctl", "show", unit, "--property=MainPID", "--value").stdout)


def python(debian: DebianRoot, script: str) -> str:
    """What the package's own Python prints."""
    done = debian.run("/opt/window-rating-pad/bin/python3", "-I", "-c", script)
    return done.stdout.strip()


CONTROL: Final = """
import json, urllib.request as r
body = json.dumps({"pad": {"hall_name": "新大厅", "win_no": "B12"}, "device": "pad-7"}).encode()
print(json.load(r.urlopen(r.Request("http://127.0.0.1:27501/control/enrolments", data=body)))["text"])
"""
LEAVE: Final = """
import os, sys, pathlib
from pad import enrolment
from pad.enrolment import request
os.setgid(__import__("grp").getgrnam("pad").gr_gid); os.setgroups([])
os.setuid(__import__("pwd").getpwnam({user!r}).pw_uid)
print(request.ask(request.folder(pathlib.Path("/var/lib/pad")), enrolment.parse({text!r})))
"""


def test_enrolled_by_code_the_pad_delivers_and_keeps_the_modes(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    debian.run("systemd-run", "--unit=practice", "/usr/bin/sandbox")
    text = until(lambda: _try(debian, CONTROL))
    done = debian.run("padctl", "enrol", "--code", text, "--serial", "SN-1")
    assert "kiosk and syncd started anew" in done.stdout
    modes = debian.run("stat", "-c", "%a %U:%G", "/etc/pad/pad.toml", "/var/lib/pad/keys/app_word").stdout
    assert modes.splitlines() == ["640 root:pad", "600 root:root"]
    until(lambda: is_active(debian, "syncd"))
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    beats = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:27501/control/heartbeats').read().decode())"
    until(lambda: python(debian, beats), lambda told: '"pad-7"' in told)


def test_what_the_screens_user_asks_for_root_does_and_nobody_elses(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    debian.run("systemd-run", "--unit=practice", "/usr/bin/sandbox")
    text = until(lambda: _try(debian, CONTROL))
    refused = debian.run(
        "/opt/window-rating-pad/bin/python3",
        "-I",
        "-c",
        LEAVE.format(user="pad-syncd", text=text),
        check=False,
    )
    assert "PermissionError" in refused.stderr
    kiosk = pid(debian, "kiosk")
    # this machine has neither a maker's number nor a network interface of its own
    write(debian, "/etc/default/window-rating-pad", "PAD_SERIAL=SN-1")
    asked = python(debian, LEAVE.format(user="pad-kiosk", text=text))
    result = until(lambda: debian.run("cat", "/run/pad-enrol/told/result.json", check=False).stdout)
    assert json.loads(result) == {
        "id": asked, "outcome": "enrolled", "device": "pad-7", "hall_name": "新大厅", "win_no": "B12",
    }  # fmt: skip
    until(lambda: is_active(debian, "syncd"))
    assert 'device_id = "pad-7"' in debian.run("cat", "/etc/pad/pad.toml").stdout
    modes = debian.run(
        "stat", "-c", "%a %U:%G", "/etc/pad/pad.toml", "/run/pad-enrol/told/result.json"
    ).stdout
    assert modes.splitlines() == ["640 root:pad", "640 root:pad"]
    assert debian.run("ls", "-A", "/run/pad-enrol/asked").stdout == ""
    assert pid(debian, "kiosk") == kiosk, "it ends by itself, once the technician leaves its page"


def is_active(debian: DebianRoot, unit: str) -> bool:
    return debian.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active"


def _try(debian: DebianRoot, script: str) -> str:
    return debian.run("/opt/window-rating-pad/bin/python3", "-I", "-c", script, check=False).stdout.strip()


def test_an_upgrade_keeps_settings_and_ledger(debian: DebianRoot, package: Path) -> None:
    debian.run("sed", "-i", 's/^win_no = .*/win_no = "7"/', "/etc/pad/pad.toml")
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    before = debian.run("sha256sum", "/etc/pad/pad.toml", "/var/lib/pad/keys/chain.key").stdout
    later = later_version(package)
    debian.run("apt-get", "install", "-y", f"/mnt/given/{later.name}")
    assert debian.run("dpkg-query", "-W", "-f=${Version}", "window-rating-pad").stdout == "99.0"
    assert debian.run("sha256sum", "/etc/pad/pad.toml", "/var/lib/pad/keys/chain.key").stdout == before
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    assert debian.run("padctl", "verify").returncode == 0


def test_removal_keeps_the_ledger_and_purge_says_what_it_deletes(debian: DebianRoot) -> None:
    boot(debian)
    until(lambda: state(debian), lambda told: told.get("state") == "idle")
    removed = debian.run("apt-get", "remove", "-y", "window-rating-pad")
    assert "the ledger and its keys stay in /var/lib/pad" in removed.stdout
    assert debian.run("test", "-s", "/var/lib/pad/ledger.db").returncode == 0
    assert debian.run("systemctl", "is-active", "kiosk", check=False).stdout.strip() != "active"
    purged = debian.run("apt-get", "purge", "-y", "window-rating-pad").stdout
    assert "/var/lib/pad/ledger.db" in purged
    assert "/etc/pad/pad.toml" in purged
    assert (
        debian.run("sh", "-c", "ls -d /var/lib/pad /etc/pad /opt/window-rating-pad", check=False).stdout == ""
    )


def test_the_package_says_which_ledger_it_can_read(package: Path) -> None:
    told = subprocess.run(
        ["dpkg-deb", "--field", str(package), "Ledger-Schema"], capture_output=True, text=True, check=True
    )
    assert int(told.stdout) == SCHEMA_VERSION, "packaging/ansible asks before it goes back to an earlier one"


def later_version(package: Path) -> Path:
    """The same package as version 99.0."""
    later = package.with_name("later.deb")
    if not later.exists() or later.stat().st_mtime < package.stat().st_mtime:
        folder = package.parents[1] / "build" / "later"
        script = (
            f"rm -rf {folder} && dpkg-deb -R {package} {folder}"
            f" && sed -i 's/^Version: .*/Version: 99.0/' {folder}/DEBIAN/control"
            f" && dpkg-deb --root-owner-group -Zgzip -z1 -b {folder} {later} && rm -rf {folder}"
        )
        subprocess.run(["sh", "-c", script], check=True, capture_output=True)
    return later
