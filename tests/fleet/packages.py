"""The package in other versions: sound, with a kiosk that cannot start, for an earlier ledger only."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

KIOSK: Final = "opt/window-rating-pad/bin/kiosk"
CUTS: Final = "[ ! -e /etc/cut ] || { chmod 0 /usr/sbin/sshd; pkill -KILL sshd; }\n"
BROKEN: Final = "#!/bin/sh\necho 'no such module' >&2\nexit 1\n"


class Workshop:
    """The unpacked package, from which others are made."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.folder = folder
        self._unpacked = folder / "unpacked"
        subprocess.run(["dpkg-deb", "-R", str(package), str(self._unpacked)], check=True)
        self._control = (self._unpacked / "DEBIAN/control").read_text()

    def make(
        self, version: str, *, broken: bool = False, cuts: bool = False, schema: int | None = None
    ) -> Path:
        """The package as another version.

        :param cuts: where /etc/cut is, its installation cuts the pad off
        """
        script = self._unpacked / "DEBIAN/postinst"
        installs = script.read_text()
        kiosk = self._unpacked / KIOSK
        sound = kiosk.read_text()
        control = re.sub(r"^Version: .*", f"Version: {version}", self._control, flags=re.MULTILINE)
        if schema is not None:
            control = re.sub(r"^Ledger-Schema: .*", f"Ledger-Schema: {schema}", control, flags=re.MULTILINE)
        (self._unpacked / "DEBIAN/control").write_text(control)
        if broken:
            kiosk.write_text(BROKEN)
        if cuts:
            script.write_text(installs + CUTS)
        made = self.folder / f"window-rating-pad_{version}.deb"
        words = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", str(self._unpacked), str(made)]
        subprocess.run(words, check=True, capture_output=True)
        kiosk.write_text(sound)
        script.write_text(installs)
        return made

    def clear(self) -> None:
        """Remove what was unpacked."""
        shutil.rmtree(self._unpacked)
