"""A hall of pads: each a booted Debian reached by ssh, and one platform for all of them."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
import yaml

from tests.packaging.debian_root import DebianRoot

ROOT: Final = Path(__file__).parents[2]
PLAYBOOKS: Final = ROOT / "packaging" / "ansible"
BINARIES: Final = Path(sys.executable).parent
WITHIN_S: Final = 90.0
DISPLAY: Final = ("env", "DISPLAY=:0", "XAUTHORITY=/run/pad-screen/xauthority")


def until(what: Callable[[], Any], wanted: Callable[[Any], bool] = bool) -> Any:
    """Ask until the answer is as wanted; the answer."""
    ends = time.monotonic() + WITHIN_S
    while not wanted(answer := what()):
        assert time.monotonic() < ends, f"still {answer!r}"
        time.sleep(0.3)
    return answer


@dataclass(frozen=True)
class Pad:
    """One pad."""

    name: str
    debian: DebianRoot

    @property
    def version(self) -> str:
        """Which package is installed."""
        told = self.debian.run("dpkg-query", "--show", "--showformat=${Version}", "window-rating-pad")
        return told.stdout

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A call of the clerk's system; empty while nobody answers."""
        script = (
            "import json, sys, urllib.request as r\n"
            "method, path, body = sys.argv[1:]\n"
            "asked = r.Request('http://127.0.0.1:27100' + path, method=method, data=body.encode() or None,"
            " headers={'Content-Type': 'application/json'})\n"
            "print(r.urlopen(asked, timeout=30).read().decode())"
        )
        words = ("/usr/bin/python3", "-c", script, method, path, "" if body is None else json.dumps(body))
        told = self.debian.run(*words, check=False).stdout
        return dict(json.loads(told)) if told else {}

    def invite(self, project_no: str) -> str:
        """Have the faces shown; the invitation."""
        until(lambda: self.ask("GET", "/v1/state"), lambda told: told.get("state") == "idle")
        body = {"matter": {"project_no": project_no}}
        return str(until(lambda: self.ask("POST", "/v1/invitations", body))["invitation"])

    def press(self, key: str) -> None:
        """Press a key of the key pad that types."""
        self.debian.run(*DISPLAY, "xdotool", "key", key)

    def rate(self, project_no: str) -> None:
        """One citizen: taps a face and walks away."""
        invitation = self.invite(project_no)
        while self._state(invitation) == "waiting":
            self.press("5")
        until(lambda: self._state(invitation), lambda told: told == "rated")

    def _state(self, invitation: str) -> str:
        return str(self.ask("GET", f"/v1/invitations/{invitation}").get("state"))

    def stored(self) -> list[str]:
        """The project numbers in the ledger."""
        script = (
            "import sqlite3\n"
            "db = sqlite3.connect('file:/var/lib/pad/ledger.db?mode=ro', uri=True)\n"
            "print(*[row[0] for row in db.execute('SELECT project_no FROM ratings ORDER BY seq')])"
        )
        return self.debian.run("/usr/bin/python3", "-c", script).stdout.split()


@dataclass(frozen=True)
class Run:
    """What a playbook came to."""

    code: int
    said: str

    def changed(self) -> dict[str, int]:
        """How much was changed, by pad."""
        recap = self.said.partition("PLAY RECAP")[2]
        lines = [line.split() for line in recap.splitlines() if "changed=" in line]
        return {line[0]: int(next(w for w in line if w.startswith("changed="))[8:]) for line in lines}


@dataclass(frozen=True)
class Hall:
    """All of it."""

    pads: Sequence[Pad]
    folder: Path
    packages: Path
    control: str

    def codes(self) -> dict[str, str]:
        """A fresh one-time code for each pad, as the platform gives them out."""
        issued = {}
        for pad in self.pads:
            window = {"hall_name": "测试大厅", "win_no": pad.name[-1]}
            given = requests.post(
                f"{self.control}/control/enrolments", json={"pad": window, "device": pad.name}, timeout=20
            )
            given.raise_for_status()
            issued[pad.name] = given.json()["code"]
        return issued

    def delivered(self, count: int) -> list[str]:
        """The project numbers the platform has, once there are so many."""
        told = requests.get(f"{self.control}/control/received?count={count}&wait=60", timeout=90).json()
        return sorted(each["project_no"] for each in told["received"])

    def play(self, book: str, *more: str, **given: object) -> Run:
        """Run a playbook as a technician would."""
        words = [str(BINARIES / "ansible-playbook"), book, "-i", str(self.folder / "hosts.yml"), *more]
        if given:
            words += ["-e", json.dumps(given)]
        environment = {
            **os.environ, "HOME": str(self.folder), "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8",
            # short: it names sockets
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "c"),
        }  # fmt: skip
        done = subprocess.run(
            words, cwd=PLAYBOOKS, env=environment, capture_output=True, text=True, check=False, timeout=1500
        )
        with (self.folder / "log").open("a") as log:
            log.write(f"\n$ {shlex.join(words[1:])}\n{done.stdout}{done.stderr}")
        return Run(done.returncode, done.stdout + done.stderr)


@contextmanager
def opened(
    folder: Path, pads: Sequence[Pad], packages: Path, variables: Mapping[str, object]
) -> Iterator[Hall]:
    """Everything running: pads, their way to the platform, the platform."""
    with ExitStack() as ends:
        ports = free_port(), free_port()
        settings = folder / "sandbox.toml"
        settings.write_text(f'port = {ports[0]}\ncontrol_port = {ports[1]}\nstate = "{folder}/platform"\n')
        sandbox = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--config", str(settings)], cwd=ROOT, stdout=subprocess.PIPE
        )
        ends.callback(_end, sandbox)
        assert sandbox.stdout is not None
        assert sandbox.stdout.readline(), "the platform did not start"
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        hosts = {}
        for pad in pads:
            ends.callback(pad.debian.end)
            pad.debian.boot()
            _let_in(pad, key)
            # sshd is started in the pad's namespaces, its connection a pipe: pads need no network of ours
            proxy = shlex.join([*pad.debian.entering(), "/usr/sbin/sshd", "-i"])
            options = (
                f"-o ProxyCommand='{proxy}' -o IdentityFile={key} -o IdentitiesOnly=yes"
                " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
            )
            hosts[pad.name] = {
                "ansible_host": pad.name,
                "ansible_ssh_common_args": options,
                "window_rating_pad_serial": f"SN-{pad.name}",
            }
            # the platform speaks plain http, which pads take from their own machine alone
            away = f"127.0.0.1:{ports[0]}:127.0.0.1:{ports[0]}"
            tunnel = subprocess.Popen(
                ["ssh", *shlex.split(options), "-N", "-R", away, f"technician@{pad.name}"],
                stdin=subprocess.DEVNULL,
            )
            ends.callback(_end, tunnel)
        shared = {
            "ansible_user": "technician",
            "window_rating_pad_platform": f"http://127.0.0.1:{ports[0]}/itemised",
            **variables,
        }
        inventory = {"pads": {"hosts": hosts, "vars": shared}}
        (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
        yield Hall(pads, folder, packages, f"http://127.0.0.1:{ports[1]}")


def _let_in(pad: Pad, key: Path) -> None:
    """A technician who logs in with his key and uses sudo."""
    public = key.with_suffix(".pub").read_text().strip()
    script = (
        "install -d -m 0755 /run/sshd && install -d -o technician -m 0700 /home/technician/.ssh && "
        "cd /home/technician/.ssh && "
        f"echo '{public}' > authorized_keys && chown technician authorized_keys"
    )
    pad.debian.run("sh", "-c", script)


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
