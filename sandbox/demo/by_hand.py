"""The demo on a display: a window to tap, the clerk's page, and the platform's page."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import replace
from pathlib import Path

from sandbox.hall.processes import ProgramEnded
from sandbox.hall.reckoning import reckon
from sandbox.hall.stage import Plan, Stage


def by_hand(folder: Path, plan: Plan, display: str) -> int:
    """Start everything and leave it to you, until the window is closed or Ctrl-C; then reckon."""
    stage = Stage(folder, replace(plan, rules=()))
    stage.clear()
    platform = stage.start_platform()
    try:
        glass = stage.start_kiosk(display)
        glass.wait_for("idle")
        stage.start_syncd()
        print("The pad's window is open, and two pages in your browser:")
        print(f"  the counter, where a clerk invites   {platform.counter_page}")
        print(f"  the platform, where ratings arrive   {platform.platform_page}")
        print("Invite a rating, tap a face in the window. Close the window or press Ctrl-C to end.")
        print("The code beside the faces opens the phone's page, which stands on this machine alone.")
        print("Key pad, card reader, scanner: in another terminal, type")
        print(f"  {Path(sys.executable).with_name('sandbox')} devices --folder {stage.devices}")
        for page in (platform.counter_page, platform.platform_page):
            webbrowser.open(page)
        while True:
            try:
                glass.next("idle")
            except ProgramEnded:
                if stage.kiosk is None or not stage.kiosk.running:
                    break
    except KeyboardInterrupt:
        print()
    finally:
        stage.stop()
    reckoning = reckon(stage.state / "ledger.db", stage.platform_store)
    print(reckoning)
    return 0 if not reckoning.lost and not reckoning.twice else 1
