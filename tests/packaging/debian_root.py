"""A Debian 12 of its own in a folder: made bare, changed in layers, and booted with its own systemd.

Needs root, debootstrap and overlayfs. Everything that is mounted or started is in namespaces that end with
the first process in them, and that one ends with :meth:`DebianRoot.end` or with whoever started it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_BOOT_WITHIN_S: Final = 120.0
_INSIDE: Final = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"
}  # fmt: skip
_SPACES: Final = ("--mount", "--pid", "--uts", "--ipc")
_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL")
"""The kernel ends what is started so when the process that started it ends, however it does."""

_LAY: Final = """
set -e
root=$1
mount -t overlay overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
for folder in run tmp dev; do mount -t tmpfs -o mode=1755 tmpfs "$root/$folder"; done
chmod 1777 "$root/tmp"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/mnt/given"
mount --bind "$5" "$root/mnt/given"
"""
_BOOT: Final = """
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mkdir "$root/sys/fs/cgroup/systemd" "$root/sys/fs/cgroup/unified"
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
fi
cd "$root"
# not chroot: in one the kernel lets nobody make user namespaces (PrivateUsers=)
mkdir -p mnt/before
pivot_root . mnt/before
umount -l mnt/before
mount --make-rshared /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec env -i container=pad-test "PATH=$PATH" /lib/systemd/systemd --unit=multi-user.target
"""


def mirror() -> str:
    """Where this machine has its Debian from, so that its copy comes from there as well."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    found = [line.split()[1] for line in told if line.startswith("bookworm ")]
    return found[0] if found else "http://deb.debian.org/debian"


def bare(folder: Path) -> Path:
    """A bare Debian 12, made once and kept in ``folder``."""
    root = folder / "bookworm"
    if not (root / "made").exists():
        shutil.rmtree(root, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(root), mirror()], check=True)
        for file in (root / "etc/apt").glob("sources.list*"):
            if file.is_file():
                source = mirror()
                file.write_text(f"deb {source} bookworm main\n")
        (root / "made").touch()
    return root


def equipped(folder: Path, packages: Sequence[str]) -> DebianRoot:
    """A Debian with these packages, made once and kept in ``folder``; a layer for others."""
    mark = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    layer = folder / f"equipped-{mark}"
    is_made = (layer / "made").exists()
    if not is_made:
        shutil.rmtree(layer, ignore_errors=True)
    (layer / "given").mkdir(parents=True, exist_ok=True)
    root = DebianRoot(layer, [bare(folder)], layer / "given")
    if not is_made:
        root.run("apt-get", "update", "-qq")
        root.run("apt-get", "install", "-qq", "--no-install-recommends", "-y", *packages, within_s=1200)
        (layer / "made").touch()
    return root


@dataclass
class DebianRoot:
    """A Debian in layers: what is below is never written to."""

    folder: Path
    layers: Sequence[Path]
    given: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folders."""
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._init: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def upper(self) -> Path:
        """What was changed: a layer for another root."""
        return self.folder / "upper"

    def _words(self) -> list[str]:
        lower = ":".join(str(layer) for layer in self.layers)
        return [
            str(self.folder / "root"), lower, str(self.upper), str(self.folder / "work"), str(self.given)
        ]  # fmt: skip

    @property
    def pid(self) -> int:
        """The first process of the booted system, as this machine counts."""
        return self._pid

    def entering(self) -> list[str]:
        """What runs a command in the booted system when put before it."""
        return ["nsenter", "--target", str(self._pid), *_SPACES, "--net", "--root", "--wd=/"]

    def run(
        self, *words: str, within_s: float = 600, check: bool = True, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, booted or not; ``given`` is typed into it."""
        environment = [f"{name}={value}" for name, value in {**_INSIDE, **self.environment}.items()]
        inside = ["/usr/bin/env", "-i", *environment, *words]
        if self._init is not None:
            started = [*self.entering(), *inside]
        else:
            inside = ["chroot", str(self.folder / "root"), *inside]
            script = f'{_LAY}\nshift 5\nexec "$@"'
            started = [
                *_WITH_US, "unshare", *_SPACES, "--fork", "--kill-child",
                "sh", "-c", script, "sh", *self._words(), *inside,
            ]  # fmt: skip
        done = subprocess.run(
            started, capture_output=True, text=True, timeout=within_s, check=False, input=given or ""
        )
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        return done

    def boot(self) -> None:
        """Start the system inside, and wait until it is up."""
        self._init = subprocess.Popen(
            [
                *_WITH_US, "unshare", *_SPACES, "--net", "--cgroup", "--fork", "--kill-child",
                "sh", "-c", f"{_LAY}{_BOOT}", "sh", *self._words(),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + _BOOT_WITHIN_S
        while time.monotonic() < until and self._init.poll() is None:
            children = subprocess.run(
                ["pgrep", "-P", str(self._init.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            if children:
                self._pid = int(children[0])
                told = self.run("systemctl", "is-system-running", check=False, within_s=20).stdout.strip()
                if told in ("starting", "running", "degraded"):
                    return
            time.sleep(0.2)
        self.end()
        raise AssertionError("the system inside did not come up")

    def end(self) -> None:
        """End the system inside, and with it everything that was started or mounted in it."""
        if self._init is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._init.pid, signal.SIGKILL)
        self._init.wait()
        self._init = None
