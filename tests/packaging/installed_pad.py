"""A pad installed on a booted Debian: what technician, clerk's system, citizen and platform do with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kiosk.ui.layout.box import Box
from kiosk.ui.layout.form import Form
from kiosk.ui.layout.invitation import invitation
from kiosk.ui.layout.reasons import reasons
from pad.codes import Level
from tests.packaging.debian_root import DebianRoot

WITHIN_S: Final = 90.0
FORM: Final = Form(1280, 800)
PYTHON: Final = "/opt/window-rating-pad/bin/python3"
XVFB: Final = """[Service]
ExecStart=
ExecStart=/usr/bin/Xvfb :0 -screen 0 1280x800x24 -nolisten tcp -auth /run/pad-screen/xauthority
"""
_ON_THE_SCREEN: Final = ("env", "DISPLAY=:0", "XAUTHORITY=/run/pad-screen/xauthority")
_ASK: Final = """
import sys, urllib.error, urllib.request as r
method, url, body = sys.argv[1:]
head = {"Content-Type": "application/json"}
asked = r.Request(url, method=method, data=body.encode() or None, headers=head)
try:
    print(r.urlopen(asked, timeout=60).read().decode())
except (OSError, urllib.error.HTTPError):
    pass
"""
_RAW: Final = """
import json, sqlite3
db = sqlite3.connect("file:/run/practice/platform.db?mode=ro", uri=True)
print(json.dumps([row[0] for row in db.execute("SELECT raw FROM ratings ORDER BY rowid")]))
"""


def until(what: Callable[[], Any], wanted: Callable[[Any], bool] = bool, within_s: float = WITHIN_S) -> Any:
    """Ask until the answer is as wanted; the answer."""
    ends = time.monotonic() + within_s
    while True:
        answer = what()
        if wanted(answer):
            return answer
        if time.monotonic() > ends:
            raise AssertionError(f"still {answer!r}")
        time.sleep(0.3)


def write(debian: DebianRoot, path: str, text: str) -> None:
    """Put a file there."""
    debian.run("sh", "-c", f"mkdir -p $(dirname {path}); cat > {path}", given=f"{text}\n")


def stand_in_for_a_panel(debian: DebianRoot) -> None:
    """A virtual screen in the place of a graphics card."""
    write(debian, "/etc/systemd/system/pad-screen.service.d/no-card.conf", XVFB)


@dataclass
class InstalledPad:
    """One pad."""

    debian: DebianRoot

    def boot(self) -> None:
        """Switch it on, and wait until a clerk's system can invite."""
        stand_in_for_a_panel(self.debian)
        self.debian.boot()
        self.until_idle()

    def until_idle(self) -> None:
        """Wait until nobody is asked anything and a kiosk is there to say so."""
        until(self.state, lambda told: told.get("state") == "idle")

    # --- the technician -----------------------------------------------------------------------

    def padctl(self, *words: str, code: int = 0) -> str:
        """What a command says; it has to end with ``code``."""
        done = self.debian.run("padctl", *words, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def findings(self, command: str) -> dict[str, dict[str, str]]:
        """What ``padctl status`` or ``doctor`` finds that is not well, by name."""
        told = json.loads(self.debian.run("padctl", command, "--json", check=False).stdout)
        return {each["name"]: each for each in told["findings"] if each["verdict"] in ("warn", "fail")}

    def configure(self, **settings: str) -> None:
        """``padctl config set``, a dot in a key written as two underscores; and what reads it starts anew."""
        for key, value in settings.items():
            self.padctl("config", "set", key.replace("__", "."), value)
        self.debian.run("systemctl", "restart", "kiosk", "syncd")
        self.until_idle()

    def enrol(self, platform: str = "", *more: str) -> None:
        """By a code of the practice platform's."""
        issued = self.control("POST", "/control/enrolments", {"pad": {"hall_name": "大厅", "win_no": "7"}})
        given = ["--platform", platform, "--code", issued["code"]] if platform else ["--code", issued["text"]]
        self.padctl("enrol", *given, "--serial", "SN-1", *more)
        until(lambda: self.is_active("syncd"))
        self.until_idle()

    def is_active(self, unit: str) -> bool:
        """Whether a unit runs."""
        return self.show(unit, "ActiveState") == "active"

    def show(self, unit: str, name: str) -> str:
        """One of systemd's properties of a unit."""
        return self.debian.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.strip()

    def python(self, script: str, *words: str) -> str:
        """What the package's own Python prints."""
        return self.debian.run(PYTHON, "-I", "-c", script, *words).stdout.strip()

    # --- the clerk's system and the citizen ----------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What the counter service says of the window; empty while it does not answer."""
        return self.ask("GET", "http://127.0.0.1:27100/v1/state")

    def ask(self, method: str, url: str, body: object = None) -> dict[str, Any]:
        """A call from the pad's own machine; empty where nobody answers or it is refused."""
        given = "" if body is None else json.dumps(body)
        told = self.debian.run("/usr/bin/python3", "-I", "-c", _ASK, method, url, given).stdout
        return dict(json.loads(told)) if told.strip() else {}

    def rate(self, project_no: str, level: Level = Level.VERY_SATISFIED, **matter: str) -> None:
        """One citizen: taps a face at the window, and submits."""
        self.until_idle()
        body = {"matter": {"project_no": project_no, **matter}}
        asked = until(lambda: self.ask("POST", "http://127.0.0.1:27100/v1/invitations", body))
        url = f"http://127.0.0.1:27100/v1/invitations/{asked['invitation']}"

        def state_of() -> str:
            return str(self.ask("GET", url).get("state"))

        def touched() -> bool:
            self.tap(invitation(FORM, has_code=False).faces[level].button)
            return state_of() != "waiting"

        def submitted() -> bool:
            self.tap(reasons(FORM, 3).submit)
            return state_of() == "rated"

        until(touched)
        until(submitted)

    def tap(self, box: Box) -> None:
        """Press and let go in the middle of something on the real screen."""
        x, y = round(box.left + box.width / 2), round(box.top + box.height / 2)
        self.debian.run(*_ON_THE_SCREEN, "xdotool", "mousemove", str(x), str(y), "click", "1")

    # --- the platform --------------------------------------------------------------------------

    def practise(self) -> None:
        """Start the package's own practice platform on this machine."""
        self.debian.run(
            "systemd-run", "--unit=practice", "--setenv=SANDBOX_STATE=/run/practice", "/usr/bin/sandbox"
        )
        until(lambda: self.control("GET", "/control/summary"))

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A call to the practice platform's control side."""
        return self.ask(method, f"http://127.0.0.1:27501{path}", body)

    def delivered(self, count: int) -> list[dict[str, Any]]:
        """What the platform has on this machine, each rating as it came, once there are so many."""
        until(
            lambda: self.control("GET", f"/control/received?count={count}&wait=20").get("count"),
            lambda got: got == count,
        )
        return [json.loads(raw) for raw in json.loads(self.python(_RAW))]
