"""Parts pulled out of a pad in use: status and doctor name each and its next step; put back, all is well."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from cryptography import x509

from pad.clock import ntp_synchronised
from pad.model import CHINA_TIME
from tests.clock.on_a_clock import LIBRARY
from tests.packaging.debian_root import DebianRoot
from tests.packaging.front_door import CITY, PORT, Cable, FrontDoor, Mood
from tests.packaging.installed_pad import InstalledPad, until, write
from tests.syncd.authority import Authority, around

pytestmark = [pytest.mark.package, pytest.mark.timeout(1200)]

ROOT: Final = Path(__file__).parents[2]
PLATFORM: Final = f"https://{CITY}:{PORT}/itemised"
QUICK: Final = {
    "sync__backoff_cap_s": "5",
    "sync__connect_timeout_s": "2",
    "idcard__port": "/run/devices/idcard",
    "voice__enabled": "false",
}
"""So that nobody waits for long until a pad tries again."""
LINES_OF_PRACTICE: Final = "[Service]\nDeviceAllow=char-pts rw\n"
WRONG_CLOCK: Final = {
    "LD_PRELOAD": "/usr/lib/libfaketime.so",
    "FAKETIME": "+5h",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}


@dataclass
class FarPad(InstalledPad):
    """A pad whose platform is elsewhere, at the other end of a cable, behind TLS."""

    cable: Cable
    door: FrontDoor
    control_side: str

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The practice platform runs on the machine of the tests."""
        answer = requests.request(method, self.control_side + path, json=body, timeout=60)
        answer.raise_for_status()
        return dict(answer.json())

    def told(self) -> dict[str, dict[str, dict[str, str]]]:
        """What either command finds wrong."""
        return {command: self.findings(command) for command in ("status", "doctor")}

    def arrives(self, count: int) -> list[dict[str, Any]]:
        """The ratings the platform has, once there are so many."""
        path = f"/control/received?count={count}&wait=30"
        found = until(lambda: self.control("GET", path), lambda told: told["count"] == count)
        return list(found["received"])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The practice platform on this machine: its port and its control side's."""
    folder = tmp_path_factory.mktemp("platform")
    ports = _free_port(), _free_port()
    (folder / "sandbox.toml").write_text(
        f'port = {ports[0]}\ncontrol_port = {ports[1]}\nstate = "{folder}/state"\n'
    )
    words = [sys.executable, "-m", "sandbox", "--config", str(folder / "sandbox.toml")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        yield ports
        running.terminate()


@pytest.fixture(scope="module")
def far(
    installed: DebianRoot, package: Path, platform: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarPad]:
    """One pad for all, enrolled and in use."""
    debian = DebianRoot(tmp_path_factory.mktemp("far"), [installed.upper, *installed.layers], package.parent)
    city = Authority(tmp_path_factory.mktemp("city") / "ca", around(datetime.now(UTC)))
    host = x509.IPAddress(IPv4Address(CITY))
    assert LIBRARY is not None, "libfaketime is missing: make setup installs it"
    shutil.copyfile(LIBRARY, debian.upper / "libfaketime.so")
    write(debian, "/etc/systemd/system/kiosk.service.d/practice.conf", LINES_OF_PRACTICE)
    pad = InstalledPad(debian)
    pad.boot()
    cable = Cable(debian)
    door = FrontDoor(city.issue("gateway", around(datetime.now(UTC)), host=host), platform[0])
    found = FarPad(debian, cable, door, f"http://127.0.0.1:{platform[1]}")
    try:
        debian.run("mv", "/libfaketime.so", "/usr/lib/libfaketime.so")
        write(debian, "/root/city.pem", city.ca.read_text())
        found.enrol(PLATFORM, "--ca-file", "/root/city.pem")
        plug_devices(found)
        found.configure(platform__url=PLATFORM, **QUICK)
        yield found
    finally:
        door.end()
        cable.away()
        debian.end()


def plug_devices(pad: FarPad) -> None:
    """A window's devices, each a terminal that acts as one; udev's part of it is done here."""
    write(pad.debian, "/run/words", "")
    pad.debian.run(
        "systemd-run", "--unit=window", "sh", "-c",
        "tail -f /run/words | /usr/bin/sandbox devices --folder /run/devices",
    )  # fmt: skip
    let_in(pad)


def let_in(pad: FarPad) -> None:
    until(
        lambda: pad.debian.run(
            "sh", "-c", "chmod 666 $(readlink -e /run/devices/idcard)", check=False
        ).returncode == 0
    )  # fmt: skip


@pytest.fixture
def well(far: FarPad, request: pytest.FixtureRequest) -> FarPad:
    """The pad as it is while nothing is pulled out: a rating arrives, and nothing of the parts is named."""
    assert_well(far)
    before = far.control("GET", "/control/received")["count"]
    far.rate(request.node.name[:50])
    far.arrives(before + 1)
    assert_well(far)
    return far


PARTS: Final = {"network", "tcp", "tls", "platform", "sending", "waiting", "collecting", "room", "kiosk",
                "devices", "clock", "clock_offset", "syncd", "units", "ledger"}  # fmt: skip


def assert_well(pad: FarPad) -> None:
    """Neither names any part that is ever pulled out here; a panel and a PIN are not there anyway."""

    def wrong() -> dict[str, set[str]]:
        return {command: PARTS & set(found) for command, found in pad.told().items()}

    until(wrong, lambda named: not any(named.values()))


def named(pad: FarPad, command: str, name: str, found: str, step: str) -> None:
    """Wait until a command names a part, in JSON and in words, with its next step."""

    def says() -> str:
        each = pad.findings(command).get(name, {})
        return f"{each.get('found')} → {each.get('next_step')}"

    until(says, lambda told: found in told.partition(" → ")[0] and step in told.partition(" → ")[2])
    words = " ".join(pad.debian.run("padctl", command, check=False).stdout.split())
    assert " ".join(found.split()) in words
    assert " ".join(step.split()) in words


def rate_unheard(pad: FarPad, number: str) -> int:
    """A rating that cannot go out; how many have arrived before."""
    before = int(pad.control("GET", "/control/received")["count"])
    pad.rate(number)
    return before


def test_the_network_cable(well: FarPad) -> None:
    well.cable.pull()
    try:
        named(well, "status", "network", "no interface that is up has an address", "check the cable")
        named(well, "doctor", "network", "no interface that is up has an address", "check the cable")
        named(well, "doctor", "tcp", f"{CITY} port {PORT} does not open", "check cable and gateway")
        before = rate_unheard(well, "cable")
        named(well, "status", "sending", "no ", "padctl doctor says where the line breaks; nothing is lost")
    finally:
        well.cable.put_back()
    well.arrives(before + 1)
    assert_well(well)


def test_a_platform_that_is_stopped(well: FarPad) -> None:
    well.door.set(Mood.SHUT)
    try:
        named(well, "doctor", "tcp", "does not open (Connection refused)", "if others reach it")
        before = rate_unheard(well, "stopped")
        named(well, "status", "sending", "refused", "padctl doctor says where the line breaks")
    finally:
        well.door.set(Mood.OPEN)
    well.arrives(before + 1)
    assert_well(well)


def test_a_platform_that_answers_with_a_page_to_log_in_at(well: FarPad) -> None:
    well.door.set(Mood.LOGIN_PAGE)
    try:
        named(well, "doctor", "platform", "a page of another make", "must somebody log in")
        before = rate_unheard(well, "login")
        named(
            well, "status", "sending", "a body that is no answer", "padctl doctor says where the line breaks"
        )
    finally:
        well.door.set(Mood.OPEN)
    well.arrives(before + 1)
    assert_well(well)


def test_the_card_reader(well: FarPad) -> None:
    well.debian.run("sh", "-c", "echo unplug idcard >> /run/words")
    try:
        for command in ("status", "doctor"):
            named(well, command, "devices", "idcard: /run/devices/idcard lost", "plug it in")
        said = well.debian.run("padctl", "devices", check=False)
        assert said.returncode == 1
        before = rate_unheard(well, "no reader")
        well.arrives(before + 1)
    finally:
        well.debian.run("sh", "-c", "echo plug idcard >> /run/words")
        let_in(well)
    assert_well(well)


FILL: Final = """
import os
free = os.statvfs("/var/lib/pad")
with open("/var/lib/pad/somebody's film", "wb") as film:
    film.write(bytes(max(0, free.f_bavail * free.f_frsize - 20 * 1024 * 1024)))
"""
SMALL_DISK: Final = """
systemctl stop kiosk syncd
cp -a /var/lib/pad /run/moving
mount -t tmpfs -o size=160m,mode=2770,gid=pad tmpfs /var/lib/pad
cp -a /run/moving/. /var/lib/pad/
rm -r /run/moving
systemctl start kiosk syncd
"""
LARGE_DISK: Final = """
systemctl stop kiosk syncd
cp -a /var/lib/pad /run/moving
umount /var/lib/pad
cp -a /run/moving/. /var/lib/pad/
rm -r /run/moving
systemctl start kiosk syncd
"""


def test_room_on_the_disk(well: FarPad) -> None:
    well.debian.run("sh", "-ec", SMALL_DISK)
    well.until_idle()
    before = well.control("GET", "/control/received")["count"]
    try:
        well.python(FILL)
        named(well, "status", "collecting", "the kiosk takes no ratings: ", "make room or replace the disk")
        named(well, "doctor", "room", "MiB are free, 64 must be", "no rating is taken until there is room")
        named(well, "doctor", "kiosk", "it cannot store ratings", "see room and ledger here")
        assert well.state()["state"] == "cannot_store"
    finally:
        well.debian.run("rm", "/var/lib/pad/somebody's film")
    well.rate("room again")
    well.arrives(before + 1)
    # little room on so small a disk, which doctor says, and all the rest is well
    until(well.told, lambda told: PARTS & {*told["status"], *told["doctor"]} <= {"room"})
    well.debian.run("sh", "-ec", LARGE_DISK)
    well.until_idle()
    assert_well(well)


def test_a_clock_that_is_hours_wrong(well: FarPad) -> None:
    drop_ins = [f"/etc/systemd/system/{unit}.service.d/wrong-clock.conf" for unit in ("kiosk", "syncd")]
    before = well.control("GET", "/control/received")["count"]
    for file in drop_ins:
        lines = [f'Environment="{name}={value}"' for name, value in WRONG_CLOCK.items()]
        write(well.debian, file, "\n".join(["[Service]", *lines]))
    well.debian.environment = WRONG_CLOCK
    try:
        start_anew(well)
        well.rate("wrong clock")
        (*_, last) = well.arrives(before + 1)
        told = datetime.fromisoformat(last["assess_time"]).replace(tzinfo=CHINA_TIME)
        assert abs((datetime.now(UTC) - told).total_seconds()) < 300, "dated by the platform's clock"
        step = "name a time server in /etc/systemd/timesyncd.conf; times sent follow the platform's clock"
        named(well, "doctor", "clock_offset", "this machine's clock is +18000", step)
        if not ntp_synchronised():  # of this machine, whose kernel the pad shares
            named(well, "status", "clock", "the machine's own is +18000 s off", step)
    finally:
        well.debian.environment = {}
        well.debian.run("rm", *drop_ins)
        start_anew(well)
    assert_well(well)


def start_anew(pad: FarPad) -> None:
    pad.debian.run("systemctl", "daemon-reload")
    pad.debian.run("systemctl", "restart", "kiosk", "syncd")
    pad.until_idle()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
