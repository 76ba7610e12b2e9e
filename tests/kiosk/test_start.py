"""The kiosk's start: a person waits for the first screen, so nothing is imported that it does not need."""

from __future__ import annotations

import subprocess
import sys

LATER = ("aiohttp", "ecdsa", "PIL", "qrcode", "uuid6", "sqlite_utils", "psutil", "serial")


def test_what_the_first_screen_does_not_need_is_imported_later() -> None:
    asked = f"import sys, kiosk.__main__; print(*[name for name in {LATER} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
