"""Three pads fresh from their boxes, and the package in the versions that are tried on them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.hall import Hall, Pad, opened
from tests.fleet.packages import Workshop
from tests.packaging.conftest import KEPT, package
from tests.packaging.debian_root import DebianRoot, bare
from tests.packaging.installed_pad import stand_in_for_a_panel, write
from tools.build_deb import depends

__all__ = ["package"]


@pytest.fixture(scope="module")
def workshop(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Makes the package in other versions."""
    made = Workshop(package, tmp_path_factory.mktemp("packages"))
    yield made
    made.clear()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> DebianRoot:
    """A Debian as a pad's maker delivers it, one can log in; without the package.

    What the package depends on is there already, as pads in here have no network to fetch it by.
    """
    root = DebianRoot(tmp_path_factory.mktemp("box"), [bare(KEPT)], tmp_path_factory.mktemp("given"))
    root.run("apt-get", "update", "-qq")
    there = ["openssh-server", "sudo", "python3-apt", "xvfb", "xdotool", *depends()]
    root.run("apt-get", "install", "--no-install-recommends", "-y", *there)
    root.run("useradd", "--create-home", "--shell", "/bin/sh", "technician")
    write(root, "/etc/sudoers.d/technician", "technician ALL=(ALL) NOPASSWD: ALL")
    # what stands in for a panel where there is no graphics card
    stand_in_for_a_panel(root)
    return root


@pytest.fixture(scope="module")
def hall(box: DebianRoot, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Three pads, the platform, and an inventory that names them."""
    assert shutil.which("ssh"), "openssh-client is needed; tools/debian-packages.txt has it"
    pads = []
    for name in ("pad-1", "pad-2", "pad-3"):
        folder = tmp_path_factory.mktemp(name)
        given = tmp_path_factory.mktemp("given")
        pads.append(Pad(name, DebianRoot(folder, [box.upper, *box.layers], given)))
    variables = {
        "window_rating_pad_settings": {
            "screen.keys": "54321",
            "rating.reasons_timeout_s": 2,
            "voice.enabled": False,
            "voice.quiet_hours": ["12:00-14:00"],
            "keypad.codes": {"5": "35", "4": "34", "3": "33", "2": "32", "1": "31"},
        },
        "window_rating_pad_secrets": {"alert_wecom": "https://robots.example/secret-of-the-hall"},
        # no panel hangs on these, and their machine is the one of the tests
        "window_rating_pad_accepts": ["touch", "display"],
        "window_rating_pad_well_within_s": 40,
        "window_rating_pad_steady_s": 5,
    }
    with opened(tmp_path_factory.mktemp("hall"), pads, workshop.folder, variables) as made:
        yield made
