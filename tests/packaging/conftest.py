"""One package, one bare Debian, and the package installed on it: made once for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.debian_root import DebianRoot, bare

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "build" / "debian"
WANTED: Final = ("debootstrap", "unshare", "nsenter", "dpkg-deb", "apt-get")


@pytest.fixture(scope="session")
def package() -> Path:
    """The package as ``make deb`` builds it."""
    if os.geteuid() != 0 or (missing := [name for name in WANTED if shutil.which(name) is None]):
        missing = missing if os.geteuid() == 0 else ["root"]
        pytest.fail(f"make test-package needs {', '.join(missing)}: type: sudo make test-package")
    built = subprocess.run(
        [sys.executable, "-m", "tools.build_deb"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> DebianRoot:
    """A Debian with the package and all it depends on, fetched by apt; a layer for others."""
    root = DebianRoot(tmp_path_factory.mktemp("installed"), [bare(KEPT)], package.parent)
    root.run("apt-get", "update", "-qq")
    done = root.run("apt-get", "install", "--no-install-recommends", "-y", f"/mnt/given/{package.name}")
    assert "padctl enrol" in done.stdout, "the last words are the next step"
    # what stands in for a panel and a finger where there is no graphics card
    root.run("apt-get", "install", "-qq", "--no-install-recommends", "-y", "xvfb", "xdotool", "x11-apps")
    return root


@pytest.fixture
def debian(installed: DebianRoot, package: Path, tmp_path: Path) -> Iterator[DebianRoot]:
    """The installed Debian, to be changed freely."""
    root = DebianRoot(tmp_path / "debian", [installed.upper, *installed.layers], package.parent)
    yield root
    root.end()
