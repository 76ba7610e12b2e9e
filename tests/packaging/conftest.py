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

from tests.packaging.debian_root import DebianRoot, equipped
from tests.packaging.installed_pad import InstalledPad
from tools.build_deb import depends

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / "build" / "debian"
WANTED: Final = ("debootstrap", "unshare", "nsenter", "setpriv", "dpkg-deb", "apt-get", "ip")
STAND_INS: Final = ("xvfb", "xdotool", "x11-apps")
"""What stands in for a panel and a finger where there is no graphics card."""


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
def base() -> DebianRoot:
    """A Debian with all the package depends on and without the package, as a maker of pads delivers it."""
    return equipped(KEPT, ["python3", *depends(), *STAND_INS])


@pytest.fixture(scope="session")
def installed(base: DebianRoot, package: Path, tmp_path_factory: pytest.TempPathFactory) -> DebianRoot:
    """A Debian with the package; a layer for others. Its network is not needed: nothing is missing."""
    root = DebianRoot(tmp_path_factory.mktemp("installed"), [base.upper, *base.layers], package.parent)
    done = root.run("apt-get", "install", "--no-install-recommends", "-y", f"/mnt/given/{package.name}")
    assert "padctl enrol" in done.stdout, "the last words are the next step"
    return root


@pytest.fixture
def debian(installed: DebianRoot, package: Path, tmp_path: Path) -> Iterator[DebianRoot]:
    """The installed Debian, to be changed freely."""
    root = DebianRoot(tmp_path / "debian", [installed.upper, *installed.layers], package.parent)
    yield root
    root.end()


@pytest.fixture
def pad(debian: DebianRoot) -> InstalledPad:
    """The installed pad, booted, its kiosk up."""
    found = InstalledPad(debian)
    found.boot()
    return found


@pytest.fixture
def enrolled(pad: InstalledPad) -> InstalledPad:
    """A pad that delivers to a practice platform on its own machine."""
    pad.practise()
    pad.enrol()
    return pad
