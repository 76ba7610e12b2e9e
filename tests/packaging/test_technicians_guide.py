"""The technician's guide, walked: its own lines, typed on a bare Debian with the package."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.docs.test_technician import commands, fences
from tests.packaging.debian_root import DebianRoot
from tests.packaging.test_package import boot

pytestmark = [pytest.mark.package, pytest.mark.timeout(1200)]

ELSEWHERE: Final = {
    r"ip -brief address|getent hosts platform\.example": "no network leads out of this Debian",
    r"apt-get (update|install .*)": "the fixture has installed it, likewise by apt-get",
    r"sudoedit .*|udevadm .*": "no udev runs in namespaces, and nothing is plugged in",
    r"padctl enrol .* --ca-file .*": "tests/pad/test_enrol_command.py has a city's own authority",
    r"sh /media/stick/install\.sh": "this machine has no number of its own: the next line has it",
    r"padctl pin": "asked for at a terminal; typed here by --stdin",
}
"""Lines of the guide that are not typed as they stand, and why."""
PLATFORM: Final = "http://127.0.0.1:27500/itemised"
STATE: Final = "curl -s http://127.0.0.1:27100/v1/state"
WITHIN_S: Final = 90.0
FACE: Final = (140, 420)
SUBMIT: Final = (1100, 760)


class Walk:
    """Types the guide's lines, and remembers which."""

    def __init__(self, debian: DebianRoot) -> None:
        self._debian = debian
        self.lines = [line.removeprefix("sudo ") for line in commands("en")]
        self.left = [line for line in self.lines if not any(re.fullmatch(known, line) for known in ELSEWHERE)]
        assert len(self.lines) > len(self.left)

    def type(self, pattern: str, code: str = "", exits: tuple[int, ...] = (0,)) -> str:
        """Type the first line left that begins so; what it said."""
        line = next(line for line in self.left if re.match(pattern, line))
        self.left.remove(line)
        for written, meant in (
            ("https://platform.example/gateway", PLATFORM),
            ("ABCD-EFGH", code or "ABCD-EFGH"),
            ("--package ", "--package /mnt/given/"),
        ):
            line = line.replace(written, meant)
        line = line.replace("apt-get re", "apt-get -y re").replace("apt-get p", "apt-get -y p")
        if "--code" in line and "--serial" not in line:
            line += " --serial SN-20260001"  # this machine has none; the guide says what to do then
        return self.run(line, exits)

    def run(self, line: str, exits: tuple[int, ...] = (0,)) -> str:
        """Type any line; what it said."""
        done = self._debian.run("sh", "-c", f"cd /root; {line}", check=False)
        assert done.returncode in exits, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def until(self, line: str, wanted: Callable[[str], bool] = bool) -> str:
        """Type a line until it says what is wanted; what it said."""
        ends = time.monotonic() + WITHIN_S
        while not wanted(said := self._debian.run("sh", "-c", line, check=False).stdout):
            assert time.monotonic() < ends, f"{line}: still {said!r}"
            time.sleep(0.3)
        return said

    def until_idle(self) -> None:
        """Wait for the screen."""
        self.until(STATE, lambda said: '"idle"' in said)

    def code(self) -> str:
        """A fresh code, by the guide's own request."""
        request = next(line for line in self.lines if "27501/control/enrolments" in line)
        told: str = json.loads(self.until(request))["code"]
        return told

    def tap(self, x: int, y: int) -> None:
        """Touch the glass."""
        self.run(
            "export DISPLAY=:0 XAUTHORITY=/run/pad-screen/xauthority; sleep 1; "
            f"xdotool mousemove {x} {y} click 1"
        )


def test_every_line_of_the_guide_does_what_it_says(debian: DebianRoot) -> None:
    debian.run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "curl")
    boot(debian)
    walk = Walk(debian)
    walk.until_idle()
    assert "the PIN is set" in walk.run("echo 274916 | padctl pin --stdin")
    the_devices(walk)
    each_way_to_enrol(walk)
    walk.until_idle()
    walk.until("padctl status", lambda said: said.startswith("all is well"))
    walk.type("padctl status")
    assert "knows this pad's signature" in walk.type("padctl doctor", exits=(0, 1))
    walk.type("tar .*keys")
    the_first_rating(walk)
    what_waits_is_carried_by_a_stick(walk)
    assert "syncd" in walk.type("padctl logs")
    walk.type("padctl bundle")
    the_end_of_its_service(walk)
    assert walk.left == [], "every line was typed"


def the_devices(walk: Walk) -> None:
    """Nothing is plugged in, and it says so."""
    assert "no serial ports" in walk.type("padctl devices")
    for _ in range(4):
        assert "is set" in walk.type("padctl config set")
    for _ in range(2):
        walk.type("systemctl restart kiosk")
    for name in ("scanner", "idcard", "keypad"):
        walk.run(f"padctl config set {name}.port ''")


def each_way_to_enrol(walk: Walk) -> None:
    """By typing and by a stick, at the practice platform."""
    walk.type("systemd-run")
    walk.code()
    walk.type("curl .*27501")
    for _ in range(3):
        told = walk.type("padctl enrol --platform", walk.code())
        assert told.startswith("enrolled "), told
        assert "started anew" in told
    the_stick(walk)


def the_first_rating(walk: Walk) -> None:
    """It is at the platform at once."""
    walk.type("curl .*27100")
    rate(walk)
    walk.until("padctl status", lambda said: "last acknowledged" in said)
    assert "nothing waits" in walk.type("padctl status")


def what_waits_is_carried_by_a_stick(walk: Walk) -> None:
    """While the platform is gone one more is rated; the bundle brings it once it is back."""
    walk.type("systemctl stop practice")
    walk.run(next(line for line in walk.lines if "27100" in line).replace("0001", "0002"))
    rate(walk)
    assert "1 ratings in" in walk.type("padctl export")
    walk.run(next(line for line in walk.lines if line.startswith("systemd-run")))
    walk.code()
    assert re.search(r"(accepted|known already) 1,", walk.type("padctl import /media"))
    walk.type("systemctl stop syncd$")
    walk.type("padctl import --receipts")
    assert "nothing waits" in walk.type("padctl status", exits=(0, 1))


def the_end_of_its_service(walk: Walk) -> None:
    """Removed, ledger and keys stay; purged, they are gone."""
    walk.type("systemctl stop kiosk")
    walk.type("tar .*pad")
    walk.type("apt-get remove")
    assert "ledger.db" in walk.run("ls /var/lib/pad")
    walk.type("apt-get purge")
    walk.left.remove("apt-get purge window-rating-pad")  # after practising: there is nothing left to purge
    assert "ledger.db" not in walk.run("ls /var/lib/pad 2>/dev/null || true")


def the_stick(walk: Walk) -> None:
    """The guide's own sheet, with codes that are some."""
    sheet = next(block for block in fences("en", "text") if block.startswith("serial,mac,code"))
    walk.run(f"cat > pads.csv <<'END'\n{sheet.replace('ABCD-EFGH', walk.code())}END")
    assert "2 pads, each row is good" in walk.type("padctl enrol --file")
    assert "enrolled " in walk.type("sh /media/stick/install.sh --serial")
    walk.run("padctl config set scanner.port ''; systemctl restart kiosk")  # the sheet has one; here is none


def rate(walk: Walk) -> None:
    """The best face, and submit."""
    walk.tap(*FACE)
    walk.tap(*SUBMIT)
    walk.run("sleep 3")


def test_the_guide_and_its_pictures_come_with_the_package(debian: DebianRoot) -> None:
    folder = "/usr/share/doc/window-rating-pad"
    there = debian.run("sh", "-c", f"cd {folder}; ls *.md technician/*").stdout.split()
    docs = Path(__file__).parents[2] / "docs"
    assert {"technician.md", "technician.zh-CN.md"} <= set(there)
    assert {f"technician/{file.name}" for file in (docs / "technician").iterdir()} <= set(there)
